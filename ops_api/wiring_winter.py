"""Composition of what ``cityops winter`` needs, and of the look at proposals that nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from ops_api.wiring_evidence import drafted, utc_now
from ops_api.wiring_notify import pool_of
from rules.catalogue.loader import load
from rules.catalogue.orders import LiveUnanswered
from rules.catalogue.ports import CatalogueStore
from rules.core.winter_kept import KeptDays
from rules.core.winter_nights import span_s
from rules.core.winter_orders.commands import Terms
from rules.core.winter_record import KeptRecord
from rules.evidence.keys import signer
from rules.notify.outbox import Pool
from rules.winter.orders.ports import OrderDesk
from rules.winter.orders.service import OrdersMetrics, UnansweredService
from rules.winter.orders.store import PostgresOrders
from rules.winter.record.book import PostgresRecords
from rules.winter.record.keeping import RecordKeeper, RecordMetrics
from rules.winter.record.packing import Made, RecordRoom, make_record
from rules.winter.record.source import PostgresNights
from rules.winter.scores.ports import ScoreBook
from rules.winter.scores.store import PostgresScores


@dataclass(frozen=True, slots=True)
class WinterDoor:
    """The officer's desk for a command: orders, scores, the town's time and its zone."""

    desk: OrderDesk
    scores: ScoreBook
    now_s: float
    zone: ZoneInfo


@asynccontextmanager
async def winter_of(settings: Settings) -> AsyncIterator[WinterDoor]:
    """Lend desk and scores on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-winter"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        one = OneConnection(conn)
        desk = PostgresOrders(one, terms_of(settings))
        now_s = await desk.town_now_s(SystemClock().now().timestamp())
        zone = ZoneInfo(settings.api.time_zone)
        yield WinterDoor(desk, PostgresScores(one, desk, kept_days(settings), zone), now_s, zone)


async def write_record(
    settings: Settings, night: date, *, by: str, why: str, file: Path, again: bool = False
) -> Made | KeptRecord:
    """Write the record of a night as a file, which is there whole or not at all: the one that is kept, else a new one.

    Args:
        settings: ``db``, ``data_dir``, ``api`` and ``retention`` are used.
        night: the day on which it began.
        by: who makes a new one.
        why: for what; only a new one can say it.
        file: to write.
        again: make a new one also where one is kept; that one comes into it.

    Raises:
        ConfigurationError: the night has not begun, a reason is given for a record that is kept, or the file's
            folder or the key is not usable.
        TransientError: the database does not answer.
    """
    zone = ZoneInfo(settings.api.time_zone)
    async with pool_of(settings, "cityops-record") as (pool, _):
        desk = PostgresOrders(pool)
        if await desk.town_now_s(SystemClock().now().timestamp()) < span_s(night, zone)[0]:
            raise ConfigurationError(f"the night of {night} has not begun")
        kept = await PostgresRecords(pool).kept(night)
        if kept is not None and not again:
            if why:
                raise ConfigurationError(
                    f"the record of {night} is kept as it was made: --why can only be in one made --again"
                )
            with drafted(file) as draft:
                draft.write(kept[1])
            return kept[0]
        room = _record_room(settings, pool)
        with drafted(file) as draft:
            return await make_record(room, night, made_at=utc_now(), by=by, why=why, out=draft, kept=kept)


def _record_room(settings: Settings, pool: Pool) -> RecordRoom:
    zone, kept, desk = ZoneInfo(settings.api.time_zone), kept_days(settings), PostgresOrders(pool)
    scores, nights = PostgresScores(pool, desk, kept, zone), PostgresNights(pool, kept, zone)
    return RecordRoom(desk, scores, nights, signer(settings.data_dir), zone)


def record_keeper(settings: Settings, pool: Pool, registry: CollectorRegistry) -> RecordKeeper:
    """Return what makes and keeps the record of each night."""
    clock, zone = SystemClock(), ZoneInfo(settings.api.time_zone)

    async def room() -> RecordRoom:
        return await asyncio.to_thread(_record_room, settings, pool)

    async def town_now() -> float:
        return await PostgresOrders(pool).town_now_s(clock.now().timestamp())

    return RecordKeeper(PostgresRecords(pool), room, town_now, zone, clock, metrics=RecordMetrics(registry))


def terms_of(settings: Settings) -> Terms:
    """Return what the officer's desk goes by; the spreaders' least is that of the shipped catalogue."""
    return Terms(ZoneInfo(settings.api.time_zone), load().gritting.parameters.dose.least_g_m2)


def kept_days(settings: Settings) -> KeptDays:
    """Return for how long what a night is judged by is kept."""
    r = settings.retention
    return KeptDays(passes=r.treatment_pass_days, alarms=r.alarm_days, weather=r.weather_forecast_days)


def unanswered(pool: Pool, catalogues: CatalogueStore, registry: CollectorRegistry) -> UnansweredService:
    """Return what looks at proposals that nobody answers."""
    clock = SystemClock()
    return UnansweredService(
        PostgresOrders(pool), clock, LiveUnanswered(catalogues, clock), metrics=OrdersMetrics(registry)
    )
