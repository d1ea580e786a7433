"""Composition of the desk of tonight's plans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.db.transaction import Lender
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from rules.catalogue.loader import load
from rules.closing.store import PostgresClosures
from rules.core.carp.pace import Budget
from rules.core.fleet.planner import Builder, FleetPlanner, Searcher
from rules.winter.fleet.planning import in_thread
from rules.winter.fleet.ports import Makes
from rules.winter.fleet.service import PlanDesk
from rules.winter.fleet.store import PostgresPlans, PostgresTown
from rules.winter.orders.store import PostgresOrders


def planner_of(iterations: int, seed: int) -> FleetPlanner:
    """Return the planner for so many iterations; 0 = only build. The same for the same arguments."""
    return Builder(seed) if iterations == 0 else Searcher(Budget(iterations=iterations), seed)


def plan_desk(settings: Settings, pool: Lender, orders: PostgresOrders, makes: Makes = in_thread) -> PlanDesk:
    """Return the desk on anything that lends connections; ``makes`` makes the plans."""
    clock = SystemClock()
    return PlanDesk(
        PostgresPlans(pool), PostgresTown(pool), orders, planner_of, load().gritting.parameters.treatment,
        ZoneInfo(settings.api.time_zone), town_now=lambda: orders.town_now_s(clock.now().timestamp()),
        makes=makes, passes_most=settings.winter.passes_most, closures=PostgresClosures(pool),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CabDoor:
    """The desk for a command, and the town's time [s since 1970]."""

    desk: PlanDesk
    now_s: float


@asynccontextmanager
async def cab_of(settings: Settings) -> AsyncIterator[CabDoor]:
    """Lend the desk on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-cab", autocommit=False) as conn:
        one = OneConnection(conn)
        orders = PostgresOrders(one)
        now_s = await orders.town_now_s(SystemClock().now().timestamp())
        yield CabDoor(plan_desk(settings, one, orders), now_s)
