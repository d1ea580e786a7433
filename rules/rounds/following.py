"""The day as it is: what was heard of lorries, crews and bins, put on the day's plans; and where the next plan takes it up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from rules.collection_acts.ports import CollectionActs
from rules.core.cab.model import Service
from rules.core.crew.day import Day, HeardToday, Made, day_of
from rules.core.crew.known import KnownBin
from rules.core.crew.model import LorryProgress
from rules.core.crew.on_plan import USUAL
from rules.core.crew.settings import CrewSettings
from rules.core.crew.taking_up import crews_locks, kept_locks, lorries_now, open_bins, open_order
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Lock, LorryNow
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.sites import on_the_way
from rules.core.street_match import Streets
from rules.rounds.ports import Decided, RoundBook, RoundReports, Rounds

BEFORE_S = 600.0
"""Reports are read from so long before the day's first lorry sets out [s]."""


class DayNow(msgspec.Struct, frozen=True, kw_only=True):
    """Today's rounds as they are.

    Attributes:
        rounds: the newest plan.
        progress: of each lorry of the fleet; what it did under earlier plans of the day counts in it.
        candidates: of all of the day's plans by bin, with why.
        bins: what became of bins today.
        out: lorries out of service, and what was said.
        now_s: the town's time [s since 1970].
    """

    rounds: Rounds
    progress: Mapping[str, LorryProgress]
    candidates: Mapping[str, Candidate]
    bins: Mapping[str, KnownBin]
    out: Mapping[str, Service]
    now_s: float

    @property
    def day(self) -> Day:
        """The same, for what is worked out from it."""
        return Day(progress=self.progress, bins=self.bins, candidates=self.candidates)


@dataclass(frozen=True)
class Heard:
    """Who says what happens in the day: crews' acts, and the reports of lorries and bins."""

    acts: CollectionActs
    reports: RoundReports


@dataclass(frozen=True)
class TakenUp:
    """Where a plan takes the day up: lorries, what is fixed, and the candidates that are left."""

    now: tuple[LorryNow, ...]
    locks: tuple[Lock, ...]
    candidates: tuple[Candidate, ...]


@dataclass
class Following:
    """Follows lorries on the plans of a day.

    Args:
        book: of plans.
        heard: who says what happens; None: nobody is heard, and the plans' clock counts.
        settings: how reports are read.
    """

    book: RoundBook
    heard: Heard | None = None
    settings: CrewSettings = USUAL
    _plans: dict[int, Rounds] = field(default_factory=dict)

    async def day(self, day: str, now_s: float) -> DayNow | None:
        """Return a service day as it is; None where it has no plan or there are no lorries.

        Raises:
            TransientError: the database does not answer.
        """
        plans = [await self._rounds(version) for version in await self.book.numbers(day)]
        kept = await self.book.fleet()
        if not plans or kept is None:
            return None
        made = [Made(version=p.version, at_s=p.at_s, plan=p.plan) for p in plans]
        heard = await self._heard(made, kept.fleet, now_s)
        found = await asyncio.to_thread(day_of, made, kept.fleet, heard, now_s, self.settings)
        return DayNow(
            rounds=plans[-1], progress=found.progress, candidates=found.candidates, bins=found.bins,
            out=await self.book.out(), now_s=now_s,
        )  # fmt: skip

    async def _rounds(self, version: int) -> Rounds:
        """Return a plan, read once: it never changes."""
        if version not in self._plans:
            found = await self.book.rounds(version)
            # Of other days nobody asks any more.
            self._plans = {v: p for v, p in self._plans.items() if p.day == found.day} | {version: found}
        return self._plans[version]

    async def _heard(self, made: Sequence[Made], fleet: RoundFleet, now_s: float) -> HeardToday:
        if self.heard is None:
            return HeardToday()
        day_s = made[0].plan.day_s
        begins = [r.begins_s for m in made for r in m.plan.rounds if r.begins_s is not None]
        from_s = day_s + min(begins, default=0) - BEFORE_S
        devices = {lorry.reports_as: lorry.id for lorry in fleet.lorry}
        tracks = await self.heard.reports.tracks(list(devices), from_s, now_s)
        return HeardToday(
            acts=await self.heard.acts.of_lorries(day_s, now_s + 1.0),
            tracks={devices[d]: fixes for d, fixes in tracks.items()},
            seen=await self.heard.reports.seen(made[0].at_s, now_s),
        )


def taken_up(
    now: DayNow,
    fleet: RoundFleet,
    decided: Decided,
    candidates: Sequence[Candidate],
    forget_locks: bool = False,
) -> TakenUp:
    """Return where the next plan takes a day up.

    Args:
        now: the day.
        fleet: lorries that count.
        decided: the newest decision.
        candidates: of it.
        forget_locks: what dispatchers fixed before counts no more.
    """
    day_s = now.rounds.plan.day_s
    at_s = round(now.now_s - day_s)
    left = open_bins(now.day, candidates, decided.at_s, at_s)
    bins = {c.bin_id for c in left}
    lorries = [lorry.id for lorry in fleet.lorry if lorry.id not in now.out]
    before = () if forget_locks else now.rounds.plan.made_from.locks
    dispatched = kept_locks(before, bins, lorries)
    crews = crews_locks(now.day, dispatched, bins, lorries)
    return TakenUp(lorries_now(now.day, fleet, now.out, day_s, now.now_s), (*crews, *dispatched), tuple(left))


def on_streets(
    network: Network, now: Sequence[LorryNow], progress: Mapping[str, LorryProgress]
) -> tuple[LorryNow, ...]:
    """Return lorries on streets: one whose receiver puts it where none is near is at its last stop instead."""
    streets = Streets(network.graph)
    return tuple(_on_streets(network, streets, one, progress.get(one.lorry_id)) for one in now)


def _on_streets(network: Network, streets: Streets, one: LorryNow, p: LorryProgress | None) -> LorryNow:
    if one.place is None:
        return one
    done = [] if p is None else sorted((s for s in p.stops if s.at_s is not None), key=lambda s: s.at_s or 0)
    for place in (one.place, *(s.place for s in reversed(done))):
        try:
            on_the_way(network, streets, place)
        except ValueError:
            continue
        return msgspec.structs.replace(one, place=place)
    return msgspec.structs.replace(one, place=None)


def with_asked(up: TakenUp, now: Sequence[LorryNow], locks: Sequence[Lock], done: frozenset[str]) -> TakenUp:
    """Return the same with what whoever asked says himself: of a lorry his word counts, of a bin the last."""
    said = {one.lorry_id: one for one in now}
    others = tuple(one for one in up.now if one.lorry_id not in said)
    left = tuple(c for c in up.candidates if c.bin_id not in done)
    bins = {c.bin_id for c in left}
    kept = (msgspec.structs.replace(k, bins=tuple(b for b in k.bins if b in bins)) for k in up.locks)
    return replace(up, now=(*others, *now), locks=(*(k for k in kept if k.bins), *locks), candidates=left)


def is_same(plan: RoundPlan, now: DayNow) -> bool:
    """Whether by a plan each lorry goes to the same bins in the same order as it does now."""
    return all(
        r.bins == open_order(now.progress[r.lorry_id]) for r in plan.rounds if r.lorry_id in now.progress
    )
