"""What may not be treated before a time: waits are planned, counted, checked, and no lateness of a lorry that waits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as with_

from ops_api.cab_text import situation_document
from ops_api.web.cab_view import lorry_view
from rules.core.cab.codec import OnRoads
from rules.core.cab.making import make
from rules.core.cab.model import Asked
from rules.core.cab.ploughing import card_of
from rules.core.cab.tonight import RouteFacts, tonight
from rules.core.carp.pace import Budget
from rules.core.fleet.jobs import Wanted, jobs_of
from rules.core.fleet.plan import FleetPlan, Leg, Trip
from rules.core.fleet.planner import Builder, FleetPlanner, Searcher
from rules.core.fleet.request import Request
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check
from rules.core.network.network import Network
from rules.core.winter_orders.model import Case
from rules.core.winter_orders.proposals import proposal_of
from rules.winter.fleet.following import Situation
from tests.fakes.cab_desk import ADA, NOW, ZONE, desk, ordered
from tests.fakes.cab_night import SETTINGS, drive, plan_of, progress_of, wish_of
from tests.fakes.fleet_towns import all_wanted, fleet_of, fleet_town

PLANNERS: tuple[FleetPlanner, ...] = (Builder(), Searcher(Budget(iterations=6)))
both = pytest.mark.parametrize("planner", PLANNERS, ids=["builder", "searcher"])
NO_LIMITS = FleetSettings(limits_s={})


def later(wanted: list[Wanted], from_s: float, every: int = 2) -> list[Wanted]:
    """Some of the streets only from a time on."""
    return [replace(w, from_s=from_s if n % every == 0 else 0.0) for n, w in enumerate(wanted)]


def begins(network: Network, leg: Leg) -> float:
    """When a leg's treatment begins at the latest [s]."""
    along_s = 3.6 * network.arcs[leg.arc].length_m / min(40.0, 0.8 * network.speed_km_h(leg.arc))
    return leg.ends_s - along_s


@both
@settings(max_examples=3, deadline=None)
@given(
    seed=st.integers(0, 1000),
    from_s=st.floats(0.0, 9000.0),
    lorries=st.integers(1, 3),
    capacity_kg=st.floats(80.0, 900.0),
)
def test_nothing_is_treated_before_its_time_and_the_check_agrees(
    planner: FleetPlanner, seed: int, from_s: float, lorries: int, capacity_kg: float
) -> None:
    network = fleet_town(seed)
    wanted = later(all_wanted(network, 0.6, seed), from_s)
    jobs, fleet = jobs_of(network, wanted, SETTINGS), fleet_of(network, lorries, capacity_kg)
    plan = planner(Request(network, jobs, fleet, SETTINGS))
    verdict = Check(network, wanted, fleet, SETTINGS).verdict(plan)
    assert verdict.wrong == ()
    assert (verdict.missed == ()) == plan.keeps_all
    soonest = {job.name: job.from_s for job in jobs}
    for trip in plan.trips:
        for s in trip.steps:
            if isinstance(s, Leg) and s.job is not None:
                assert begins(network, s) >= soonest[s.job] - 1e-6
    if not (plan.late or plan.over):
        assert plan.cost_s == pytest.approx(sum(trip.ends_s for trip in plan.trips))


def waited(from_s: float = 6000.0) -> tuple[Network, list[Wanted], FleetPlan]:
    network = fleet_town(3)
    wanted = later(all_wanted(network), from_s)
    fleet = fleet_of(network, 2, 5000.0)
    return network, wanted, Builder()(Request(network, jobs_of(network, wanted, NO_LIMITS), fleet, NO_LIMITS))


def test_a_wait_counts_in_the_crews_hours_and_other_streets_are_done_meanwhile() -> None:
    network, wanted, plan = waited()
    legs = [s for t in plan.trips for s in t.steps if isinstance(s, Leg) and s.job is not None]
    assert sum(leg.ends_s < 6000.0 for leg in legs) >= len(wanted) // 3
    hours = fleet_of(network, 2, 5000.0, until_s=6000.0)
    own = Builder()(Request(network, jobs_of(network, wanted, NO_LIMITS), hours, NO_LIMITS))
    assert own.over
    assert Check(network, wanted, hours, NO_LIMITS).verdict(own).wrong == ()


