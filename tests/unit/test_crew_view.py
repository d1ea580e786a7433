"""What the crew's page says of a lorry: nothing is taken from its list that nobody said or saw."""

from __future__ import annotations

from typing import Any

import msgspec

from ops_api.web.crew_view import Facts, LorryView, StopView, acts_by_bin, lorry_view
from rules.core.collection_acts.record import Act
from rules.core.crew.model import LorryProgress, StopNow
from rules.core.crew_card.lines import Line
from rules.core.rounds.model import Place
from rules.core.rounds.plan import Stop

AT = Place(52.5, -1.25)
KINDS = (("start", "yard"), ("bin", "b1"), ("bin", "b2"), ("break", "b2"), ("tip", "far"), ("end", "yard"))
ROWS: dict[str, Any] = {
    "b1": {"label": "Market & Mill", "state": {"fill_pct": 81.6}},
    "b2": {"label": "Bus stop", "state": None},
}


def lines() -> tuple[Line, ...]:
    return tuple(
        Line(
            str(n) if kind == "bin" else "", kind, ref, AT, ROWS.get(ref, {}).get("label", kind), "", "full", n == 1, None,
            ("High Street",), 100 * n,
            Stop(kind=kind, ref=ref, place=AT, arrive_s=600 * n, begins_s=600 * n, ends_s=600 * n + 300, metres=1234 if n == 2 else 96),
        )
        for n, (kind, ref) in enumerate(KINDS)
    )  # type: ignore[arg-type]  # fmt: skip


def progress(*changes: dict[str, Any], **more: Any) -> LorryProgress:
    """A lorry that is about to go to the first bin; ``changes``: of its stops from the first on."""
    stops = [
        StopNow(
            index=n, kind=kind, ref=ref, place=AT, state="next" if n == 1 else "to_come", planned_s=600 * n
        )  # type: ignore[arg-type]
        for n, (kind, ref) in enumerate(KINDS)
    ]
    for n, change in enumerate(changes):
        stops[n] = msgspec.structs.replace(stops[n], **change)
    usual: dict[str, Any] = {
        "lorry_id": "L", "version": 3, "phase": "drives", "place": None, "seen_s": None, "load_kg": 100.0, "load_l": 900.0,
        "driven_s": 0, "worked_s": 0, "began_s": 0, "stops": tuple(stops), "next": 1, "behind_s": 0, "ends_s": 3000,
        "bins_n": 2, "done_n": sum(s.state == "done" and s.kind == "bin" for s in stops), "skipped_n": 0,
    }  # fmt: skip
    return LorryProgress(**{**usual, **more})


def view(p: LorryProgress, acts: dict[str, Act] | None = None) -> LorryView:
    return lorry_view(p, lines(), Facts(ROWS, acts or {}, 1000.0, 2000.0, lambda s: f"{s:.0f}", "05:20"))


def refs(stops: tuple[StopView, ...]) -> list[tuple[str, str]]:
    return [(s.kind, s.ref) for s in stops]


def test_the_next_stop_is_first_with_its_level_its_way_and_where_it_is() -> None:
    found = view(progress({"state": "done"}, behind_s=1260))
    first = found.next
    assert first is not None
    assert (first.ref, first.fill, first.way, first.metres, first.at) == (
        "b1",
        "82 % full",
        "High Street",
        "100 m",
        "600",
    )
    assert first.geo == "geo:52.500000,-1.250000?q=52.500000,-1.250000(Market%20%26%20Mill)"
    second = found.ahead[1]
    assert (second.fill, second.metres) == ("Level not known", "1.2 km")
    assert refs(found.ahead) == [*KINDS[1:]]
    assert found.ahead[2].at == "1800, 5 min"
    assert (found.load, found.full_pct, found.late, found.back) == (
        "100 kg",
        45,
        "21 min later than planned",
        "3000",
    )
    assert view(progress(behind_s=300)).late == ""


def test_who_goes_elsewhere_first_sees_that_first() -> None:
    found = view(progress({}, {"state": "to_come"}, {"state": "next"}, next=2))
    assert refs(found.ahead)[:2] == [("bin", "b2"), ("bin", "b1")]


def test_what_only_the_plans_clock_says_stays_on_the_list() -> None:
    clock = {"state": "done", "by": "clock", "at_s": 900}
    found = view(progress(clock, clock, {"state": "next"}, next=2))
    assert refs(found.ahead)[:2] == [("bin", "b1"), ("bin", "b2")]
    assert (found.done, found.behind, found.ahead[0].at) == (0, (), "600")


def test_what_is_behind_says_who_said_it_and_what_the_crew_said_can_be_undone() -> None:
    act = Act(
        act_id=7, ref="bin:b1", what="blocked", at_s=0.0, by="Cleo", role="crew", via="x", lorry="L", seen={"photo_sha256": "ab"},
    )  # fmt: skip
    said = {"state": "skipped", "by": "crew", "what": "blocked", "at_s": 700}
    seen = {"state": "done", "by": "sensor", "at_s": 1300}
    found = view(progress({"state": "done"}, said, seen), acts_by_bin((act,), "L"))
    assert [(s.ref, s.said, s.act_id, s.photo) for s in found.behind] == [
        ("b1", "Blocked", 7, "ab"), ("b2", "Emptied, by its sensor", None, ""),
    ]  # fmt: skip
    assert acts_by_bin((act,), "other") == {}
    other = {**said, "lorry_id": "M"}
    assert view(progress({}, other)).behind[0].said == "Blocked by M"


def test_what_was_done_under_a_plan_before_is_behind_by_its_name() -> None:
    earlier = StopNow(
        index=4,
        kind="bin",
        ref="b1",
        place=AT,
        state="done",
        planned_s=1,
        at_s=5,
        what="collected",
        by="crew",
    )
    gone = msgspec.structs.replace(earlier, ref="away", at_s=2)
    found = view(progress({"state": "done"}, earlier=(earlier, gone)))
    assert [(s.ref, s.title, s.at) for s in found.behind] == [
        ("away", "away", "2"),
        ("b1", "Market & Mill", "5"),
    ]
