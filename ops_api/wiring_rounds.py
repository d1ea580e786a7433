"""Composition of the desk of the lorries' rounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cityops.clock import SystemClock
from cityops.db.pool import Pool, connect
from cityops.db.transaction import Lender, transaction
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.registry import Registry
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from rules.closing.store import PostgresClosures
from rules.collection_acts.store import PostgresActs
from rules.core.carp.pace import Budget
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.planner import Inserting, RoundPlanner
from rules.core.rounds.searching import Searching
from rules.rounds.again import AgainInTheDay, ClosedRoads, When
from rules.rounds.following import Heard
from rules.rounds.making import in_thread
from rules.rounds.morning import MorningRounds, TownNow
from rules.rounds.own_process import OwnProcess
from rules.rounds.ports import Makes
from rules.rounds.service import RoundDesk
from rules.rounds.store import PostgresReports, PostgresRounds, PostgresRoundTown
from rules.town_clock import town_now_on


def planner_of(iterations: int, seed: int) -> RoundPlanner:
    """Return the planner for so many iterations; 0 = only insertion. The same for the same arguments."""
    return Inserting() if iterations == 0 else Searching(Budget(iterations=iterations), seed)


def round_desk(settings: Settings, pool: Lender, makes: Makes = in_thread) -> RoundDesk:
    """Return the desk on anything that lends connections; ``makes`` makes the plans."""
    zone = ZoneInfo(settings.api.time_zone)
    heard = Heard(PostgresActs(pool), PostgresReports(pool))
    closures = PostgresClosures(pool)
    return RoundDesk(PostgresRounds(pool), PostgresRoundTown(pool), planner_of, zone, makes, heard, closures)


def _town_now(pool: Pool) -> TownNow:
    clock = SystemClock()

    async def now_s() -> float:
        async with transaction(pool) as conn:
            return await town_now_on(conn, clock.now().timestamp())

    return now_s


def morning_rounds(settings: Settings, desk: RoundDesk, pool: Pool) -> MorningRounds:
    """Return what makes the day's first plan without anybody asking."""
    s = settings.rounds
    return MorningRounds(
        desk, _town_now(pool), s.plan_at, s.until, iterations=s.iterations, every_s=s.look_every_s
    )


def rounds_again(
    settings: Settings, desk: RoundDesk, pool: Pool, closed: ClosedRoads | None = None
) -> AgainInTheDay:
    """Return what plans the rest of a day anew without anybody asking."""
    s = settings.rounds
    when = When(behind_s=60.0 * s.replan_behind_min, apart_s=60.0 * s.replan_apart_min)
    return AgainInTheDay(desk, _town_now(pool), when, iterations=s.replan_iterations, closed=closed)


def automatic_rounds(
    settings: Settings, pool: Pool, makes: Makes, closed: ClosedRoads | None = None
) -> list[Callable[[asyncio.Event], Awaitable[None]]]:
    """Return what makes plans by itself, as it is set: the day's first, and those later in the day."""
    desk = round_desk(settings, pool, makes)
    runs: list[Callable[[asyncio.Event], Awaitable[None]]] = []
    if settings.rounds.automatic:
        runs.append(morning_rounds(settings, desk, pool).run)
    if settings.rounds.replan:
        runs.append(rounds_again(settings, desk, pool, closed).run)
    return runs


@asynccontextmanager
async def plans_in_own_process() -> AsyncIterator[Makes]:
    """Lend what makes plans beside the process that asks; it is ended afterwards."""
    own = OwnProcess()
    try:
        yield own
    finally:
        own.close()


@dataclass(frozen=True, slots=True)
class RoundsDoor:
    """The desk for a command, and the town's time [s since 1970]."""

    desk: RoundDesk
    now_s: float


@asynccontextmanager
async def rounds_of(settings: Settings) -> AsyncIterator[RoundsDoor]:
    """Lend the desk on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-rounds", autocommit=False) as conn:
        now_s = await town_now_on(conn, SystemClock().now().timestamp())
        await conn.commit()
        yield RoundsDoor(round_desk(settings, OneConnection(conn)), now_s)


async def own_town(settings: Settings) -> tuple[Registry, RoundFleet]:
    """Return what is installed, and the lorries that count.

    Raises:
        ConfigurationError: without a database, without bins, or without lorries.
        TransientError: it does not answer.
    """
    async with rounds_of(settings) as door:
        registry, kept = await door.desk.town.registry(), await door.desk.book.fleet()
    if kept is None or not registry.bins:
        raise ConfigurationError("no bins, or no lorries: `cityops bins lorries FILE` says which there are")
    return registry, kept.fleet
