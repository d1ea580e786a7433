"""The quarter itself: sensors' readings are stored as ever, the rules decide, the desk plans, lorries drive, crews say so.

Nothing is written past the services' own code: what is in the tables afterwards is what a real quarter would have left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cityops.clock import Clock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from devices.contract.kind import discover
from devices.registry import Registry
from firmware_sim.world.bin_town import BinTown
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from ingest.store import PostgresSink
from ops_api.past_quarter.model import Quarter
from ops_api.past_quarter.people import reports
from ops_api.past_quarter.schedule import compared_with
from ops_api.past_quarter.sending import Sender
from ops_api.queries import OneConnection
from ops_api.simulated_street import SimulatedStreet
from ops_api.wiring_rounds import planner_of
from rules.bin_ledger.book import PostgresSettings
from rules.catalogue.loader import load
from rules.collection_acts.store import PostgresActs
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_outlook.services import is_served
from rules.core.bin_trial.playing import PLAN_AT_S, calls_of
from rules.core.bin_trial.ports import Call, Truth
from rules.core.collection_acts.record import NewAct
from rules.rounds.ports import Decided, NoRoundsError, Rounds
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.store import PostgresRounds, PostgresRoundTown
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker

BY, VIA = "simulation", "simulated quarter"
WHY = "simulated: nobody drove this"
WORK_ENDS_S = 15 * 3600.0
"""So long after midnight the crews have said what they have done [s]."""
TURNS = 50
"""Of the rules for one batch; more is an error."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Streets:
    """:class:`rules.rounds.ports.RoundTown` whose streets are the quarter's: they need not be in the database yet."""

    own: Registry
    stored: PostgresRoundTown

    async def registry(self) -> Registry:
        return self.own

    async def decided(self, from_s: float, to_s: float) -> Decided | None:
        return await self.stored.decided(from_s, to_s)


@dataclass(frozen=True)
class Kept:
    """What really was: the truth before the first day and at the end of each."""

    before: Truth
    ends: dict[date, Truth]


class _Past:
    """Everything that a day needs."""

    def __init__(
        self, quarter: Quarter, conn: OneConnection, sink: PostgresSink, decoder: Decoder, clock: Clock
    ) -> None:
        q = quarter
        self.quarter, self._sink, self._decoder, self._clock = q, sink, decoder, clock
        start_s = midnight_s(q.first, q.zone)
        self.street = SimulatedStreet(BinTown(q.registry.bins, q.seed, start_s, weekday=q.first.weekday()))
        self._sender = Sender(q.registry.bins)
        town = _Streets(q.registry, PostgresRoundTown(conn))
        self.desk = RoundDesk(PostgresRounds(conn), town, planner_of, q.zone)
        self.acts = PostgresActs(conn)
        catalogue = load()
        self._service = catalogue.outlook.parameters.service
        self.rules = RulesService(PostgresRuleStore(conn, tells=False), HintWaker(), clock, catalogue)

    async def live(self, until_s: float, calls: Sequence[Call] = ()) -> None:
        """Live until a time; what arrives is stored and counts."""
        topics, payloads = self._sender.messages(self.street.steps(until_s, calls))
        now_us = round(self._clock.now().timestamp() * 1e6)
        await self._sink.store(self._decoder.decode(topics, payloads, now_us), None)
        for _ in range(TURNS):
            if not await self.rules.turn():
                return
        raise ConfigurationError("the rules do not come to an end with a batch of readings")

    async def day(self, day: date) -> None:
        """Live a day: a plan at five, lorries, what crews and passers-by say."""
        start_s = midnight_s(day, self.quarter.zone)
        end_s = midnight_s(day + timedelta(days=1), self.quarter.zone)
        await self.live(start_s + PLAN_AT_S)
        rounds = await self._plan(day, start_s + PLAN_AT_S) if is_served(day, self._service) else None
        calls = [] if rounds is None else sorted(calls_of(rounds.plan), key=lambda c: c.at_s)
        noon_s = start_s + WORK_ENDS_S
        await self.live(noon_s, [c for c in calls if c.at_s <= noon_s])
        if rounds is not None:
            for act in said(rounds):
                await self.acts.append(act)
        await self.live(end_s, [c for c in calls if c.at_s > noon_s])
        for act in reports(self.street, self.quarter.seed, end_s):
            await self.acts.append(act)

    async def _plan(self, day: date, now_s: float) -> Rounds | None:
        asked = Asked(
            BY, BY, VIA, now_s, WHY, f"{VIA} {day.isoformat()}", self.quarter.seed, self.quarter.iterations
        )
        try:
            return await self.desk.plan_today(asked)
        except NoRoundsError:
            return None  # nothing was decided yet: the rules have hardly seen a level


def said(rounds: Rounds) -> list[NewAct]:
    """Return what crews say of a plan that they have driven: every stop collected."""
    return [
        NewAct(
            ref=f"bin:{s.ref}", what="collected", at_s=float(rounds.plan.day_s + s.ends_s), by=of.lorry_id, role="crew", via=VIA,
            lorry=of.lorry_id, plan_version=rounds.version, request_id=f"{VIA} {rounds.day} {s.ref}",
        )
        for of in rounds.plan.rounds for s in of.stops if s.kind == "bin"
    ]  # fmt: skip


async def keep_quarter(dsn: str, quarter: Quarter, clock: Clock, say: Say) -> Kept:
    """Play a quarter into an upgraded database that knows the bins; return the truth.

    Args:
        dsn: of the database.
        quarter: what is played; all of it is past by the clock.
        clock: the wall's.
        say: told each week.

    Raises:
        ConfigurationError: bins have reported already: real and simulated readings are never mixed.
        TransientError: the database does not answer.
    """
    async with _past(dsn, quarter, clock) as past:
        kept = Kept(past.street.truth(), {})
        for n, day in enumerate(quarter.dates, start=1):
            await past.day(day)
            kept.ends[day] = past.street.truth()
            if n % 7 == 0:
                so_far = kept.ends[day].emptied.sum()
                say(f"  simulated quarter: week {n // 7}, {so_far:.0f} bins emptied so far")
        return kept


@asynccontextmanager
async def _past(dsn: str, quarter: Quarter, clock: Clock) -> AsyncIterator[_Past]:
    async with await connect(dsn, application_name="cityops past quarter", autocommit=False) as conn:
        await _refuse_real(conn)
        one, kinds = OneConnection(conn), discover()
        settings = PostgresSettings(one)
        await settings.put(compared_with(quarter, planner_of), by=BY, why=WHY)
        book = PostgresRounds(one)
        if await book.fleet() is None:
            await book.put_fleet(quarter.fleet, BY, WHY)
        sink = PostgresSink(dsn, kinds, clock)
        try:
            decoder = Decoder(Directory(kinds, await sink.load()))
            yield _Past(quarter, one, sink, decoder, clock)
        finally:
            await sink.close()


async def _refuse_real(conn: Any) -> None:
    row = await (await conn.execute("select exists (select from bin_reading)")).fetchone()
    await conn.commit()
    if row is not None and row[0]:
        raise ConfigurationError(
            "bins have reported here already: a simulated quarter is never mixed with real readings"
        )
