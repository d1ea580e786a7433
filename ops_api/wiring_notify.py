"""Builds the channels, the sender and what the commands of people and rota need."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import structlog

from cityops.clock import Clock, SystemClock
from cityops.db.notify import listen
from cityops.db.pool import open_pool
from cityops.runtime.health import HealthServer
from cityops.settings import NotifySettings, Settings
from ops_api.cli_db import database
from ops_api.wiring_bin_days import bin_reminders
from ops_api.wiring_reminders import reminders_on
from rules.notify.channels.apprise_channel import AppriseChannel
from rules.notify.channels.govuk_notify import GovukNotifyChannel
from rules.notify.channels.hide import silence
from rules.notify.channels.webhook import WebhookChannel
from rules.notify.outbox import Pool, PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.notify.ports import Channel
from rules.notify.rota_source import RotaRefresh
from rules.notify.service import NotifyService
from rules.notify.worker import Limits

log = structlog.get_logger(__name__)

HINTS = "cityops_notify"


def channels_of(settings: NotifySettings, clock: Clock) -> dict[str, Channel]:
    """Return the configured channels by name; webhooks are always among them."""
    found: dict[str, Channel] = {n: AppriseChannel(n, url) for n, url in settings.channels.items()}
    if settings.govuk_key is not None:
        key, url = settings.govuk_key, settings.govuk_url
        if settings.govuk_sms_template:
            found["govuk_sms"] = GovukNotifyChannel("govuk_sms", "sms", key, settings.govuk_sms_template, url)
        if settings.govuk_email_template:
            template = settings.govuk_email_template
            found["govuk_email"] = GovukNotifyChannel("govuk_email", "email", key, template, url)
    found["webhook"] = WebhookChannel(
        settings.webhook_secrets, settings.source, clock, settings.private_hosts
    )
    return found


async def run_notify(settings: Settings, stop: asyncio.Event) -> None:
    """Send what is in the outbox until ``stop``; what is being sent is recorded first.

    Args:
        settings: the groups ``db`` and ``notify`` are used.
        stop: set to end.

    Raises:
        ConfigurationError: no database is set.
        TransientError: it does not answer at the start.
    """
    silence()
    given, clock = settings.notify, SystemClock()
    async with pool_of(settings, "cityops-notify") as (pool, dsn):
        service = NotifyService(
            PostgresOutbox(pool),
            channels_of(given, clock).values(),
            clock,
            f"{socket.gethostname()}:{os.getpid()}",
            limits=Limits(
                timeout_s=given.timeout_s,
                per_minute=given.per_minute,
                deliver_within_s=given.deliver_within_s,
            ),
            poll_s=given.poll_s,
        )
        log.info("notify: sending", channels=sorted(service.workers))
        rota = (
            None
            if given.rota is None
            else RotaRefresh(
                given.rota.get_secret_value(), PostgresPeople(pool), ZoneInfo(given.time_zone), clock
            )
        )

        def ready() -> dict[str, bool]:
            return service.ready() | ({} if rota is None else {"rota": rota.good})

        async with asyncio.TaskGroup() as group:
            hints = group.create_task(service.feed(listen(dsn, HINTS)), name="notify-listen")
            if given.health_port:
                health = HealthServer(
                    given.health_port, ready, service.metrics.registry, settings.health_host
                )
                group.create_task(health.run(stop), name="notify-health")
            if rota is not None:
                group.create_task(rota.run(stop), name="notify-rota")
            group.create_task(reminders_on(pool, clock).run(stop), name="notify-cases")
            bins = bin_reminders(settings, pool, clock)
            if bins is not None:
                group.create_task(bins.run(stop), name="notify-bin-days")
            await service.run(stop)
            hints.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hints


@asynccontextmanager
async def pool_of(settings: Settings, name: str) -> AsyncIterator[tuple[Pool, str]]:
    """Lend a pool on the settings' database, or the embedded one that runs, and its connection string."""
    dsn = database(settings)
    pool = await open_pool(settings.db.model_copy(update={"dsn": dsn}), application_name=name)
    try:
        yield pool, dsn
    finally:
        await pool.close()


@asynccontextmanager
async def people_of(settings: Settings) -> AsyncIterator[PostgresPeople]:
    """Lend the people of the settings' database."""
    async with pool_of(settings, "cityops-people") as (pool, _):
        yield PostgresPeople(pool)


@asynccontextmanager
async def outbox_of(settings: Settings) -> AsyncIterator[PostgresOutbox]:
    """Lend the outbox of the settings' database."""
    async with pool_of(settings, "cityops-outbox") as (pool, _):
        yield PostgresOutbox(pool)
