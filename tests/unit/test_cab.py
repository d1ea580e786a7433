"""Tonight's lorries: what orders ask, cards in words, tracks, paper, and where a lorry is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from devices.registry import RoadNode, RoadSegment
from rules.core.cab import turns
from rules.core.cab.card import card_of
from rules.core.cab.codec import OnRoads, trip_told
from rules.core.cab.gpx import gpx
from rules.core.cab.match import Way
from rules.core.cab.model import Asked, Contents, Start
from rules.core.cab.paper import document
from rules.core.cab.tonight import RouteFacts, Tonight, tonight
from rules.core.fleet.plan import Leg, Trip
from rules.core.fleet.settings import FleetSettings
from rules.core.gpx import NAMESPACE
from rules.core.network.network import Network
from rules.core.treatment import Pass
from rules.core.winter_orders import model as m
from rules.core.winter_orders.standing import cases
from rules.winter.fleet.card_pdf import make_card
from tests.fakes.cab_desk import ZONE
from tests.fakes.cab_night import drive, night, progress_of
from tests.fakes.pdf_text import pdf_text
from tests.fakes.rules_town import START
from tests.fakes.winter_orders import CALL_OUT_S, LEAVE_S, decision

ROUTES = {"r1": RouteFacts("Route 1", 1), "r2": RouteFacts("Route 2", 2)}
LIMITS = {1: 7200.0, 2: 10800.0}


def act(number: int, ref: str, what: m.What, treatment: m.Treatment | None, route: str = "r1") -> m.Act:
    return m.Act(
        act_id=number, ref=ref, route_id=route, decision_id=None, what=what, at_s=START + 60.0 * number, by="Ada",
        role="duty officer", via="cli", reason="x", treatment=treatment, seen={},
    )  # fmt: skip


def treatment(
    *segments: str, start_s: float | None = None, by_s: float | None = None, **how: float
) -> m.Treatment:
    values = {"g_m2": 10.0, "passes": 1, **how}
    return m.Treatment(segments=segments, start_s=start_s, by_s=by_s, **values)  # type: ignore[arg-type]


def test_only_what_stands_is_driven_the_newest_of_a_route_and_every_own_order() -> None:
    p1, p2, p3 = decision(1), decision(2, 30.0), decision(3, 60.0, "treat", "r2", ("s3",))
    changed = treatment("s0", "s1", by_s=START + 9000.0, g_m2=15.0)
    acts = [
        act(1, "P1", "confirmed", p1.treatment), act(2, "P2", "changed", changed),
        act(3, "O3", "ordered", treatment("s1", g_m2=20.0, passes=2)),
        act(4, "O4", "ordered", treatment("s2", start_s=START + 6 * 3600.0), "r2"),
        act(5, "O5", "ordered", treatment("s4"), "r2"), act(6, "O5", "cancelled", None, "r2"),
    ]  # fmt: skip
    found = tonight(cases([p1, p2, p3], acts), ROUTES, START + 600.0, limits_s=LIMITS)
    assert [o.ref for o in found.orders] == ["P2", "O3"]
    assert (found.waiting, found.later, found.start_s) == (("P3",), ("O4",), START + 600.0)
    by_segment = {a.segment_id: a for a in found.asked}
    assert set(by_segment) == {"s0", "s1"}
    assert (by_segment["s0"].g_m2, by_segment["s0"].ref, by_segment["s0"].due_s) == (15.0, "P2", 7200.0)
    # Two orders ask for s1: the heavier one counts, in two runs.
    assert (by_segment["s1"].g_m2, by_segment["s1"].runs, by_segment["s1"].ref) == (40.0, 2, "O3")


def test_what_nobody_answered_counts_where_the_setting_says_so_and_times_are_the_orders() -> None:
    p1 = decision(1)
    unanswered = act(1, "P1", "unanswered", p1.treatment)
    found = tonight(cases([p1], [unanswered]), ROUTES, START + 60.0, limits_s=LIMITS)
    assert found.start_s == START + LEAVE_S
    assert [a.due_s for a in found.asked] == [2 * CALL_OUT_S - LEAVE_S] * 2
    nothing = tonight(cases([p1], [act(1, "P1", "unanswered", None)]), ROUTES, START + 60.0, limits_s=LIMITS)
    assert nothing.asked == ()


def test_what_was_treated_before_there_was_a_plan_is_not_driven_again() -> None:
    own = cases([], [act(1, "O1", "ordered", treatment("s0", "s1", "s2"))])
    at_s = START + 300.0
    passes = {
        "s0": (Pass(at_s, 10.0, 0.0, 0.5, "G", at_s, at_s), Pass(at_s, 10.0, 0.5, 1.0, "G", at_s, at_s)),
        "s1": (Pass(at_s, 10.0, 0.0, 0.6, "G", at_s, at_s),),
        "s2": (Pass(START - 60.0, 10.0, 0.0, 1.0, "G", at_s, at_s),),
    }
    found = tonight(own, ROUTES, START + 600.0, limits_s=LIMITS, treated=passes)
    assert ([a.segment_id for a in found.asked], found.treated) == (["s1", "s2"], ("s0",))
    again = tonight(own, ROUTES, START + 600.0, limits_s=LIMITS, treated=passes, known=found.asked)
    assert len(again.asked) == 3


def test_a_stretch_keeps_its_time_until_an_officer_moves_the_orders() -> None:
    by_s = START + 9000.0

    def found(treated: m.Treatment, at_s: float, before: Tonight | None = None) -> Tonight:
        own = cases([], [act(1, "O1", "ordered", treated)])
        known, had = ((), ()) if before is None else (before.asked, before.orders)
        start_s = None if before is None else before.start_s
        return tonight(own, ROUTES, at_s, start_s=start_s, limits_s=LIMITS, known=known, had=had)

    first = found(treatment("s0", by_s=by_s), START + 600.0)
    assert [a.due_s for a in first.asked] == [7200.0]
    raised = found(treatment("s0", by_s=by_s, g_m2=20.0), START + 1600.0, first)
    assert [(a.due_s, a.g_m2) for a in raised.asked] == [(7200.0, 20.0)]
    moved = found(treatment("s0", by_s=START + 4200.0), START + 1600.0, first)
    assert [a.due_s for a in moved.asked] == [3600.0]


def roundabout() -> Network:
    """A roundabout with four streets, clockwise: west 0, north 1, east 2, south 3."""
    centre = [(-1, 0), (0, 1), (1, 0), (0, -1)]
    nodes = [
        RoadNode(node_id=n, latitude_deg=52.0 + 0.0003 * y, longitude_deg=0.0005 * x)
        for n, (x, y) in enumerate(centre)
    ]
    nodes += [RoadNode(node_id=10 + n, latitude_deg=52.0 + 0.003 * y, longitude_deg=0.005 * x) for n, (x, y) in enumerate(centre)]  # fmt: skip

    def road(name: str, a: int, b: int, street: str, **how: object) -> RoadSegment:
        return RoadSegment(
            segment_id=name, street=street, road_class="A", from_node=a, to_node=b, length_m=300.0, **how
        )  # type: ignore[arg-type]

    ring = [
        road(f"ring{n}", n, (n + 1) % 4, "Circle", one_way=True, carriageway="roundabout") for n in range(4)
    ]
    return Network(nodes, [*ring, *(road(s, 10 + n, n, s.title()) for n, s in enumerate(("west", "north", "east", "south")))])  # fmt: skip


def test_turns_in_words() -> None:
    network, own = roundabout(), FleetSettings()
    arc = {(network.segments[a.segment].segment_id, a.forward): n for n, a in enumerate(network.arcs)}
    ring = tuple(arc[f"ring{n}", True] for n in range(3))
    assert turns.roundabout_words(network, ring[:1], arc["north", False]) == (
        "At the roundabout take the first exit into North"
    )
    assert turns.roundabout_words(network, ring, arc["south", False]).startswith(
        "At the roundabout take the third exit"
    )
    assert turns.turn_words(network, arc["west", False], arc["west", True], own) == "Turn round in West"
    assert turns.turn_words(network, None, arc["west", True], own) == "Start along West"
    assert turns.turn_words(network, arc["west", True], arc["ring0", True], own) == "Turn left into Circle"
    bend = turns.turn_words(network, arc["west", True], arc["ring0", True], own, forks=False)
    assert bend == "Follow the road into Circle"
    assert turns.crossing(network, (network.graph.segment_index["west"],), "West") == "the end of the road"


def test_the_exit_is_counted_from_where_the_roundabout_is_entered_though_the_spreader_changes() -> None:
    network = roundabout()
    arc = {(network.segments[a.segment].segment_id, a.forward): n for n, a in enumerate(network.arcs)}
    way = [(arc["west", True], None), (arc["ring0", True], "ring0/f0"), (arc["ring1", True], None)]
    way += [(arc["ring2", True], None), (arc["south", False], None)]
    trip = Trip("L0", tuple(Leg(a, 60.0 * n, 60.0 * n + 60.0, job) for n, (a, job) in enumerate(way)))
    contents = Contents(
        start_s=0.0, orders=(), asked=(Asked(segment_id="ring0", ref="P1", g_m2=10.0, priority=1, due_s=9000.0),),
        fleet=(Start(lorry="L0", device="L0", depot=10, capacity_kg=9000.0, on_board_kg=9000.0),), barns=(10,),
        settings={}, trips=(trip_told(network, trip),), late=(), over=(), left_out=(), missed=(), cost_s=0.0,
        begun_s=0.0, seed=1, iterations=0, roads="",
    )  # fmt: skip
    entries = card_of(OnRoads(network, contents), "L0").entries
    assert [e.text for e in entries] == [
        "Start along West, towards South", "Enter the roundabout", "Go on round the roundabout",
        "At the roundabout take the third exit into South", "Back at the barn",
    ]  # fmt: skip


def test_a_card_is_the_plan_in_words() -> None:
    _, _, on = night(3)
    for lorry, trip in on.trips.items():
        card = card_of(on, lorry)
        covered = [n for e in card.entries[:-1] for n in range(e.first, e.last + 1)]
        assert covered == list(range(len(trip.steps)))
        assert sum(e.salt_kg for e in card.entries) == pytest.approx(card.salt_kg)
        assert card.entries[-1].text.startswith("Back at the depot")
        assert card.entries[-1].at_m == pytest.approx(card.treated_m + card.empty_m)
        for e in card.entries:
            treats = {getattr(s, "job", None) is not None for s in trip.steps[e.first : e.last + 1]}
            assert treats == {bool(e.spread)} or not treats
        assert sum(e.loads for e in card.entries) == card.loads
    said = " ".join(e.spread for e in card_of(on, "L0").entries)
    assert "8 g/m², both lanes, from Street 13 to Street 5" in said
    assert "this lane" in said


def test_the_track_is_gpx_with_the_way_and_a_waypoint_for_each_entry() -> None:
    _, plan, on = night(3)
    card = card_of(on, "L2")
    root = ET.fromstring(gpx(card, "L2 <&>\x0b", "about\x00", plan.at_s, lambda s: f"{s:.0f}"))
    ns = f"{{{NAMESPACE}}}"
    # The order of elements is the schema's: metadata, waypoints, then tracks.
    assert [c.tag.removeprefix(ns) for c in root] == ["metadata", *["wpt"] * len(card.entries), "trk"]
    assert root.attrib["version"] == "1.1"
    assert root.attrib["creator"]
    meta = root.find(f"{ns}metadata")
    assert meta is not None
    assert [c.tag.removeprefix(ns) for c in meta] == ["name", "desc", "time"]
    points = root.findall(f"{ns}trk/{ns}trkseg/{ns}trkpt")
    assert [(float(p.attrib["lon"]), float(p.attrib["lat"])) for p in points] == [
        (round(x, 6), round(y, 6)) for x, y in card.line
    ]
    for point in root.findall(f"{ns}wpt"):
        assert [c.tag.removeprefix(ns) for c in point] == ["name", "desc", "type"]
        assert -90.0 <= float(point.attrib["lat"]) <= 90.0
    assert any(
        "reload" in (w.findtext(f"{ns}type") or "") or "Load salt" in (w.findtext(f"{ns}name") or "")
        for w in root
    )


def test_the_card_for_paper_says_all_of_it() -> None:
    _, plan, on = night(3)
    card = card_of(on, "L2")
    at = datetime(2026, 1, 9, 18, tzinfo=UTC)
    content = document(plan, on, card, ZONE, council="Frogham", replaced=None)
    pdf = make_card(content, at)
    assert pdf == make_card(content, at)
    text = pdf_text(pdf)
    assert "Route card L2" in text
    assert "plan 1" in text
    for entry in card.entries:
        assert entry.text in text
    assert "Load salt at the depot: 30 min" in text
    assert "REPLACED" not in text
    old = make_card(document(plan, on, card, ZONE, council="Frogham", replaced=4), at)
    assert "REPLACED by plan 4" in pdf_text(old)


def jobs_by(on: OnRoads, lorry: str, at_s: float) -> set[int]:
    return {
        n for n, s in enumerate(on.trips[lorry].steps) if isinstance(s, Leg) and s.job and s.ends_s <= at_s
    }


@pytest.mark.parametrize("behind_s", [0.0, 240.0])
def test_where_lorries_are_is_read_from_their_reports(behind_s: float) -> None:
    _, _, on = night(3)
    now_s = 700.0 + behind_s
    found = progress_of(on, {v: drive(on, v, now_s, behind_s=behind_s) for v in on.trips}, now_s)
    for lorry, p in found.items():
        assert p.phase == "drives"
        assert p.place_m == pytest.approx(
            Way(on.network, on.trips[lorry]).place_at(p.seen_s - behind_s), abs=30.0
        )
        assert p.behind_s == pytest.approx(behind_s, abs=15.0)
        assert p.treated <= jobs_by(on, lorry, 720.0)
        assert len(jobs_by(on, lorry, 600.0) - p.treated) <= 1
        assert p.last_s == pytest.approx(card_of(on, lorry).last_s + behind_s, abs=15.0)
        assert not p.is_silent(now_s)
        assert p.is_silent(now_s + 400.0)


def test_a_stretch_passed_with_the_spreader_off_is_not_treated_and_a_late_lorry_says_what_will_be_late() -> (
    None
):
    _, _, on = night(3)
    steps = on.trips["L2"].steps
    first = [n for n, s in enumerate(steps) if isinstance(s, Leg) and s.job][2]
    at_s = steps[first].ends_s + 400.0
    p = progress_of(on, {"L2": drive(on, "L2", at_s, off=[first])}, at_s)["L2"]
    assert first in p.skipped
    late = progress_of(on, {"L2": drive(on, "L2", 9000.0, behind_s=6000.0)}, 9000.0)["L2"]
    assert late.late
    assert all(s > 0.0 for _, s in late.late)


def test_a_lorry_loads_goes_off_its_way_comes_back_or_never_reports() -> None:
    _, _, on = night(3)
    steps: Sequence[object] = on.trips["L2"].steps
    load = next(s for s in on.trips["L2"].steps if not isinstance(s, Leg))
    at_s = load.begins_s + 600.0
    p = progress_of(on, {"L2": drive(on, "L2", at_s)}, at_s)["L2"]
    assert (p.phase, steps[p.step]) == ("loads", load)
    ends_s = on.trips["L2"].ends_s + 300.0
    assert progress_of(on, {"L2": drive(on, "L2", ends_s)}, ends_s)["L2"].phase == "back"
    away = drive(on, "L2", 900.0)
    lost = [*away[:-4], *(_moved(r) for r in away[-4:])]
    assert progress_of(on, {"L2": lost}, 900.0)["L2"].phase == "off_plan"
    unseen = progress_of(on, {}, 900.0)["L2"]
    assert (unseen.by_clock, unseen.treated, unseen.skipped) == (True, frozenset(), ())
    assert unseen.assumed == frozenset(jobs_by(on, "L2", 900.0))


def _moved(r: object) -> object:
    from dataclasses import replace

    return replace(r, latitude_deg=r.latitude_deg + 0.1)  # type: ignore[type-var,attr-defined]
