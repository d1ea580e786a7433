"""Planners of a whole night: one searches for a budget of time, one only builds.

Both take the same and give a plan that ``verify`` agrees with; what they plan is how good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devices.registry import RoadNode, RoadSegment
from rules.core.carp.compiled import COMPILED
from rules.core.carp.pace import Budget, Pace
from rules.core.fleet.begin import begun, with_missing
from rules.core.fleet.expand import best_plan
from rules.core.fleet.jobs import Wanted, jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.request import Request
from rules.core.fleet.search import anneal
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.tables import N_BEST
from rules.core.network.network import Network

HOT, WARM, COLD = 1.0, 0.3, 0.02
"""Temperatures at the start, at the start from standing routes, and at the end, in mean times to do a job."""


class FleetPlanner(Protocol):
    """Plans a night."""

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan.

        Raises:
            ValueError: a place is not on the network, or a job's name is there twice.
        """
        ...


@dataclass(frozen=True)
class Builder:
    """Puts job after job where it costs least, the most urgent first. Quick, and some percent worse."""

    seed: int = 1

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan."""
        night, state = begun(request, self.seed)
        return best_plan(night, state, 0, state.num[N_BEST])


@dataclass(frozen=True)
class Searcher:
    """Begins as the builder does and searches for better by ruin and recreate.

    Deterministic by seed where the budget is iterations.
    """

    budget: Budget
    seed: int = 1

    def __call__(self, request: Request) -> FleetPlan:
        """Return a plan."""
        pace = Pace(self.budget)
        night, state = begun(request, self.seed)
        first = state.num[N_BEST]
        if len(night.jobs) < 2:
            return best_plan(night, state, 0, first)
        scale = sum(10.0 * job.serve_s for job in night.jobs) / len(night.jobs)
        start = WARM if request.standing else HOT
        while (chunk := pace.chunk()) > 0:
            heat = start * (COLD / start) ** min(pace.share, 1.0)
            anneal(night.tables, state, chunk, scale * heat)
            pace.done(chunk)
        with_missing(night, state)
        return best_plan(night, state, pace.iterations, first)


def warm_up() -> None:
    """Compile the loops, so that a budget of time is not spent on it."""
    if not COMPILED:
        return
    nodes = [RoadNode(node_id=n, latitude_deg=52.0, longitude_deg=0.001 * n) for n in range(4)]
    segments = [
        RoadSegment(segment_id=f"{n}", street="", road_class="A", from_node=n, to_node=n + 1, length_m=70.0)
        for n in range(3)
    ]
    network, settings = Network(nodes, segments), FleetSettings()
    jobs = jobs_of(network, [Wanted(s.segment_id) for s in segments], settings)
    Searcher(Budget(iterations=20))(Request(network, jobs, Fleet((Lorry("", 0, 10.0),), (0,)), settings))
