"""Bin crews of a simulated town: lorries drive the day's newest plan, or share out the list where there is none.

A plan that comes later in the day is followed from where each lorry is; what has begun is ended first. A plan of
another day is not driven, nor a round whose hours are over: a restarted town looks at today.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import structlog

from devices.registry import Registry
from firmware_sim.service import Simulation
from firmware_sim.world.world import World
from ops_api.crew_calls import CallsOf
from rules.core.cab.roads import roads_sha256
from rules.core.network.network import Network
from rules.core.rounds.plan import LorryRound
from rules.rounds.ports import RoundBook, Rounds

log = structlog.get_logger(__name__)
T = TypeVar("T")

LIST_STARTS, LIST_ENDS = time(6, 30), time(12)
"""Without a plan the day's list is driven from then on; after noon no more."""
MINUTES_PER_STOP = 2.0
UNKNOWN_S = 1800.0
"""What was emptied so shortly before a plan was made, its maker may not have known: no lorry goes there again."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A version of the day's plan that a lorry has driven by since a time [s since 1970], and its bins."""

    version: int
    since_s: float
    bins: frozenset[str]


@dataclass
class BinCrews:
    """Who empties bins.

    Attributes:
        simulation: where they drive.
        book: of the platform's plans.
        registry: the town.
        zone: its time zone.
    """

    simulation: Simulation
    book: RoundBook
    registry: Registry
    zone: ZoneInfo
    _list: Sequence[str] = ()
    _sent: set[str] = field(default_factory=set)
    _day: str = ""
    _version: int = 0
    _since_s: float = math.inf
    _driven: dict[str, list[Driven]] = field(default_factory=dict)
    _came: dict[tuple[str, str, int], float] = field(default_factory=dict)
    _roads: tuple[Network, str] | None = None

    def take_list(self, bin_ids: Sequence[str]) -> None:
        """Take the newest list of bins; they are driven street by street."""
        street_of = {b.bin_id: b.street for b in self.registry.bins}
        self._list = sorted((b for b in bin_ids if b in street_of), key=lambda b: (street_of[b], b))

    def has_plan(self, day: str) -> bool:
        """Whether lorries have been given a plan of a day."""
        return self._day == day

    def version_of(self, lorry: str, bin_id: str, time_s: float) -> int | None:
        """Return by which plan a lorry came to a bin at a time [s since 1970]; None: by none.

        A plan sends it there once: when it comes again, it is not by that plan.
        """
        found = [d.version for d in self._driven.get(lorry, ()) if d.since_s <= time_s and bin_id in d.bins]
        if not found or self._came.setdefault((lorry, bin_id, found[-1]), time_s) != time_s:
            return None
        return found[-1]

    async def step(self) -> None:
        """Read what is new and act on it.

        Raises:
            TransientError: the database does not answer, or the simulation has ended.
        """
        now = await self._do(lambda world: world.now)
        self._since_s = min(self._since_s, now.timestamp())
        today = str(now.astimezone(self.zone).date())
        newest = max(await self.book.numbers(today), default=0)
        if newest > self._version:
            rounds, fleet = await self.book.newest(today), await self.book.fleet()
            if rounds is not None and fleet is not None:
                device = {lorry.id: lorry.reports_as for lorry in fleet.fleet.lorry}
                calls_of = await asyncio.to_thread(self._calls_of, rounds)
                await self._do(lambda world: self._follow(world, rounds, device, calls_of))
        if self._list and not self.has_plan(today):
            await self._do(self._send_list)

    async def _do(self, action: Callable[[World], T]) -> T:
        return await asyncio.wrap_future(self.simulation.call(action))

    # -- a plan ------------------------------------------------------------------------

    def _calls_of(self, rounds: Rounds) -> CallsOf:
        if self._roads is None:
            network = Network.of(self.registry)
            self._roads = network, roads_sha256(network)
        network, stamp = self._roads
        known = {b.bin_id for b in self.registry.bins}
        same = rounds.plan.made_from.roads == stamp
        return CallsOf(self.registry.nodes, known, network if same else None)

    def _follow(self, world: World, rounds: Rounds, device: dict[str, str], calls_of: CallsOf) -> None:
        """Have all lorries that a plan names drive by it from now on."""
        now = world.now
        if str(now.astimezone(self.zone).date()) != rounds.day:
            return
        if rounds.day != self._day:
            self._driven.clear()
            self._came.clear()
        self._day, self._version = rounds.day, rounds.version
        begun = _begun(world, rounds.at_s - UNKNOWN_S)
        for planned in rounds.plan.rounds:
            name = device.get(planned.lorry_id, planned.lorry_id)
            if name in world.collection.lorries:
                self._give(world, name, planned, rounds, calls_of, begun)
        log.info("bin lorries drive a plan", plan=rounds.version, day=rounds.day)

    def _give(
        self, world: World, name: str, planned: LorryRound, rounds: Rounds, calls_of: CallsOf, begun: set[str]
    ) -> None:
        now_s, day_s = world.now.timestamp(), float(rounds.plan.day_s)
        had = self._driven.setdefault(name, [])
        ends_s = planned.ends_s
        if not had and (ends_s is None or day_s + ends_s < self._since_s):
            return  # it stays, or the town was started after its hours
        calls = calls_of(planned, day_s, begun, under_way=name not in world.collection.free(now_s))
        try:
            world.drive_round(name, calls)
        except (KeyError, ValueError) as error:
            log.warning("a planned round can't be driven", lorry=name, plan=rounds.version, reason=str(error))
            return
        had.append(Driven(rounds.version, now_s, frozenset(planned.bins)))

    # -- a list ------------------------------------------------------------------------

    def _send_list(self, world: World) -> None:
        """Have lorries that are free share out the list, once in a morning."""
        local = world.now.astimezone(self.zone)
        today = local.date().isoformat()
        if today in self._sent or not LIST_STARTS <= local.time() <= LIST_ENDS:
            return
        if not world.collection.lorries:
            self._sent.add(today)
            for i, bin_id in enumerate(self._list):
                world.empty_bins([bin_id], world.now + timedelta(minutes=MINUTES_PER_STOP * i))
            log.info("lorry sent", bins=len(self._list))
        elif world.collection.free(world.now.timestamp()):  # else it is sent when one is back
            self._sent.add(today)
            log.info("bin lorries sent", bins=len(self._list), lorries=world.collect(list(self._list)))


def _begun(world: World, since_s: float) -> set[str]:
    """Return the bins that lorries have been at since a time [s since 1970], or stand at."""
    now_s = world.now.timestamp()
    done = {a.bin_id for a in world.crew_acts() if a.time_s >= since_s}
    visits: list[Any] = [v for lorry in world.collection.lorries.values() for v in lorry.visits]
    return done | {
        v.call.bin_id for v in visits if v.call.what == "bin" and v.arrive_s < now_s and v.done_s >= since_s
    }
