"""Puts bins where they cost least, one after the other: must-go bins first, of those the farthest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.rounds.case import Case, Job, Truck
from rules.core.rounds.timeline import drive
from rules.core.rounds.tours import Tours, fixed_until, repaired, site_of
from rules.core.rounds.travel import FAR_S, Whole

TRIES = 3
"""Places of one truck that are tried for a bin, the cheapest first."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a truck's visits: what is put in before the visit ``at``, with its cost beside what is left as it is."""

    truck: int
    at: int
    visits: tuple[int, ...]
    delta: int


class Inserter:
    """Tours that grow.

    Args:
        case: the day.
        tours: as they begin; not changed.
    """

    def __init__(self, case: Case, tours: Tours) -> None:
        self.case = case
        self.tours: Tours = [list(visits) for visits in tours]
        self._cost = [drive(case, t, v).cost for t, v in zip(case.trucks, self.tours, strict=True)]
        self._home = [_over_a_tip(case, t) for t in case.trucks]

    def put_in(self, jobs: Iterable[int]) -> list[int]:
        """Put jobs in, each where it costs least, and return those that found no place or are not worth one."""
        # What a crew has fixed is where it was fixed, or has no place there.
        fixed = {j for truck in self.case.trucks for j in truck.first}
        return [j for j in self._ordered(jobs) if j in fixed or not self._put(j)]

    def cheapest(self, job: int) -> int | None:
        """Return what a job costs at the cheapest place that has room for it [units]; None where none has."""
        return next((spot.delta for spot in self._spots(job)), None)

    def _ordered(self, jobs: Iterable[int]) -> list[int]:
        def key(j: int) -> tuple[bool, int, int]:
            job = self.case.jobs[j]
            truck = self.case.trucks[min(job.trucks)]
            far = int(truck.way_cost[truck.start, job.site])
            return not job.candidate.must, -far if job.candidate.must else -job.prize, j

        return sorted(jobs, key=key)

    def _put(self, j: int) -> bool:
        tried = [0] * len(self.tours)
        for spot in self._spots(j):
            tried[spot.truck] += 1
            if tried[spot.truck] > TRIES:
                continue
            visits = self.tours[spot.truck]
            new = [*visits[: spot.at], *spot.visits, *visits[spot.at :]]
            t = drive(self.case, self.case.trucks[spot.truck], new)
            job = self.case.jobs[j]
            # What must be emptied is put in at any price: what missing it costs is only our own guess.
            if t.fits and (job.candidate.must or t.cost - self._cost[spot.truck] < job.prize):
                self.tours[spot.truck], self._cost[spot.truck] = new, t.cost
                return True
        return False

    def _spots(self, j: int) -> Iterator[Spot]:
        """Yield places with room for a job, the cheapest first."""
        job = self.case.jobs[j]
        found = [spot for k in sorted(job.trucks) for spot in self._of_truck(j, job, k)]
        yield from sorted(found, key=lambda s: (s.delta, s.truck, s.at))

    def _of_truck(self, j: int, job: Job, k: int) -> list[Spot]:
        truck, visits = self.case.trucks[k], self.tours[k]
        costs, home = truck.way_cost, self._home[k]
        sites = np.array([truck.start, *(site_of(self.case, v) for v in visits)], dtype=np.int64)
        there = costs[sites, job.site]
        delta = there.copy()
        delta[:-1] += costs[job.site, sites[1:]] - costs[sites[:-1], sites[1:]]
        delta[-1] += home[job.site] - self._last_leg(truck, k, int(sites[-1]))
        delta += job.candidate.service_s * truck.per_s
        room, last_kg, last_l = self._room(truck, visits, job)
        room[: fixed_until(truck, visits)] = False
        best = np.flatnonzero(room)[np.argsort(delta[room], kind="stable")[:TRIES]]
        found = [Spot(k, int(p), (j,), int(delta[p])) for p in best]
        if not (room[-1] and last_kg == 0 and last_l == 0):
            found.append(self._after_a_tip(j, job, k, int(sites[-1])))
        # Where no way leads costs twice as much at least; a lorry may cost nothing by the hour, or nothing at all.
        return [s for s in found if s.delta < FAR_S * max(truck.per_s + truck.per_m, 1) // 2]

    def _last_leg(self, truck: Truck, k: int, last: int) -> int:
        """Return what the way home from the last visit costs so far [units]."""
        if self.tours[k] or truck.board_kg or truck.board_l:
            return int(self._home[k][last])
        return -truck.per_day if truck.fresh else int(truck.way_cost[truck.start, truck.home])

    def _after_a_tip(self, j: int, job: Job, k: int, last: int) -> Spot:
        """Return the place after one more tip at the end."""
        truck = self.case.trucks[k]

        def detour(number: int) -> int:
            tip = self.case.tips[number]
            ways = truck.way_cost[last, tip.site] + truck.way_cost[tip.site, job.site]
            return int(ways) + tip.entry.unload_s * truck.per_s

        number = min(truck.tips, key=detour)
        delta = detour(number) + int(self._home[k][job.site]) - self._last_leg(truck, k, last)
        return Spot(k, len(self.tours[k]), (-1 - number, j), delta + job.candidate.service_s * truck.per_s)

    def _room(self, truck: Truck, visits: list[int], job: Job) -> tuple[NDArray[np.bool_], int, int]:
        """Return before which visits the trip has room for a job, and what the last trip has on board."""
        room = np.zeros(len(visits) + 1, dtype=bool)
        kg, litres, first = truck.board_kg, truck.board_l, 0
        for p, visit in enumerate([*visits, -1]):
            if visit >= 0:
                one = self.case.jobs[visit]
                kg, litres = kg + one.kg, litres + one.litres
                continue
            room[first : p + 1] = kg + job.kg <= truck.max_kg and litres + job.litres <= truck.max_l
            if p < len(visits):
                kg, litres, first = 0, 0, p + 1
        return room, kg, litres


def _over_a_tip(case: Case, truck: Truck) -> Whole:
    """Return what the way home over the best tip costs from each site [units]."""
    ways = [
        truck.way_cost[:, case.tips[t].site]
        + case.tips[t].entry.unload_s * truck.per_s
        + truck.way_cost[case.tips[t].site, truck.home]
        for t in truck.tips
    ]
    best: Whole = np.min(np.stack(ways), axis=0)
    return best


def begun(case: Case, before: Tours | None = None) -> Inserter:
    """Return tours with what is fixed in them, or with those before; nothing else is put in yet."""
    visits = [list(t.first) for t in case.trucks] if before is None else before
    tours = [repaired(case, t, v) for t, v in zip(case.trucks, visits, strict=True)]
    return Inserter(case, tours)
