"""Composition of what ``cityops winter`` needs, and of the look at proposals that nobody answers."""

from __future__ import annotations

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
from rules.catalogue.orders import LiveUnanswered
from rules.catalogue.ports import CatalogueStore
from rules.core.winter_nights import span_s
from rules.evidence.keys import signer
from rules.notify.outbox import Pool
from rules.winter.orders.ports import OrderDesk
from rules.winter.orders.service import OrdersMetrics, UnansweredService
from rules.winter.orders.store import PostgresOrders
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
        desk = PostgresOrders(one)
        now_s = await desk.town_now_s(SystemClock().now().timestamp())
        yield WinterDoor(desk, PostgresScores(one, desk), now_s, ZoneInfo(settings.api.time_zone))


async def write_record(settings: Settings, night: date, *, by: str, why: str, file: Path) -> Made:
    """Make the record of a night as a file, which is there whole or not at all.

    Raises:
        ConfigurationError: the night is not over or has not begun, or the file's folder or the key is not usable.
        TransientError: the database does not answer.
    """
    zone = ZoneInfo(settings.api.time_zone)
    async with pool_of(settings, "cityops-record") as (pool, _):
        desk = PostgresOrders(pool)
        if await desk.town_now_s(SystemClock().now().timestamp()) < span_s(night, zone)[0]:
            raise ConfigurationError(f"the night of {night} has not begun")
        key = signer(settings.data_dir)
        room = RecordRoom(desk, PostgresScores(pool, desk), PostgresNights(pool), key, zone)
        with drafted(file) as draft:
            return await make_record(room, night, made_at=utc_now(), by=by, why=why, out=draft)


def unanswered(pool: Pool, catalogues: CatalogueStore, registry: CollectorRegistry) -> UnansweredService:
    """Return what looks at proposals that nobody answers."""
    clock = SystemClock()
    return UnansweredService(
        PostgresOrders(pool), clock, LiveUnanswered(catalogues, clock), metrics=OrdersMetrics(registry)
    )
