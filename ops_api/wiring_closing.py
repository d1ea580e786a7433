"""Composition of what plans around closures without anybody asking: gritting and bin rounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from cityops.clock import SystemClock
from cityops.db.pool import Pool
from cityops.settings import Settings
from ops_api.wiring_cab import plan_desk
from ops_api.wiring_rounds import automatic_rounds, plans_in_own_process
from rules.catalogue.ops_files import load_way
from rules.closing.store import PostgresClosures
from rules.closing.telling import PlanTeller
from rules.closing.watching import Watch
from rules.core.network.network import Network
from rules.emergency.service import NoWayError, WayDesk
from rules.emergency.store import PostgresEmergencyTown, PostgresStations
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.rounds.again import ClosedRoads
from rules.winter.fleet.again import AgainInTheNight
from rules.winter.fleet.own_process import OwnProcess
from rules.winter.orders.store import PostgresOrders

OFFICERS, DISPATCHERS = "role:duty_officer", "role:waste"
Run = Callable[[asyncio.Event], Awaitable[None]]


@asynccontextmanager
async def automatic_plans(settings: Settings, pool: Pool) -> AsyncIterator[list[Run]]:
    """Lend what makes plans by itself, as it is set; its processes begin with their first plan, and are ended afterwards."""
    clock, orders, gritting = SystemClock(), PostgresOrders(pool), OwnProcess()
    closures = PostgresClosures(pool)
    teller = PlanTeller(PostgresPeople(pool), PostgresOutbox(pool), clock)
    ways = WayDesk(
        PostgresEmergencyTown(pool),
        PostgresStations(pool),
        None,
        load_way(),
        ZoneInfo(settings.api.time_zone),
    )
    zone, desk = ZoneInfo(settings.api.time_zone), plan_desk(settings, pool, orders, gritting)

    async def town_now() -> float:
        return await orders.town_now_s(clock.now().timestamp())

    async def roads() -> Network | None:
        try:
            return (await ways.ground()).network
        except NoWayError:
            return None

    try:
        async with plans_in_own_process() as makes:
            closed = ClosedRoads(Watch(closures, teller, DISPATCHERS, zone), roads)
            runs = automatic_rounds(settings, pool, makes, closed)
            if settings.winter.replan:
                runs.append(AgainInTheNight(desk, Watch(closures, teller, OFFICERS, zone), town_now).run)
            yield runs
    finally:
        gritting.close()
