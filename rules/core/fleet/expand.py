"""From the search's stops to legs that can be driven."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.carp.compiled import Ints
from rules.core.fleet.clock import LOADS, cost_of, home_of
from rules.core.fleet.night import Night
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.tables import N_BEST, State
from rules.core.fleet.units import tenths
from rules.core.fleet.ways import drive_time, turn_time, yard


def best_plan(night: Night, s: State, iterations: int, begun: int) -> FleetPlan:
    """Return the best routes met as a plan; the search began with the cost ``begun``."""
    t = night.tables
    trips, late, over, done = [], [], [], set()
    for lorry, vehicle in enumerate(night.fleet.lorries):
        n = s.best_length[lorry]
        for p in range(n + 2):
            s.seq[t.lorries * t.width + p] = s.best_seq[lorry * t.width + p]
        trip = _trip(night, s, lorry, n)
        trips.append(trip)
        done |= set(trip.jobs)
        due = {job.name: job.due_s for job in night.jobs}
        late += [
            leg.job for leg in trip.steps if isinstance(leg, Leg) and leg.job and leg.ends_s > due[leg.job]
        ]
        over += [vehicle.lorry_id] if trip.ends_s > vehicle.until_s else []
    left = [job.name for job in (*night.left_out, *night.jobs) if job.name not in done]
    return FleetPlan(
        trips=tuple(trips),
        late=tuple(late),
        over=tuple(over),
        left_out=tuple(left),
        cost_s=s.num[N_BEST] / 10.0,
        begun_s=begun / 10.0,
        iterations=iterations,
    )


def _trip(night: Night, s: State, lorry: int, n: int) -> Trip:
    """Return the route in the row after the lorries' as a trip."""
    t = night.tables
    row = t.lorries * t.width
    vehicle = night.fleet.lorries[lorry]
    driver = _Driver(night, night.start(s.seq[row]), t.begin[lorry])
    if n == 0:
        if home_of(t, s.seq[row]) > 0:
            driver.go_home(vehicle.depot)
        return Trip(vehicle.lorry_id, tuple(driver.steps))
    cost_of(t, s, row, n, lorry)
    loads = [s.ready[p] == LOADS for p in range(n + 1)]
    for p in range(1, n + 1):
        if loads[p]:
            driver.load(_next_arc(night, s.seq, row + p))
        driver.treat(s.seq[row + p])
    driver.go_home(vehicle.depot)
    return Trip(vehicle.lorry_id, tuple(driver.steps))


def _next_arc(night: Night, seq: Ints, place: int) -> int:
    stop = seq[place]
    return night.jobs[stop // 2].ways[stop % 2]


class _Driver:
    """Drives a route, and writes down when it is where, in tenths of a second."""

    def __init__(self, night: Night, at: int, time: int) -> None:
        self.night, self.at, self.time = night, at, time
        self.steps: list[Leg | Loading] = []

    def _drive(self, arcs: Sequence[int]) -> None:
        network, settings = self.night.network, self.night.settings
        for arc in arcs:
            turn = 0 if self.at < 0 else turn_time(network, self.at, arc, settings)
            self._step(arc, turn + drive_time(network, arc, settings), None)

    def _step(self, arc: int, takes: int, job: str | None) -> None:
        self.steps.append(Leg(arc, self.time / 10.0, (self.time + takes) / 10.0, job))
        self.time += takes
        self.at = arc

    def _wait(self, begins: int, soonest: int) -> None:
        """Set out later where a job would else begin at ``begins``, before its time: in the yard, or where the last ended."""
        self.time += max(0, soonest - begins)

    def treat(self, stop: int) -> None:
        """Drive to a job and do it."""
        job = self.night.jobs[stop // 2]
        arc = job.ways[stop % 2]
        there = int(self.night.ways.until([self.at], [arc])[0, 0])
        self._wait(self.time + there, tenths(job.from_s))
        self._drive(self.night.ways.to_arc(self.at, arc))
        turn = 0 if self.at < 0 else turn_time(self.night.network, self.at, arc, self.night.settings)
        self._step(arc, turn + tenths(job.serve_s), job.name)

    def load(self, then: int) -> None:
        """Drive to the barn from which an arc is reached first, and load."""
        network, ways, takes = self.night.network, self.night.ways, tenths(self.night.settings.loading_s)

        def detour(barn: int) -> int:
            away = ways.time_to_node(network, self.at, barn)
            return away + int(ways.until([yard(barn)], [then])[0, 0])

        barn = min(self.night.fleet.barns, key=detour)
        self._drive(ways.to_node(network, self.at, barn))
        self.steps.append(Loading(barn, self.time / 10.0, (self.time + takes) / 10.0))
        self.time += takes
        self.at = yard(barn)

    def go_home(self, depot: int) -> None:
        """Drive back to the depot."""
        self._drive(self.night.ways.to_node(self.night.network, self.at, depot))
