"""Plans of whole nights on made-up towns: a check that shares nothing with the planner agrees with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.cab.as_planned import left_of_plan
from rules.core.carp.pace import Budget
from rules.core.fleet.jobs import Job, Wanted, jobs_of
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.planner import Builder, FleetPlanner, Searcher
from rules.core.fleet.request import Request
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check
from rules.core.network.network import Network
from tests.fakes.cab_night import P
from tests.fakes.fleet_towns import all_wanted, fleet_of, fleet_town

SETTINGS = FleetSettings()
PLANNERS: tuple[FleetPlanner, ...] = (Builder(), Searcher(Budget(iterations=6)))
both = pytest.mark.parametrize("planner", PLANNERS, ids=["builder", "searcher"])
FEW = settings(max_examples=6, deadline=None)


def night(
    seed: int, lorries: int = 2, capacity_kg: float = 250.0, share: float = 1.0
) -> tuple[Network, list[Wanted], tuple[Job, ...], Fleet]:
    network = fleet_town(seed)
    wanted = all_wanted(network, share, seed)
    return network, wanted, jobs_of(network, wanted, SETTINGS), fleet_of(network, lorries, capacity_kg)


@both
@FEW
@given(
    seed=st.integers(0, 1000),
    lorries=st.integers(1, 4),
    capacity_kg=st.floats(60.0, 1500.0),
    share=st.floats(0.1, 1.0),
)
def test_every_plan_can_be_driven_and_admits_what_it_misses(
    planner: FleetPlanner, seed: int, lorries: int, capacity_kg: float, share: float
) -> None:
    network, wanted, jobs, fleet = night(seed, lorries, capacity_kg, share)
    plan = planner(Request(network, jobs, fleet, SETTINGS))
    verdict = Check(network, wanted, fleet, SETTINGS).verdict(plan)
    assert verdict.wrong == ()
    assert (verdict.missed == ()) == plan.keeps_all
    assert sorted([*plan.lorry_of, *plan.left_out]) == sorted(job.name for job in jobs)
    if not (plan.late or plan.over):
        assert plan.cost_s == pytest.approx(sum(trip.ends_s for trip in plan.trips))


@both
@FEW
@given(seed=st.integers(0, 1000), at_s=st.floats(0.0, 5000.0))
def test_what_is_left_after_a_breakdown_is_done_by_the_others(
    planner: FleetPlanner, seed: int, at_s: float
) -> None:
    network, wanted, jobs, fleet = night(seed, lorries=3)
    plan = Builder()(Request(network, jobs, fleet, SETTINGS))
    rest = left_of_plan(plan, Check(network, wanted, fleet, SETTINGS), at_s, ["L1"], P)
    new = planner(Request(network, rest.jobs, rest.fleet, SETTINGS, rest.standing))
    check = Check(network, wanted, rest.fleet, SETTINGS, before=rest.done)
    assert check.verdict(new).wrong == ()
    assert len(rest.done) + len(new.lorry_of) + len(new.left_out) == len(jobs)
    assert all(step.begins_s >= at_s - 1e-6 for trip in new.trips for step in trip.steps)


def test_searching_is_no_worse_than_building_and_the_same_again() -> None:
    network, _, jobs, fleet = night(3)
    request = Request(network, jobs, fleet, SETTINGS)
    built, found, again = (
        p(request) for p in (Builder(), Searcher(Budget(iterations=40)), Searcher(Budget(iterations=40)))
    )
    assert found.cost_s < built.cost_s
    assert found == again


def test_salt_is_loaded_where_a_lorry_holds_less_than_its_streets_need() -> None:
    network, wanted, jobs, _ = night(4)
    total_kg = sum(job.salt_kg for job in jobs)
    loads = []
    for capacity_kg in (total_kg + 1.0, total_kg / 3.0):
        fleet = fleet_of(network, 1, capacity_kg, until_s=math.inf)
        plan = Builder()(Request(network, jobs, fleet, SETTINGS))
        assert Check(network, wanted, fleet, SETTINGS).verdict(plan).wrong == ()
        loads.append(sum(isinstance(s, Loading) for t in plan.trips for s in t.steps))
    assert loads[0] == 0
    assert loads[1] >= 3 - 1


def test_urgent_streets_come_first_where_time_is_short() -> None:
    network, wanted, _, fleet = night(5, lorries=2, capacity_kg=5000.0)
    own = replace(SETTINGS, limits_s={1: 1500.0})
    plan = Searcher(Budget(iterations=60))(Request(network, jobs_of(network, wanted, own), fleet, own))
    urgent = {w.segment_id for w in wanted if w.priority == 1}
    ends = [(leg.ends_s, leg.job.partition("/")[0] in urgent) for leg in treating(plan)]
    assert max(e for e, first in ends if first) < max(e for e, first in ends if not first)
    assert len(plan.late) <= 2


def treating(plan: FleetPlan) -> list[Leg]:
    return [s for t in plan.trips for s in t.steps if isinstance(s, Leg) and s.job is not None]


def test_standing_routes_stay_where_streets_are_left_out() -> None:
    network, _, jobs, fleet = night(6, lorries=3)
    usual = Searcher(Budget(iterations=30))(Request(network, jobs, fleet, SETTINGS))
    tonight = jobs[::2]
    standing = {trip.lorry_id: trip.jobs for trip in usual.trips}
    fresh = Searcher(Budget(iterations=30), seed=5)(Request(network, tonight, fleet, SETTINGS))
    kept = Searcher(Budget(iterations=30), seed=5)(Request(network, tonight, fleet, SETTINGS, standing))

    def moved(plan: FleetPlan) -> int:
        return sum(usual.lorry_of[name] != lorry for name, lorry in plan.lorry_of.items())

    assert moved(kept) <= moved(fresh)
    assert moved(kept) <= len(tonight) // 4


def test_a_street_too_low_for_a_lorry_is_left_out_and_said() -> None:
    town = fleet_town(7)
    low = [msgspec.structs.replace(s, max_height_m=3.0) if s.segment_id == "s0" else s for s in town.segments]
    network = Network(town.nodes, low, town.turn_bans)
    wanted = all_wanted(network)
    fleet = fleet_of(network)
    plan = Builder()(Request(network, jobs_of(network, wanted, SETTINGS), fleet, SETTINGS))
    assert any(name.startswith("s0") for name in plan.left_out)
    assert Check(network, wanted, fleet, SETTINGS).verdict(plan).wrong == ()


def on_the_road(until_s: float = math.inf) -> tuple[Network, Fleet]:
    """A lorry at work from its depot, and one that stands on the road, its depot elsewhere."""
    network = fleet_town(3)
    fleet = fleet_of(network, 2, 5000.0)
    out = next(
        a for a, arc in enumerate(network.arcs) if arc.head not in {v.depot for v in fleet.lorries} and a > 9
    )
    lorries = (fleet.lorries[0], replace(fleet.lorries[1], after=out, from_s=600.0, until_s=until_s))
    return network, Fleet(lorries, fleet.barns)


@both
def test_a_lorry_on_the_road_without_work_drives_home_and_that_costs_and_is_checked(
    planner: FleetPlanner,
) -> None:
    network, fleet = on_the_road()
    wanted = [Wanted("s0")]
    jobs = jobs_of(network, wanted, SETTINGS)
    plan = planner(Request(network, jobs, fleet, SETTINGS))
    idle = next(t for t in plan.trips if not t.jobs)
    assert idle.lorry_id == "L1"
    last = idle.steps[-1]
    assert isinstance(last, Leg)
    assert network.arcs[last.arc].head == fleet.lorries[1].depot
    assert plan.cost_s == pytest.approx(plan.trips[0].ends_s + idle.ends_s - 600.0)
    check = Check(network, wanted, fleet, SETTINGS)
    assert check.verdict(plan).holds
    left = replace(plan, trips=(plan.trips[0], Trip("L1", ())))
    assert any("a way leads to its depot" in text for text in check.verdict(left).wrong)


@both
def test_a_lorry_without_work_may_be_back_after_its_hours(planner: FleetPlanner) -> None:
    network, fleet = on_the_road(until_s=601.0)
    wanted = [Wanted("s0")]
    plan = planner(Request(network, jobs_of(network, wanted, SETTINGS), fleet, SETTINGS))
    assert plan.over == ("L1",)
    verdict = Check(network, wanted, fleet, SETTINGS).verdict(plan)
    assert (verdict.wrong, verdict.missed) == ((), ("L1: is back after its crew's hours",))


# The check finds what is wrong


def spoiled(plan: FleetPlan, change: str) -> FleetPlan:
    number = next(i for i, t in enumerate(plan.trips) if len(t.steps) > 4)
    trip = plan.trips[number]
    steps: list[Leg | Loading] = list(trip.steps)
    at = next(i for i, s in enumerate(steps) if isinstance(s, Leg) and s.job is not None)
    leg = steps[at]
    assert isinstance(leg, Leg)
    if change == "skips":
        del steps[at]
    elif change == "untreated":
        steps[at] = replace(leg, job=None)
    elif change == "hurries":
        steps[at] = replace(leg, ends_s=leg.begins_s + 0.5 * (leg.ends_s - leg.begins_s))
    elif change == "backwards":
        steps[at], steps[at + 1] = steps[at + 1], steps[at]
    elif change == "stays out":
        steps = steps[: at + 1]
    trips = (*plan.trips[:number], Trip(trip.lorry_id, tuple(steps)), *plan.trips[number + 1 :])
    return replace(plan, trips=trips)


@cache
def kept() -> tuple[Check, FleetPlan]:
    """The first town whose plan keeps everything."""
    for seed in range(20):
        network, wanted, jobs, fleet = night(seed, lorries=4, capacity_kg=5000.0)
        check, plan = (
            Check(network, wanted, fleet, SETTINGS),
            Builder()(Request(network, jobs, fleet, SETTINGS)),
        )
        if check.verdict(plan).holds:
            return check, plan
    raise AssertionError("no town")


@pytest.mark.parametrize("change", ["skips", "untreated", "hurries", "backwards", "stays out"])
def test_the_check_finds_what_was_changed(change: str) -> None:
    check, plan = kept()
    verdict = check.verdict(spoiled(plan, change))
    assert not verdict.holds
    assert verdict.missed if change == "untreated" else verdict.wrong


def test_the_check_counts_salt_hours_and_turns_itself() -> None:
    network, wanted, jobs, fleet = night(9, lorries=1, capacity_kg=5000.0)
    plan = Builder()(Request(network, jobs, fleet, SETTINGS))
    found: Sequence[str]
    for other, words in (
        (replace(fleet.lorries[0], capacity_kg=50.0), "kg of salt more than is on board"),
        (replace(fleet.lorries[0], until_s=60.0), "over their hours are ['L0'], claimed are"),
        (replace(fleet.lorries[0], from_s=600.0), "begins at"),
    ):
        found = Check(network, wanted, Fleet((other,), fleet.barns), SETTINGS).verdict(plan).wrong
        assert any(words in text for text in found), found
    slow = replace(SETTINGS, right_s=40.0)
    found = Check(network, wanted, fleet, slow).verdict(plan).wrong
    assert any("planned are" in text for text in found)
