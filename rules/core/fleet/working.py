"""How a whole night is planned: built job by job, and searched for better.

Apart from :mod:`rules.core.fleet.planner` for what it takes to import: pages and REST name planners and ask another
process for plans, so that they need neither the compiler nor the loops.
"""

from __future__ import annotations

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


def built(request: Request, seed: int) -> FleetPlan:
    """Return the plan of :class:`rules.core.fleet.planner.Builder`."""
    night, state = begun(request, seed)
    return best_plan(night, state, 0, state.num[N_BEST])


def searched(request: Request, budget: Budget, seed: int) -> FleetPlan:
    """Return the plan of :class:`rules.core.fleet.planner.Searcher`."""
    pace = Pace(budget)
    night, state = begun(request, seed)
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
    request = Request(network, jobs, Fleet((Lorry("", 0, 10.0),), (0,)), settings)
    searched(request, Budget(iterations=20), seed=1)
