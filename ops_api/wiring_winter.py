"""Composition of what ``cityops winter`` needs, and of the look at proposals that nobody answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from rules.catalogue.orders import LiveUnanswered
from rules.catalogue.ports import CatalogueStore
from rules.notify.outbox import Pool
from rules.winter.orders.ports import OrderDesk
from rules.winter.orders.service import OrdersMetrics, UnansweredService
from rules.winter.orders.store import PostgresOrders
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


def unanswered(pool: Pool, catalogues: CatalogueStore, registry: CollectorRegistry) -> UnansweredService:
    """Return what looks at proposals that nobody answers."""
    clock = SystemClock()
    return UnansweredService(
        PostgresOrders(pool), clock, LiveUnanswered(catalogues, clock), metrics=OrdersMetrics(registry)
    )
