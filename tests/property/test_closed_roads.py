"""Roads that are closed for a time: no lorry of the winter service or of the rounds drives there, and why is said."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.cab.roads import known_as
from rules.core.fleet.jobs import jobs_of
from rules.core.fleet.plan import Leg
from rules.core.fleet.planner import Builder
from rules.core.fleet.request import Request
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check
from rules.core.network.network import Network
from rules.core.rounds.planner import Inserting
from rules.core.rounds.verify import RoundsCheck
from tests.fakes.examples import examples
from tests.fakes.fleet_towns import all_wanted, fleet_of, fleet_town
from tests.fakes.rounds_town import day_of, lorries, town

SETTINGS = FleetSettings()
WHY = "burst main"
closures = st.sets(st.integers(0, 24), min_size=1, max_size=6)


def closed(network: Network, numbers: set[int]) -> Network:
    return network.closing({network.segments[n % len(network.segments)].segment_id: WHY for n in numbers})


@examples(12)
@given(seed=st.integers(0, 1000), numbers=closures)
def test_no_gritter_drives_a_closed_road_and_what_is_on_it_is_left_out(seed: int, numbers: set[int]) -> None:
    network = closed(fleet_town(seed), numbers)
    wanted, fleet = all_wanted(network), fleet_of(network)
    plan = Builder()(Request(network, jobs_of(network, wanted, SETTINGS), fleet, SETTINGS))
    assert Check(network, wanted, fleet, SETTINGS).verdict(plan).wrong == ()
    driven = {network.arcs[s.arc].segment for t in plan.trips for s in t.steps if isinstance(s, Leg)}
    assert not driven & set(network.closed)
    ids = {network.segments[i].segment_id for i in network.closed}
    assert ids <= {name.split("/")[0] for name in plan.left_out}


@examples(12)
@given(seed=st.integers(1, 1000), numbers=closures)
def test_no_collection_lorry_drives_a_closed_road_and_its_bins_say_why(seed: int, numbers: set[int]) -> None:
    network = closed(town(seed), numbers)
    request = day_of(10, seed, network, lorries())
    plan = Inserting()(request)
    assert RoundsCheck(network, request.fleet).verdict(plan).wrong == ()
    driven = {network.arcs[a].segment for r in plan.rounds for s in r.stops for a in s.arcs}
    assert not driven & set(network.closed)
    said = [n.why for n in plan.not_collected if "is closed" in n.why]
    assert all(WHY in words for words in said)


def test_the_check_knows_a_closed_road_by_itself() -> None:
    open_ = fleet_town(3)
    wanted, fleet = all_wanted(open_), fleet_of(open_)
    plan = Builder()(Request(open_, jobs_of(open_, wanted, SETTINGS), fleet, SETTINGS))
    leg = next(s for t in plan.trips for s in t.steps if isinstance(s, Leg))
    name = open_.segments[open_.arcs[leg.arc].segment].segment_id
    wrong = Check(open_.closing({name: WHY}), wanted, fleet, SETTINGS).verdict(plan).wrong
    assert any(f"{name} is closed: {WHY}" in words for words in wrong)


def test_closing_makes_no_other_roads() -> None:
    open_ = fleet_town(3)
    first = open_.closing({"s1": WHY})
    both = first.closing({"s2": "works", "elsewhere": "works"})
    assert known_as(open_) == known_as(both)
    assert [a.length_m for a in open_.arcs] == [a.length_m for a in both.arcs]
    assert (open_.closed, first.closed, both.closed) == ({}, {1: WHY}, {1: WHY, 2: "works"})
    assert open_.closing({}) is open_
    assert first.closing({"s1": "again"}) is first
    assert pickle.loads(pickle.dumps(both)).closed == both.closed  # plans are made in another process


@pytest.mark.parametrize("name", ["s0", "s5"])
def test_an_opened_road_is_driven_again(name: str) -> None:
    network = fleet_town(3)
    assert network.closing({name: WHY}).closed
    assert not network.closed
