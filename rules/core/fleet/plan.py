"""The answer: what each lorry does, leg by leg, with times and salt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rules.core.effects import Json, num
from rules.core.fleet.jobs import Job
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Leg:
    """An arc driven from end to end, the turn into it included; ``job`` = treated as this job.

    Times in seconds after the start of the night.
    """

    arc: int
    begins_s: float
    ends_s: float
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """A full load of salt taken at a node."""

    node: int
    begins_s: float
    ends_s: float


@dataclass(frozen=True)
class Trip:
    """One lorry's night; without steps it stays at its depot, or no way leads there."""

    lorry_id: str
    steps: tuple[Leg | Loading, ...]

    @property
    def jobs(self) -> tuple[str, ...]:
        """Names of the jobs that it does, in order."""
        return tuple(s.job for s in self.steps if isinstance(s, Leg) and s.job is not None)

    @property
    def ends_s(self) -> float:
        """When it is done [s]; 0 without steps."""
        return self.steps[-1].ends_s if self.steps else 0.0


@dataclass(frozen=True)
class FleetPlan:
    """A night's plan.

    Attributes:
        trips: one per lorry, in the fleet's order.
        late: jobs that end after their limit.
        over: lorries that are back after their crew's hours.
        left_out: jobs that no lorry can reach or carry.
        cost_s: what was minimised [s].
        begun_s: the same of the plan that the search began with [s].
        iterations: of the search.
    """

    trips: tuple[Trip, ...]
    late: tuple[str, ...]
    over: tuple[str, ...]
    left_out: tuple[str, ...]
    cost_s: float
    begun_s: float
    iterations: int = 0

    @property
    def keeps_all(self) -> bool:
        """Whether everything asked for is done within all limits."""
        return not (self.late or self.over or self.left_out)

    @cached_property
    def lorry_of(self) -> dict[str, str]:
        """By name of a job the lorry that does it: the standing routes of the next night."""
        return {job: trip.lorry_id for trip in self.trips for job in trip.jobs}


@dataclass(frozen=True, slots=True)
class Sums:
    """What a plan or a trip comes to: lengths [m], times [s], salt [kg]."""

    treated_m: float
    empty_m: float
    away_s: float
    loads: int
    salt_kg: float

    @property
    def told(self) -> Json:
        """What is told of it."""
        return {
            "treated_km": num(self.treated_m / 1000.0, 2),
            "empty_km": num(self.empty_m / 1000.0, 2),
            "minutes": num(self.away_s / 60.0, 1),
            "loads": self.loads,
            "salt_kg": num(self.salt_kg, 1),
        }


def sums(network: Network, jobs: dict[str, Job], trips: tuple[Trip, ...]) -> Sums:
    """Return what trips come to together."""
    legs = [s for t in trips for s in t.steps if isinstance(s, Leg)]
    treated = [leg for leg in legs if leg.job is not None]
    loads = sum(isinstance(s, Loading) for t in trips for s in t.steps)
    away_s = sum(t.steps[-1].ends_s - t.steps[0].begins_s for t in trips if t.steps)
    empty_m = sum(network.arcs[leg.arc].length_m for leg in legs if leg.job is None)
    salt_kg = sum(jobs[leg.job].salt_kg for leg in treated if leg.job is not None)
    return Sums(sum(network.arcs[leg.arc].length_m for leg in treated), empty_m, away_s, loads, salt_kg)