def test_the_check_finds_a_street_that_is_treated_too_early() -> None:
    network, wanted, plan = waited()
    fleet = fleet_of(network, 2, 5000.0)
    assert Check(network, wanted, fleet, NO_LIMITS).verdict(plan).wrong == ()
    sooner = tuple(
        Trip(
            t.lorry_id, tuple(replace(s, begins_s=s.begins_s - 90.0, ends_s=s.ends_s - 90.0) for s in t.steps)
        )
        for t in (Trip(v.lorry_id, tuple(s for s in v.steps if s.begins_s > 5000.0)) for v in plan.trips)
    )
    wrong = Check(network, wanted, fleet, NO_LIMITS).verdict(replace(plan, trips=sooner)).wrong
    assert any("before its time at 6000.0 s" in text for text in wrong), wrong


def on_roads(from_s: float) -> OnRoads:
    network = fleet_town(1)
    wish = wish_of(network, 1, lorries=1, capacity_kg=5000.0)
    asked = [with_(a, due_s=None, from_s=from_s if n % 2 else 0.0) for n, a in enumerate(wish.asked)]
    return OnRoads(network, make(replace(wish, asked=asked), Builder()))


def test_who_waits_as_planned_is_not_late_and_the_card_says_that_it_waits() -> None:
    on = on_roads(9000.0)
    steps = on.trips["L0"].steps
    at = next(n for n in range(1, len(steps)) if steps[n].begins_s - steps[n - 1].ends_s > 600.0)
    now_s = steps[at].begins_s - 200.0
    p = progress_of(on, {"L0": drive(on, "L0", now_s)}, now_s)["L0"]
    assert p.phase == "drives"
    assert p.step == at - 1
    assert p.late_at(at) == 0.0
    assert p.late_s == 0.0
    kept = plan_of(on.contents)
    [told] = situation_document(Situation(kept, on, {"L0": p}, now_s), {})["lorries"]
    assert told["behind_s"] == 0.0
    shown = lorry_view(kept, on, "L0", ZONE, progress=p, now_s=now_s)
    planned = lorry_view(kept, on, "L0", ZONE, progress=None, now_s=now_s)
    assert [e.at for e in shown.entries if e.state != "done"] == [
        e.at for e, now in zip(planned.entries, shown.entries, strict=True) if now.state != "done"
    ]
    assert p.back_s == pytest.approx(steps[-1].ends_s, abs=15.0)
    assert any(e.text.startswith("Wait about ") for e in card_of(on, "L0").entries)
    # Who is late by less than the wait is in time afterwards.
    behind = progress_of(
        on, {"L0": drive(on, "L0", steps[2].ends_s + 300.0, behind_s=300.0)}, steps[2].ends_s + 300.0
    )
    assert behind["L0"].late_at(at) == 0.0


async def test_an_order_for_later_is_planned_from_its_start_on() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    await ordered(orders, "r2", start_s=NOW + 5400.0)
    plan = await plans.plan_tonight(ADA, NOW)
    asked = {a.segment_id: a for a in plan.contents.asked}
    theirs = [a for a in asked.values() if a.from_s > 0.0]
    assert theirs
    assert {a.from_s for a in theirs} == {NOW + 5400.0 - plan.contents.start_s}
    for trip in plan.contents.trips:
        for s in trip.steps:
            if s.job is not None and s.segment_id is not None and asked[s.segment_id].from_s > 0.0:
                assert s.ends_s > asked[s.segment_id].from_s


def test_a_proposal_is_planned_from_the_end_of_the_rain_not_from_its_latest_time() -> None:
    result = {
        "drive": {"legs": [{"segment_id": "s0", "treat": True}]}, "spread_rate_g_m2": 10.0,
        "leave_by": "2026-01-09T23:00:00+00:00", "call_out_by": "2026-01-09T22:30:00+00:00",
        "treat_by": "2026-01-10T01:00:00+00:00",
    }  # fmt: skip

    def asked(**more: str) -> Asked:
        p = proposal_of(
            decision_id=1, route_id="r1", at_s=NOW, outcome="treat", reason="", rule_version=1, catalogue_id=None,
            inputs={}, result={**result, **more},
        )  # fmt: skip
        case = Case(ref="P1", route_id="r1", state="confirmed", proposal=p, acts=(), treatment=p.treatment)
        at_s = 1_767_990_000.0  # 20:20
        return tonight(
            [case], {"r1": RouteFacts("Route 1", 1)}, at_s, start_s=at_s, limits_s={1: 7200.0}
        ).asked[0]

    assert asked().from_s == 0.0
    assert asked(not_before="2026-01-09T22:20:00+00:00").from_s == 7200.0
    # Who waits for the end of the rain would be late: the salt goes down before.
    assert asked(not_before="2026-01-09T23:30:00+00:00").from_s == 0.0
