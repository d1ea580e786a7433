"""A crew's card says each stop with its reason and its way; the same on paper and as a track."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import msgspec

from devices.registry import BinSite
from ops_api.crew_desk import Told
from ops_api.crew_files import _track
from rules.core.crew_card.lines import Line, line_of, lines_of, way_words
from rules.core.crew_card.paper import card_document, clock_of
from rules.core.crew_card.track import track
from rules.core.gpx import NAMESPACE
from rules.core.rounds.plan import LorryRound, RoundPlan
from rules.core.rounds.planner import Inserting
from rules.evidence.card_pdf import set_card
from rules.rounds.ports import Rounds
from tests.fakes.pdf_text import pdf_text
from tests.fakes.rounds_town import day_of, lorries

ZONE = ZoneInfo("Europe/London")
REQUEST = day_of(bins=10)
PLAN = Inserting()(REQUEST)
ROUND = next(r for r in PLAN.rounds if len(r.bins) > 2)
SITES = {
    c.bin_id: BinSite(
        bin_id=c.bin_id, label=f"Market {c.bin_id}", street="High Street", device="s", latitude_deg=52.0,
        longitude_deg=0.0,
    )
    for c in REQUEST.candidates[1:]
}  # fmt: skip


def lines(
    network: object = REQUEST.network, plan: RoundPlan = PLAN, round_: LorryRound = ROUND
) -> tuple[Line, ...]:
    return lines_of(round_, plan.made_from.candidates, SITES, REQUEST.fleet, network)  # type: ignore[arg-type]


def test_each_stop_has_a_line_with_its_reason_and_the_streets_to_it() -> None:
    found = lines()
    assert [(f.kind, f.ref) for f in found] == [(s.kind, s.ref) for s in ROUND.stops]
    bins = [f for f in found if f.kind == "bin"]
    assert [f.number for f in bins] == [str(n) for n in range(1, len(ROUND.bins) + 1)]
    candidates = {c.bin_id: c for c in REQUEST.candidates}
    for f in bins:
        known = candidates[f.ref]
        assert (f.must, f.litres, f.why) == (known.must, known.litres, known.why or known.code)
        # A bin that was taken away since is told by its number.
        assert f.title == (f"Market {f.ref}" if f.ref in SITES else f.ref)
    assert found[-1].at_m == ROUND.metres == sum(s.metres for s in ROUND.stops)
    assert any(f.way for f in found)
    network = REQUEST.network
    for f in found:
        streets = [network.segments[network.arcs[a].segment].street for a in f.stop.arcs]
        assert set(f.way) <= set(streets)
        assert all(a != b for a, b in zip(f.way, f.way[1:], strict=False))


def test_with_other_roads_than_the_plans_nothing_is_said_of_streets() -> None:
    assert all(f.way == () for f in lines(None))
    places = [(s.place.longitude_deg, s.place.latitude_deg) for s in ROUND.stops]
    straight = line_of(ROUND, None)
    assert straight == [p for n, p in enumerate(places) if n == 0 or p != places[n - 1]]
    assert len(line_of(ROUND, REQUEST.network)) > len(straight)


def test_a_long_way_is_told_by_its_ends() -> None:
    assert way_words("abc") == "a, b, c"
    assert way_words("abcdefgh") == "a, b, c, …, f, g, h"
    assert way_words(()) == ""


def test_a_tip_says_when_it_is_open() -> None:
    noon = msgspec.structs.replace(ROUND.stops[1], kind="tip", ref="noon")
    [line] = lines(round_=LorryRound(lorry_id="L0", stops=(noon,)))
    assert (line.title, line.about, line.number) == ("Unload at noon", "open 06:30 to 12:00", "")
    [always] = lines(round_=LorryRound(lorry_id="L0", stops=(msgspec.structs.replace(noon, ref="far"),)))
    assert always.about == ""
    assert {t.id for t in lorries().tip} == {"noon", "far"}


def test_the_paper_has_boxes_to_tick_and_says_when_it_does_not_count() -> None:
    document = card_document(PLAN, 3, ROUND, lines(), ZONE, council="Anytown <&>")
    assert document["title"] == f"Round {ROUND.lorry_id}"
    assert [s["number"] for s in document["stops"] if s["kind"] == "bin"] == [
        str(n + 1) for n in range(len(ROUND.bins))
    ]
    assert document["stops"][-1]["title"] == "Back in the yard"
    first = next(s for s in ROUND.stops if s.kind == "bin")
    local = datetime.fromtimestamp(PLAN.day_s + first.begins_s, ZONE)
    assert next(s["at"] for s in document["stops"] if s["kind"] == "bin") == f"{local:%H:%M}"
    made = datetime.fromtimestamp(PLAN.day_s, UTC)
    pdf = set_card("rules.rounds", document, made)
    text = pdf_text(pdf)
    assert "Anytown <&>" in text
    assert "Emptied" in text
    assert "REPLACED" not in text
    assert set_card("rules.rounds", document, made) == pdf
    old = card_document(PLAN, 3, ROUND, lines(), ZONE, council="x", replaced=4)
    assert "REPLACED by plan 4" in pdf_text(set_card("rules.rounds", old, made))


def test_the_track_has_a_waypoint_for_each_stop() -> None:
    clock = clock_of(PLAN.day_s, ZONE)
    way = line_of(ROUND, REQUEST.network)
    root = ET.fromstring(track(lines(), way, "L <&>\x0b", "about", PLAN.day_s, clock))
    names = [w.findtext(f"{{{NAMESPACE}}}name") for w in root.iter(f"{{{NAMESPACE}}}wpt")]
    assert len(names) == len(ROUND.stops)
    assert names[-1] == "Back in the yard"
    assert len(list(root.iter(f"{{{NAMESPACE}}}trkpt"))) == len(way)


def test_the_card_has_the_days_date_also_when_the_clocks_go_forward() -> None:
    noon = datetime(2026, 3, 29, 12, tzinfo=ZONE)
    plan = msgspec.structs.replace(PLAN, day="2026-03-29", day_s=round(noon.timestamp()) - 43_200)
    found = card_document(plan, 7, ROUND, lines(), ZONE, council="Town")
    assert "Sunday 29 March 2026" in found["subtitle"]
    rounds = Rounds(
        version=7, day=plan.day, after=None, decision_id=None, fleet_id=1, at_s=noon.timestamp(), by="Ada", role="x",
        via="x", reason="", plan=plan,
    )  # fmt: skip
    told = Told({ROUND.lorry_id: lines()}, {ROUND.lorry_id: []})
    assert b"Sunday 29 March 2026" in _track(rounds, told, ROUND.lorry_id, ZONE, "Town", None)
