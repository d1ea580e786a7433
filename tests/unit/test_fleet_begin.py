"""What can be driven is on a route: no pass is left to nobody by chance."""

from __future__ import annotations

import pytest

from devices.registry import RoadNode, RoadSegment
from rules.core.fleet.begin import begun, with_missing
from rules.core.fleet.expand import best_plan
from rules.core.fleet.jobs import Wanted, jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.planner import Builder
from rules.core.fleet.request import Request
from rules.core.fleet.routes import keep_best, take_out
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.tables import N_BEST, N_REMOVED, N_STAMP, N_TOUCHED
from rules.core.network.network import Network


def ring(passes: int) -> Request:
    """One lorry on a ring of three one-way streets, of which so many are to be treated."""
    nodes = [
        RoadNode(node_id=n, latitude_deg=52.0 + 0.001 * (n == 1), longitude_deg=0.001 * n) for n in range(3)
    ]
    segments = [
        RoadSegment(
            segment_id=f"s{n}", street="", road_class="A", from_node=n, to_node=(n + 1) % 3, length_m=80.0,
            one_way=True,
        )
        for n in range(3)
    ]  # fmt: skip
    network, settings = Network(nodes, segments), FleetSettings()
    jobs = jobs_of(network, [Wanted(f"s{n}") for n in range(passes)], settings)
    return Request(network, jobs, Fleet((Lorry("G1", 0, 9000.0),), (0,)), settings)


@pytest.mark.parametrize("passes", [1, 2, 3])
def test_whatever_the_seed_all_that_can_be_driven_is_planned(passes: int) -> None:
    request = ring(passes)
    assert [seed for seed in range(400) if Builder(seed)(request).left_out] == []


def test_what_is_missing_when_the_search_is_over_is_tried_once_more() -> None:
    night, state = begun(ring(3), 1)
    cost = state.num[N_BEST]
    state.num[N_STAMP] += 1
    state.num[N_TOUCHED] = state.num[N_REMOVED] = 0
    take_out(night.tables, state, 0, 2, 1)
    keep_best(night.tables, state)
    assert len(best_plan(night, state, 0, cost).left_out) == 1
    with_missing(night, state)
    plan = best_plan(night, state, 0, cost)
    assert (plan.left_out, len(plan.lorry_of), state.num[N_BEST]) == ((), 3, cost)
