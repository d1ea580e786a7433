"""Today's lorries for the board of bins: the newest plan, where each lorry is on it, and the lines that they drive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rules.core.cab.roads import roads_sha256
from rules.core.crew.model import LorryProgress
from rules.core.network.network import Network
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate
from rules.core.rounds.plan import LorryRound, RoundPlan, Stop
from rules.rounds.ports import Rounds
from rules.rounds.service import RoundDesk

Line = list[tuple[float, float]]
PLACES = 5
"""Decimals of a coordinate: a metre."""


@dataclass(frozen=True, slots=True)
class TodaysRounds:
    """Today's plan.

    Attributes:
        rounds: the newest plan, with its number.
        fleet: lorries, tips and depots; None: none are written down any more.
        progress: where lorries are, by their ids; of those that are missing only the plan is known.
        out: lorries out of service.
        candidates: of all of the day's plans by bin: a later plan names only what was left to do.
    """

    rounds: Rounds
    fleet: RoundFleet | None = None
    progress: Mapping[str, LorryProgress] = field(default_factory=dict)
    out: frozenset[str] = frozenset()
    candidates: Mapping[str, Candidate] = field(default_factory=dict)

    @property
    def plan(self) -> RoundPlan:
        """What is driven."""
        return self.rounds.plan


class BinRounds:
    """Reads today's plan from the rounds' desk; its lines are kept while it is the newest."""

    def __init__(self, desk: RoundDesk) -> None:
        self._desk = desk
        self._lines: tuple[int, dict[str, list[Line]]] | None = None

    async def today(self, now_s: float) -> TodaysRounds | None:
        """Return today's plan; None: there is none. ``now_s``: the town's time [s since 1970].

        Raises:
            TransientError: the database does not answer.
        """
        now = await self._desk.day_now(now_s)
        if now is not None:
            kept = await self._desk.book.fleet()
            fleet = None if kept is None else kept.fleet
            return TodaysRounds(now.rounds, fleet, now.progress, frozenset(now.out), now.candidates)
        newest = await self._desk.newest(now_s)
        return None if newest is None else TodaysRounds(newest)

    async def lines(self, rounds: Rounds) -> dict[str, list[Line]]:
        """Return by lorry the way to each of its stops, (longitude, latitude) [°]; straight where roads have changed since."""
        if self._lines is None or self._lines[0] != rounds.version:
            registry = await self._desk.town.registry()
            found = await asyncio.to_thread(_lines, rounds.plan, lambda: Network.of(registry))
            self._lines = rounds.version, found
        return self._lines[1]


def _lines(plan: RoundPlan, network_of: Callable[[], Network]) -> dict[str, list[Line]]:
    try:
        network: Network | None = network_of()
    except ValueError:
        network = None
    if network is not None and roads_sha256(network) != plan.made_from.roads:
        network = None
    return {r.lorry_id: _ways(r, network) for r in plan.rounds}


def _ways(r: LorryRound, network: Network | None) -> list[Line]:
    found, before = list[Line](), None
    for stop in r.stops:
        found.append(_way(before, stop, network))
        before = stop
    return found


def _way(before: Stop | None, stop: Stop, network: Network | None) -> Line:
    if network is None or not stop.arcs:
        return [] if before is None or not stop.metres else [_at(before), _at(stop)]
    points: Line = []
    for arc in stop.arcs:
        line = [(round(x, PLACES), round(y, PLACES)) for x, y in network.line(arc)]
        points += line[1:] if points and points[-1] == line[0] else line
    return points


def _at(stop: Stop) -> tuple[float, float]:
    return round(stop.place.longitude_deg, PLACES), round(stop.place.latitude_deg, PLACES)
