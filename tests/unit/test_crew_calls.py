"""A planned round and the calls of the lorry that drives it: every bin once, in order, by the plan's streets."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from devices.registry import RoadNode
from ops_api.crew_calls import CallsOf, nearest
from rules.core.rounds.model import Place
from rules.core.rounds.plan import LorryRound, Stop
from rules.core.rounds.planner import Inserting
from rules.core.rounds.settings import RoundSettings
from tests.fakes.rounds_town import day_of, lorries, town

ROADS = town()
PLACE = Place(52.0, 0.0)
BINS = [f"b{n}" for n in range(9)]
ARCS = st.lists(st.integers(0, len(ROADS.arcs) - 1), max_size=4).map(tuple)


@st.composite
def rounds(draw: st.DrawFn) -> LorryRound:
    """Rounds with every kind of stop, in any order between start and end, each bin at most once."""
    bins = draw(st.permutations(BINS))
    kinds = draw(st.lists(st.sampled_from(["bin", "bin", "tip", "break"]), max_size=len(bins)))
    at_s, stops = 21_600, [Stop(kind="start", ref="yard", place=PLACE, arrive_s=0, begins_s=0, ends_s=0)]
    for number, kind in enumerate([*kinds, "end"]):
        begins, lasts = at_s + draw(st.integers(0, 600)), draw(st.integers(0, 2700))
        at_s = begins + lasts
        arcs = () if kind == "break" else draw(ARCS)
        ref = bins[number] if kind == "bin" else "x"
        stops.append(
            Stop(kind=kind, ref=ref, place=PLACE, arrive_s=begins, begins_s=begins, ends_s=at_s, arcs=arcs)
        )  # type: ignore[arg-type]
    return LorryRound(lorry_id="L0", stops=tuple(stops))


@given(
    planned=rounds(),
    left=st.sets(st.sampled_from(BINS)),
    gone=st.sets(st.sampled_from(BINS)),
    day_s=st.integers(0, 10**9),
)
def test_each_bin_of_a_round_is_called_once_in_its_order(
    planned: LorryRound, left: set[str], gone: set[str], day_s: int
) -> None:
    calls = CallsOf(ROADS.nodes, set(BINS) - gone, ROADS)(planned, day_s, left)
    assert [c.bin_id for c in calls if c.what == "bin"] == [b for b in planned.bins if b not in left | gone]
    wanted = [s for s in planned.stops[1:] if s.kind != "bin" or s.ref not in left | gone]
    names = {"bin": "bin", "tip": "tip", "break": "break", "end": "yard"}
    assert [c.what for c in calls] == [names[s.kind] for s in wanted]
    assert [c.arrive_s for c in calls] == [day_s + s.begins_s for s in wanted]
    assert [c.service_s for c in calls] == [s.ends_s - s.begins_s for s in wanted]
    assert [len(c.via) for c in calls] == [len(s.arcs) for s in wanted]


@given(planned=rounds())
def test_of_other_roads_and_of_a_lorry_under_way_the_lorry_finds_its_way_itself(planned: LorryRound) -> None:
    known = CallsOf(ROADS.nodes, BINS, None)
    assert all(c.via == () for c in known(planned, 0.0))
    calls = CallsOf(ROADS.nodes, BINS, ROADS)(planned, 0.0, under_way=True)
    driven = [c for c in calls if c.what != "break"]
    assert driven[0].via == ()
    stops = [s for s in planned.stops[1:] if s.kind != "break"]
    assert [len(c.via) for c in driven[1:]] == [len(s.arcs) for s in stops[1:]]


def test_a_plan_s_ways_hang_together_and_breaks_are_stood() -> None:
    fleet = lorries(settings=RoundSettings(break_rule="work"), hours=9.0)
    plan = Inserting()(day_of(16, fleet=fleet))
    calls_of = CallsOf(ROADS.nodes, {c.bin_id for c in plan.made_from.candidates}, ROADS)
    found = [calls_of(r, plan.day_s) for r in plan.rounds]
    segments = {s.segment_id: (s.from_node, s.to_node) for s in ROADS.segments}

    def to(via: tuple[str, int]) -> int:
        a, b = segments[via[0]]
        return b if via[1] == a else a

    for calls in found:
        for call in calls:
            assert all(to(a) == b[1] for a, b in itertools.pairwise(call.via))
            if call.what in ("tip", "yard") and call.via:
                assert call.node_id == to(call.via[-1]), "it stops where its way ends"
    assert sum(len(c) for c in found) > 16


def test_the_nearest_junction_is_found_on_a_squeezed_map() -> None:
    nodes = [
        RoadNode(node_id=1, longitude_deg=0.010, latitude_deg=52.0),
        RoadNode(node_id=2, longitude_deg=0.0, latitude_deg=52.007),
    ]
    assert nearest(nodes, PLACE) == 1, "0.010° of longitude are less than 0.007° of latitude up there"
    assert nearest(nodes, Place(52.006, 0.0)) == 2
