"""Builds and runs the rules service from settings."""

from __future__ import annotations

import asyncio
import contextlib

from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import open_pool
from cityops.runtime.health import HealthServer
from cityops.settings import Settings
from rules.catalogue.rulebook import StoredRulebook
from rules.catalogue.store import PostgresCatalogueStore
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker

CHANNEL = "cityops_batch"


async def run_rules(settings: Settings, stop: asyncio.Event) -> None:
    """Evaluate readings until ``stop``; the step under way is finished first.

    Args:
        settings: the groups ``db`` and ``rules`` are used.
        stop: set to end.

    Raises:
        ConfigurationError: no database is set, or a rule's file is wrong.
        TransientError: the database does not answer at the start.
    """
    pool = await open_pool(settings.db, application_name="cityops-rules")
    try:
        rulebook = StoredRulebook(PostgresCatalogueStore(pool))
        catalogue = await rulebook.start()
        waker = HintWaker()
        service = RulesService(
            PostgresRuleStore(pool),
            waker,
            SystemClock(),
            catalogue,
            poll_s=settings.rules.poll_s,
            batch_limit=settings.rules.batch_limit,
            rulebook=rulebook,
        )
        async with asyncio.TaskGroup() as group:
            hints = group.create_task(waker.feed(listen(settings.db.dsn, CHANNEL)), name="rules-listen")
            if settings.rules.health_port:
                health = HealthServer(settings.rules.health_port, service.ready, service.metrics.registry)
                group.create_task(health.run(stop), name="rules-health")
            await service.run(stop)
            hints.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await hints
    finally:
        await pool.close()
