"""Composition of the operations centre's tools: closures, the what-if, the emergency way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.db.transaction import Lender
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.housing.team_door import TeamDoor
from ops_api.ops_places import Address, Addresses
from ops_api.ops_tools import OpsTools
from ops_api.queries import OneConnection
from ops_api.wiring_cab import plan_desk
from ops_api.wiring_cab import planner_of as gritting_planner
from ops_api.wiring_rounds import planner_of as rounds_planner
from ops_api.wiring_rounds import round_desk
from rules.bin_days.store import PostgresBinDays
from rules.catalogue.ops_files import load_costs, load_way
from rules.closing.store import PostgresClosures, PostgresWhatIfs
from rules.emergency.service import WayDesk
from rules.emergency.store import PostgresEmergencyTown, PostgresStations
from rules.rounds.making import in_thread as rounds_in_thread
from rules.rounds.ports import Makes as MakesRounds
from rules.rounds.service import RoundDesk
from rules.town_clock import town_now_on
from rules.what_if.service import Planners, WhatIfDesk
from rules.winter.fleet.planning import in_thread
from rules.winter.fleet.ports import Makes
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.store import PostgresOrders

FEW = 8
"""Addresses that are asked back."""


def ops_tools(
    settings: Settings,
    pool: Lender,
    plans: PlanDesk,
    rounds: RoundDesk,
    makes: Makes = in_thread,
    makes_rounds: MakesRounds = rounds_in_thread,
    door: TeamDoor | None = None,
) -> OpsTools:
    """Return the tools on anything that lends connections; ``makes`` and ``makes_rounds`` make the plans of a what-if.

    ``door``: lets people ask; None: nobody.
    """
    closures = PostgresClosures(pool)
    zone = ZoneInfo(settings.api.time_zone)
    ways = WayDesk(PostgresEmergencyTown(pool), PostgresStations(pool), closures, load_way(), zone)
    planners = Planners(gritting_planner, makes, rounds_planner, makes_rounds, load_costs())
    return OpsTools(
        closures,
        PostgresWhatIfs(pool),
        ways,
        WhatIfDesk(ways, plans, rounds, closures, planners),
        addresses_on(pool),
        door,
    )


@dataclass(frozen=True, slots=True)
class OpsDoor:
    """The tools for a command, the town's time [s since 1970] and its zone."""

    tools: OpsTools
    now_s: float
    zone: ZoneInfo


@asynccontextmanager
async def ops_of(settings: Settings) -> AsyncIterator[OpsDoor]:
    """Lend the tools on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-ops", autocommit=False) as conn:
        now_s = await town_now_on(conn, SystemClock().now().timestamp())
        await conn.commit()
        one = OneConnection(conn)
        tools = ops_tools(
            settings, one, plan_desk(settings, one, PostgresOrders(one)), round_desk(settings, one)
        )
        yield OpsDoor(tools, now_s, ZoneInfo(settings.api.time_zone))


def addresses_on(pool: Lender) -> Addresses:
    """Return what finds addresses among the premises that the bin days know: where they are, never who lives there."""
    book = PostgresBinDays(pool)

    async def find(words: Sequence[str]) -> Sequence[Address]:
        found = await book.find(words, FEW)
        return [
            Address(p.address, p.latitude_deg, p.longitude_deg)
            for p in found
            if p.latitude_deg is not None and p.longitude_deg is not None
        ]

    return find
