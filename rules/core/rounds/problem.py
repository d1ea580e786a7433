"""A day's rounds as PyVRP 0.14 takes them, and its answer as visits.

- Waste is ``pickup`` in the dimensions kilograms and litres; who may not do a job has capacity 0 in one more
  dimension that such jobs need.
- Tips are reload depots with their hours. A lorry ends empty: its end is a place of its own whose ways in are those
  over a last tip to its home, unloading included.
- PyVRP knows no breaks: shifts, hours of tips and windows are shorter by them; ``timeline`` puts the breaks in.
- A must-go bin is required; ``required=False`` makes it one with a very large prize, for a plan that does what can be done.
- All matrices are full, all numbers whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyvrp import Activity, ActivityType, Client, Depot, Location, ProblemData, Route, Solution, VehicleType

from rules.core.rounds.case import Case, Job, Truck
from rules.core.rounds.timeline import Timeline, begin, go
from rules.core.rounds.tours import Tours, fixed_until, repaired, tidy
from rules.core.rounds.travel import Table, Whole

BAR = 1_000
"""What a job needs in a dimension that bars trucks: enough that no price of an overload makes it worth it."""

PRUNED = 2.0
"""A may-go whose prize is less than so many times what its emptying alone takes is not offered to the search: there it
costs time and is seldom worth its way. Where it is, it is put in afterwards."""


@dataclass(frozen=True)
class Problem:
    """The problem and how its numbers are read.

    Args:
        case: the day.
        required: whether must-go bins are required.
    """

    case: Case
    required: bool = True

    @cached_property
    def jobs(self) -> list[int]:
        """Jobs that the search may choose: not those that are fixed, nor those that can't be worth it."""
        fixed = {j for truck in self.case.trucks for j in truck.first}
        return [
            j
            for j, job in enumerate(self.case.jobs)
            if j not in fixed and job.trucks & self._usable and self._may_pay(job)
        ]

    def _may_pay(self, job: Job) -> bool:
        least = min(self.case.trucks[k].per_s for k in job.trucks)
        return job.candidate.must or job.prize > PRUNED * job.candidate.service_s * least

    @cached_property
    def trucks(self) -> list[int]:
        """Trucks that may do something: in service, and home in time if they do nothing more."""
        return [
            k
            for k, truck in enumerate(self.case.trucks)
            if not truck.out and self._latest(k) >= self._begun[k].time_s
        ]

    @cached_property
    def _usable(self) -> frozenset[int]:
        return frozenset(self.trucks)

    @cached_property
    def _fixed(self) -> list[list[int]]:
        return [repaired(self.case, truck, truck.first) for truck in self.case.trucks]

    @cached_property
    def _begun(self) -> list[Timeline]:
        """Where the trucks are after what is fixed."""
        found = []
        for truck, visits in zip(self.case.trucks, self._fixed, strict=True):
            t = begin(truck)
            for visit in visits:
                go(self.case, truck, t, visit)
            found.append(t)
        return found

    # ---- places

    @cached_property
    def _sites(self) -> list[int]:
        """Sites by location: of jobs, tips, then where trucks start; ends come after them, one for each truck."""
        return [
            *(self.case.jobs[j].site for j in self.jobs),
            *(tip.site for tip in self.case.tips),
            *(self._begun[k].site for k in self.trucks),
        ]

    @cached_property
    def _tables(self) -> list[Table]:
        return list({id(t.table): t.table for t in self.case.trucks}.values())

    def _profile(self, truck: Truck) -> int:
        return next(n for n, table in enumerate(self._tables) if table is truck.table)

    def _matrix(self, table: Table, drive: bool) -> Whole:
        size, ends = len(self._sites), len(self.trucks)
        full = np.zeros((size + ends, size + ends), dtype=np.int64)
        ways = table.drive_s if drive else table.metres
        full[:size, :size] = ways[np.ix_(self._sites, self._sites)]
        for n, k in enumerate(self.trucks):
            full[:size, size + n] = self._home(table, self.case.trucks[k], drive)[self._sites]
            # Nobody goes on from an end; it costs what coming there does.
            full[size + n, :size] = full[:size, size + n]
            full[size + n, size:] = full[size:, size + n] = int(full[:size, size + n].max())
        np.fill_diagonal(full, 0)
        return full

    def _home(self, table: Table, truck: Truck, drive: bool) -> Whole:
        """Return times or lengths of the ways over the last tip that is cheapest, unloading included."""
        tips = [self.case.tips[t] for t in self._last_tips(truck)]
        times = np.stack(
            [table.drive_s[:, t.site] + t.entry.unload_s + table.drive_s[t.site, truck.home] for t in tips]
        )
        metres = np.stack([table.metres[:, t.site] + table.metres[t.site, truck.home] for t in tips])
        best = (truck.per_s * times + truck.per_m * metres).argmin(axis=0)
        return np.asarray((times if drive else metres)[best, np.arange(times.shape[1])])

    def _last_tips(self, truck: Truck) -> list[int]:
        """Return the tips that are open for a last load at any time of the shift; else the one that is longest."""
        late = {t: self._home_by(truck, t) for t in truck.tips}
        always = [t for t, by in late.items() if by >= truck.latest_s]
        return always or [max(truck.tips, key=lambda t: late[t])]

    def _home_by(self, truck: Truck, number: int) -> int:
        tip = self.case.tips[number]
        return tip.entry.closes_s + tip.entry.unload_s + truck.drive_rows[tip.site][truck.home]

    # ---- hours

    @cached_property
    def _break_s(self) -> list[int]:
        """Time that each truck's breaks may take [s]."""
        return [
            _breaks_s(self.case, truck, t) for truck, t in zip(self.case.trucks, self._begun, strict=True)
        ]

    def _sooner(self, until_s: int, from_s: int) -> int:
        """Return the end of hours by which all breaks are over that may come before it; for all trucks the same."""
        latest = max((self.case.trucks[k].latest_s for k in self.trucks), default=0)
        if until_s >= latest:
            return until_s
        return max(from_s, until_s - max((self._break_s[k] for k in self.trucks), default=0))

    # ---- the parts

    @cached_property
    def bars(self) -> list[frozenset[int]]:
        """Sets of trucks that some jobs are for; each is a dimension."""
        own = (self.case.jobs[j].trucks & self._usable for j in self.jobs)
        return list(dict.fromkeys(trucks for trucks in own if trucks < self._usable))

    def _client(self, location: int, job: Job) -> Client:
        one = job.candidate
        return Client(
            location=location,
            pickup=[
                job.kg,
                job.litres,
                *(BAR * (job.trucks & self._usable == bar) for bar in self.bars),
            ],
            service_duration=one.service_s,
            tw_early=one.from_s,
            tw_late=self._sooner(one.until_s, one.from_s),
            prize=job.prize,
            required=one.must and self.required,
        )

    def _depots(self) -> list[Depot]:
        first = len(self.jobs)
        tips = [
            Depot(
                first + t,
                tip.entry.opens_s,
                self._sooner(tip.entry.closes_s, tip.entry.opens_s),
                tip.entry.unload_s,
            )
            for t, tip in enumerate(self.case.tips)
        ]
        first += len(tips)
        starts = [Depot(first + n) for n in range(len(self.trucks))]
        first += len(starts)
        return [*tips, *starts, *(self._end(first + n, k) for n, k in enumerate(self.trucks))]

    def _end(self, location: int, k: int) -> Depot:
        truck = self.case.trucks[k]
        last = self._last_tips(truck)
        soon = [
            self.case.tips[t].entry.opens_s
            + self.case.tips[t].entry.unload_s
            + truck.drive_rows[self.case.tips[t].site][truck.home]
            for t in last
        ]
        by = self._latest(k)
        early = max(soon)
        return Depot(location, min(early, max(by, 0)), max(by, 0))

    def _latest(self, k: int) -> int:
        """Return when a truck must be at its end [s]: all breaks are over then, and its last tip is open."""
        truck = self.case.trucks[k]
        homes = (self._home_by(truck, t) for t in self._last_tips(truck))
        return min(truck.latest_s, *homes) - self._break_s[k]

    def _vehicle(self, n: int, k: int) -> VehicleType:
        truck, t, tips = self.case.trucks[k], self._begun[k], len(self.case.tips)
        big = BAR * (len(self.jobs) + 1)
        return VehicleType(
            num_available=1,
            capacity=[truck.max_kg, truck.max_l, *(big if k in bar else 0 for bar in self.bars)],
            start_depot=tips + n,
            end_depot=tips + len(self.trucks) + n,
            fixed_cost=0 if self._fixed[k] else truck.per_day,
            tw_early=t.time_s,
            start_late=t.time_s,
            tw_late=max(t.time_s, truck.latest_s - self._break_s[k]),
            shift_duration=max(0, truck.shift_ends_s - t.time_s - self._break_s[k]),
            max_overtime=min(truck.latest_s - truck.shift_ends_s, max(0, truck.latest_s - t.time_s)),
            unit_overtime_cost=truck.per_over_s,
            unit_distance_cost=truck.per_m,
            unit_duration_cost=truck.per_s,
            profile=self._profile(truck),
            # One that is overloaded is full: PyVRP takes no more than it holds.
            initial_load=[min(t.kg, truck.max_kg), min(t.litres, truck.max_l), *(0 for _ in self.bars)],
            reload_depots=list(truck.tips),
        )

    @cached_property
    def data(self) -> ProblemData:
        """All of it as PyVRP takes it."""
        size = len(self._sites) + len(self.trucks)
        return ProblemData(
            locations=[Location(0, 0) for _ in range(size)],
            clients=[self._client(n, self.case.jobs[j]) for n, j in enumerate(self.jobs)],
            depots=self._depots(),
            vehicle_types=[self._vehicle(n, k) for n, k in enumerate(self.trucks)],
            distance_matrices=self._matrices(drive=False),
            duration_matrices=self._matrices(drive=True),
        )

    def _matrices(self, drive: bool) -> list[Any]:
        return [self._matrix(table, drive) for table in self._tables]

    # ---- answers

    def solution(self, tours: Tours) -> Solution:
        """Return tours as the search begins with them."""
        client = {j: n for n, j in enumerate(self.jobs)}
        routes = []
        for n, k in enumerate(self.trucks):
            own = tours[k][fixed_until(self.case.trucks[k], tours[k]) :]
            acts = [
                Activity(ActivityType.CLIENT, client[v]) if v >= 0 else Activity(ActivityType.DEPOT, -1 - v)
                for v in own
                if v < 0 or v in client
            ]
            if any(a.is_client() for a in acts):
                routes.append(Route(self.data, acts, n))
        return Solution(self.data, routes)

    def tours(self, solution: Solution) -> Tours:
        """Return what PyVRP found as tours, with what is fixed before it."""
        found: Tours = [list(visits) for visits in self._fixed]
        for route in solution.routes():
            k = self.trucks[route.vehicle_type()]
            visits = [*found[k], *self._visits(route)]
            found[k] = tidy(self.case, self.case.trucks[k], visits)
        return found

    def _visits(self, route: Route) -> Sequence[int]:
        acts = [a for a in route if a.is_client() or a.idx < len(self.case.tips)]
        return [self.jobs[a.idx] if a.is_client() else -1 - a.idx for a in acts]


def _breaks_s(case: Case, truck: Truck, t: Timeline) -> int:
    """Return the time of all breaks that a truck may need until it must be back [s]."""
    rule = case.settings.break_
    if rule is None:
        return 0
    _, after_s, break_s = rule
    left = truck.latest_s - t.time_s - max(0, after_s - t.counted_s)
    count = 0
    while left > count * (after_s + break_s):
        count += 1
    return count * break_s
