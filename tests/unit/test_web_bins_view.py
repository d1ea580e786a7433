"""What the board of bins says: what must go, how soon, what the lorries have done, and what is the matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ops_api.bin_rounds import TodaysRounds
from ops_api.queries.bin_levels import Levels
from ops_api.web import bin_view, bins_all_view, bins_filter, bins_map, bins_strip, bins_view
from ops_api.web.bins_answer import Known
from ops_api.web.bins_filter import ALL, Filter
from ops_api.web.bins_lorries import lorry_rows
from ops_api.web.bins_today import Today
from ops_api.web.bins_wrong import wrongs
from ops_api.web.brand import Brand
from ops_api.web.render import Templates
from rules.core.crew.model import LorryProgress, StopNow
from rules.core.rounds.fleet import DepotEntry, RoundFleet, RoundLorry, TipEntry
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.plan import Costs, LorryRound, MadeFrom, NotCollected, RoundPlan, Stop
from rules.rounds.ports import Rounds

NOW = datetime(2026, 1, 9, 8, 0, tzinfo=UTC)
DAY_S = int(datetime(2026, 1, 9, tzinfo=UTC).timestamp())
HERE = Place(52.2, 0.14)
BRAND = Brand()
TEMPLATES = Templates(BRAND)
STRIP = {
    "from": "2026-01-09T12:00:00Z", "step_h": 12, "median_pct": [70, 90, 110], "low_pct": [65, 80, 90],
    "high_pct": [76, 101, 140], "p_over_pct": [2, 22, 71],
}  # fmt: skip


def a_bin(
    name: str, fill: float | None, state: str = "ok", needed: bool = False, **more: Any
) -> dict[str, Any]:
    return {
        "bin_id": name, "label": f"Shops, {name}", "street": "Mill Lane", "stream": "litter", "place": "", "threshold_pct": 80.0,
        "latitude_deg": 52.2, "longitude_deg": 0.14, "at": NOW - timedelta(minutes=20), "device": f"d-{name}",
        "state": {"fill_pct": fill, "state": state, "needs_collection": needed, "reason": "why", **more},
    }  # fmt: skip


def candidate(name: str, must: bool, p: float = 0.5, why: str = "full: 90 %, threshold 80 %") -> Candidate:
    code = "full" if must else "may"
    return Candidate(
        bin_id=name,
        place=HERE,
        stream="litter",
        litres=100.0,
        mass_kg=8.0,
        must=must,
        code=code,
        why=why,
        p_overflow=p,
    )


def stop(kind: Any, ref: str, hour: float, load_kg: float = 0.0) -> Stop:
    s = int(3600 * hour)
    return Stop(
        kind=kind, ref=ref, place=HERE, arrive_s=s, begins_s=s, ends_s=s + 60, load_kg=load_kg, metres=500
    )


def plan(**more: Any) -> RoundPlan:
    """Lorry one takes a at 09:00 and m at 10:00; c is left, d stranded; lorry two stays."""
    stops = (
        stop("start", "yard", 6.0), stop("bin", "a", 9.0, 40.0), stop("bin", "m", 10.0, 60.0), stop("tip", "north", 11.0),
        stop("end", "yard", 11.5),
    )  # fmt: skip
    left = (
        NotCollected(bin_id="d", must=True, code="stranded", why="no lorry's streets lead to Mill Lane"),
        NotCollected(
            bin_id="c", must=False, code="not_worth", why="£1.20 of way, worth £0.40", p_overflow=0.01
        ),
    )
    made = MadeFrom(
        candidates=(
            candidate("a", True),
            candidate("d", True),
            candidate("m", False, 0.3),
            candidate("c", False, 0.01),
        )
    )
    rounds = (LorryRound(lorry_id="one", stops=stops), LorryRound(lorry_id="two"))
    usual = {"rounds": rounds, "not_collected": left, "made_from": made}
    return RoundPlan(
        day="2026-01-09", day_s=DAY_S, costs=Costs(lorries_gbp=1.0, left_gbp=0.0), **{**usual, **more}
    )


FLEET = RoundFleet(
    depot=(DepotEntry(id="yard", latitude_deg=52.2, longitude_deg=0.14),),
    tip=(TipEntry(id="north", latitude_deg=52.21, longitude_deg=0.14),),
    lorry=(RoundLorry(id="one", depot="yard", max_kg=100.0), RoundLorry(id="two", depot="yard")),
)


def rounds(progress: dict[str, LorryProgress] | None = None, of: RoundPlan | None = None) -> TodaysRounds:
    kept = Rounds(
        version=7, day="2026-01-09", after=None, decision_id=1, fleet_id=1, at_s=DAY_S + 5 * 3600.0, by="morning", role="clock",
        via="rules", reason="", plan=of or plan(),
    )  # fmt: skip
    return TodaysRounds(kept, FLEET, progress or {})


def progress(states: Sequence[tuple[str, str]], behind_s: int = 0, **more: Any) -> LorryProgress:
    """Of lorry one: state and who says so, stop by stop."""
    stops = tuple(
        StopNow(
            index=i, kind=s.kind, ref=s.ref, place=HERE, state=state, planned_s=s.begins_s, by=by,  # type: ignore[arg-type]
            at_s=s.begins_s + 300 if state in ("done", "skipped") else None, expected_s=s.begins_s + behind_s,
            what="blocked" if state == "skipped" else None, reason="a van" if state == "skipped" else "",
        )
        for i, (s, (state, by)) in enumerate(zip(plan().rounds[0].stops, states, strict=True))
    )  # fmt: skip
    usual: dict[str, Any] = {
        "lorry_id": "one", "version": 7, "phase": "drives", "place": HERE, "seen_s": 8 * 3600, "load_kg": 0.0, "load_l": 0.0,
        "driven_s": 0, "worked_s": 0, "began_s": 6 * 3600, "stops": stops, "next": None, "behind_s": behind_s,
        "ends_s": int(11.5 * 3600) + behind_s, "bins_n": 2, "done_n": 1, "skipped_n": 0,
    }  # fmt: skip
    return LorryProgress(**{**usual, **more})


BINS = [
    a_bin("a", 90.0, "full", True), a_bin("m", 60.0), a_bin("c", 20.0), a_bin("d", 96.0, "overflowing", True), a_bin("e", 5.0),
]  # fmt: skip


def board(
    bins: Sequence[dict[str, Any]] = BINS, today: TodaysRounds | None = None, decision: Any = None, asked: Filter = ALL,
    now: datetime = NOW, alarms: Sequence[dict[str, Any]] = (),
) -> bins_view.BinsView:  # fmt: skip
    return bins_view.view(
        Known(bins=bins, decision=decision, rounds=today, alarms=alarms, now=now), BRAND, asked
    )


def test_the_first_lines_say_what_must_go_and_by_whom_and_when_lorries_are_back() -> None:
    shown = board(today=rounds())
    assert shown.headline == "2 bins must go today: 1 overflowing"
    assert (
        shown.sub
        == "1 more is worth the way. 1 lorry, back by 11:31. The other 2 can wait. Plan 7, made today 05:00."
    )
    assert shown.warnings == ("1 bin that must go is in no round: first in the list, with the reason.",)


def test_bins_that_fill_before_noon_are_counted_until_noon() -> None:
    soon = a_bin("a", 85.0, "full", True, outlook={"full_at": "2026-01-09T11:00:00Z"})
    others = [soon, *BINS[1:]]
    assert board(others, rounds()).headline == "2 bins must go today: 1 overflowing, 1 more full before noon"
    assert board(others, rounds(), now=NOW.replace(hour=13)).headline == "2 bins must go today: 1 overflowing"


def test_the_lists_are_in_the_order_of_work_with_what_is_in_no_round_first() -> None:
    shown = board(today=rounds())
    assert [(r.bin_id, r.standing.code, r.standing.tag) for r in shown.must] == [
        ("d", "left", ""),
        ("a", "to_come", "A1"),
    ]
    assert shown.must[0].why_left == "no lorry's streets lead to Mill Lane"
    assert [(r.bin_id, r.standing.text, r.chance) for r in shown.taken] == [("m", "10:00", "30%")]
    assert [(r.bin_id, r.why_left) for r in shown.left] == [("c", "£1.20 of way, worth £0.40")]


def test_what_was_emptied_since_counts_as_done_by_the_sensor_alone() -> None:
    emptied = a_bin("a", 2.0, last_emptied_at="2026-01-09T07:40:00Z")
    shown = board([emptied, *BINS[1:]], rounds())
    assert shown.headline == "1 of 2 bins that must go are still to do: 1 overflowing"
    assert [(r.bin_id, r.standing.text) for r in shown.must if not r.standing.is_open] == [
        ("a", "Emptied 07:40")
    ]
    assert shown.states["a"] == ["ok", 2.0, "", ""]
    yesterday = a_bin("a", 2.0, last_emptied_at="2026-01-08T23:40:00Z")
    assert board([yesterday, *BINS[1:]], rounds()).must[1].standing.text == "09:00"


def test_a_day_that_is_done_says_so() -> None:
    emptied = [a_bin(n, 2.0, last_emptied_at="2026-01-09T07:40:00Z") for n in "adm"]
    assert board(emptied, rounds()).headline == "All 2 bins that must go today are emptied"
    assert board([BINS[4]]).headline.startswith("No decision yet")
    assert board([]).headline == "No bin is registered yet"


DONE, NEXT, COMES = ("done", "crew"), ("next", ""), ("to_come", "")


def test_lorries_are_followed_where_they_are_heard_of() -> None:
    of = progress([DONE, DONE, NEXT, COMES, COMES], behind_s=1200)
    shown = board(today=rounds({"one": of}))
    assert {r.bin_id: r.standing.text for r in (*shown.must, *shown.taken)} == {
        "d": "In no round", "a": "Emptied 09:05", "m": "Next, 10:20",
    }  # fmt: skip
    [one, two] = shown.lorries
    assert (one.done, one.bins, one.back, one.late, one.phase, one.load) == (
        1,
        2,
        "11:50",
        "20 min late",
        "Under way",
        "0.1 t (60%)",
    )
    assert (two.stays, one.stays, two.letter) == (True, False, "B")
    assert shown.mark == "7:2"


def test_a_skipped_bin_says_why_and_one_that_only_the_clock_knows_of_is_not_said_to_be_done() -> None:
    shown = board(
        today=rounds(
            {"one": progress([DONE, ("skipped", "crew"), ("done", "clock"), COMES, COMES], phase="silent")}
        )
    )
    assert {r.bin_id: (r.standing.code, r.standing.text) for r in (*shown.must, *shown.taken)} == {
        "d": ("left", "In no round"), "a": ("skipped", "Skipped 09:05: blocked"), "m": ("unsure", "Was due 10:00, not confirmed"),
    }  # fmt: skip
    assert shown.lorries[0].done == 0
    assert "one: away from the round, or not heard of." in shown.warnings


def test_what_an_earlier_plan_had_done_is_done() -> None:
    before = StopNow(
        index=1, kind="bin", ref="e", place=HERE, state="done", planned_s=0, at_s=7 * 3600, by="crew"
    )
    of = progress([DONE, NEXT, COMES, COMES, COMES], earlier=(before,))
    today = Today(rounds({"one": of}), NOW, BRAND)
    assert today.of("e", {}).text == "Emptied 07:00"


def test_a_bin_that_filled_up_since_the_plan_was_made_is_told_to_be_in_none() -> None:
    new = a_bin("new", 88.0, "full", True)
    shown = board([*BINS, new], rounds())
    assert ("new", "none", "Not in the plan") in [
        (r.bin_id, r.standing.code, r.standing.text) for r in shown.must
    ]
    assert shown.warnings[1] == "1 bin has come to need a lorry since the plan was made: plan again."


def test_a_bin_that_might_wait_when_the_plan_was_made_and_is_full_now_must_go() -> None:
    """The plan left ``c`` at 20 %: that it was not worth the way then is no reason now. ``m`` is on its round."""
    full = [a_bin("m", 85.0, "full", True), a_bin("c", 97.0, "overflowing", True)]
    shown = board([BINS[0], *full, *BINS[3:]], rounds())
    assert shown.headline == "4 bins must go today: 2 overflowing"
    assert [(r.bin_id, r.standing.code, r.standing.tag, r.why_left != "") for r in shown.must] == [
        ("c", "none", "", False), ("d", "left", "", True), ("a", "to_come", "A1", False), ("m", "to_come", "A2", False),
    ]  # fmt: skip
    assert (shown.taken, shown.left) == ((), ())
    assert shown.warnings[1] == "1 bin has come to need a lorry since the plan was made: plan again."


def test_a_later_plan_of_the_day_forgets_nothing_that_is_done() -> None:
    """The rounds' table counts what an earlier plan had done, and so do the answer and the list."""
    before = StopNow(
        index=1, kind="bin", ref="e", place=HERE, state="done", planned_s=0, at_s=7 * 3600, by="crew"
    )
    of = progress([DONE, NEXT, COMES, COMES, COMES], earlier=(before,), bins_n=3)
    dropped = candidate("x", True)
    of_day = {c.bin_id: c for c in (*plan().made_from.candidates, candidate("e", True), dropped)}
    shown = board(today=replace(rounds({"one": of}), candidates=of_day))
    assert shown.headline == "2 of 3 bins that must go are still to do: 1 overflowing"
    assert [(r.bin_id, r.standing.text) for r in shown.must][-1] == ("e", "Emptied 07:00")
    assert (shown.lorries[0].done, shown.lorries[0].bins) == (1, 3)


def test_a_plan_without_a_round_is_not_told_as_lorries_that_are_back() -> None:
    nobody = plan(rounds=(LorryRound(lorry_id="one"), LorryRound(lorry_id="two")))
    assert "No lorry has a round today. " in board(today=rounds(of=nobody)).sub


def test_a_bin_that_is_registered_no_more_has_no_page_to_go_to() -> None:
    shown = board(BINS[1:], rounds())
    gone = next(r for r in shown.must if r.bin_id == "a")
    assert (gone.has_page, gone.label, gone.state) == (False, "a", "unknown")
    page = TEMPLATES.render("_bins_must.html", view=shown)
    assert "a, not registered any more" in page
    assert "/bins/a" not in page
    assert "/bins/d" in page


def page_of(row: dict[str, Any], today: TodaysRounds) -> bin_view.BinView:
    full = {
        **row, "sensitive": False, "max_age_days": 7.0, "capacity_l": 240.0, "model": None, "service_s": 60.0,
    }  # fmt: skip
    known = bin_view.KnownOfBin(
        row=full,
        levels=Levels(),
        story=(),
        alarms=(),
        active=(),
        decision=None,
        start=NOW - timedelta(days=14),
    )
    return bin_view.view(known, Today(today, NOW, BRAND), BRAND)


def test_a_bins_page_does_not_show_the_level_of_before_as_that_of_an_emptied_bin() -> None:
    driven = rounds({"one": progress([DONE, DONE, NEXT, COMES, COMES])})
    before = a_bin("a", 90.0, "full", True) | {"at": NOW}
    assert page_of(before, driven).headline == "Shops, a: emptied 09:05, 90% full before"
    after = a_bin("a", 6.0) | {"at": NOW + timedelta(hours=2)}
    assert page_of(after, driven).headline == "Shops, a: 6% full, emptied 09:05"


def test_a_bins_page_says_that_it_must_go_where_the_plan_had_left_it() -> None:
    shown = page_of(a_bin("c", 97.0, "overflowing", True), rounds())
    assert shown.headline == "Shops, c: 97% full, must go and is in no round"
    assert shown.round == (
        "It must go: why.", "It has come to this since the plan was made: it goes with the next one.",
    )  # fmt: skip


def test_what_was_worth_the_way_is_told_as_past_once_it_is_done() -> None:
    driven = rounds({"one": progress([DONE, DONE, DONE, COMES, COMES])})
    assert board(today=driven).sub.startswith("1 more was worth the way. ")
    assert board(today=rounds()).sub.startswith("1 more is worth the way. ")


def test_counts_by_state_say_that_they_are_of_last_readings() -> None:
    """The answer counts what is still to do: a bin emptied a minute ago has not reported, and counts as overflowing here."""
    driven = rounds({"one": progress([DONE, DONE, NEXT, COMES, COMES])})
    page = TEMPLATES.render("_bins_answer.html", view=board(today=driven))
    assert "By last readings:" in page
    assert 'aria-label="Bins by their last readings"' in page


def test_of_the_bins_in_no_round_the_worst_come_first() -> None:
    new = [a_bin("aa", 88.0, "full", True), a_bin("zz", 99.0, "overflowing", True)]
    assert [r.bin_id for r in board([*BINS, *new], rounds()).must] == ["d", "zz", "aa", "a"]


def test_wrong_waste_is_a_separate_job_and_no_lost_bin() -> None:
    spoilt = a_bin("d", 96.0, "overflowing", False, separate_job=True)
    shown = board([*BINS[:3], spoilt], rounds())
    assert shown.must[0].standing.text == "Separate job"
    assert shown.warnings == ()


def test_without_a_plan_the_decisions_candidates_are_shown_and_it_is_said() -> None:
    decided = {
        "decided_at": NOW - timedelta(hours=1),
        "result": {"candidates": [
            {"bin_id": "a", "must": True, "code": "full", "why": "full: 90 %", "p_overflow": None},
            {"bin_id": "c", "must": False, "code": "may", "why": "3 % likely", "p_overflow": 0.03},
        ]},
    }  # fmt: skip
    shown = board(BINS[:3], decision=decided)
    assert shown.headline == "1 bin must go today"
    assert shown.sub.startswith(
        "No lorry is planned yet today: these are the candidates as decided today 07:00."
    )
    assert [(r.bin_id, r.chance, r.standing.text) for r in shown.must] == [("a", "–", "No plan yet")]
    assert [(r.bin_id, r.chance) for r in shown.left] == [("c", "3%")]
    assert (shown.lorries, shown.warnings) == ((), ())
    old = {"decided_at": NOW, "result": {"stops": [{"bin_id": "a", "reason": "90 %"}]}}
    assert [r.bin_id for r in board(BINS[:1], decision=old).must] == ["a"]


def test_the_reason_speaks_of_the_level_that_is_shown() -> None:
    settled = a_bin("a", 76.0, "full", True, reason="full: 76 %, threshold 80 %")
    assert board([settled], rounds()).must[-1].why == "was over its limit of 80%, has settled"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", {"a", "m", "c", "d", "e"}),
        ("state=full", {"a"}),
        ("state=wrong", {"d"}),
        ("state=hot", {"a", "m", "c", "d", "e"}),
        ("stream=paper", set()),
        ("place=Shops&stream=litter&state=ok", {"m", "c", "e"}),
        ("%00=1&;&&=", {"a", "m", "c", "d", "e"}),
    ],
)
def test_the_lists_are_of_what_is_asked_for_and_the_answer_is_of_all(query: str, ids: set[str]) -> None:
    bins = [*BINS[:3], a_bin("d", 96.0, "overflowing", True, condition="blocked"), BINS[4]]
    shown = board(bins, rounds(), asked=bins_filter.read(query))
    assert set(shown.states) == ids
    assert {r.bin_id for r in (*shown.must, *shown.taken, *shown.left)} <= ids
    assert shown.headline == "2 bins must go today: 1 overflowing"
    assert bins_filter.read(shown.asked.query) == shown.asked


def test_what_is_wrong_is_told_once_with_since_when_and_what_to_do_the_worst_first() -> None:
    exceptions = [{"code": "blocked", "why": "something is at its sensor", "since": "2026-01-09T06:00:00Z"}]
    bins = [
        a_bin("b", 50.0, condition="blocked", exceptions=exceptions),
        a_bin("f", 50.0, on_fire=True),
        {**a_bin("s", 50.0), "at": NOW - timedelta(hours=9)},
        {**a_bin("n", None), "at": None, "state": None},
    ]
    alarms = [
        {"rule_id": "bins.fire", "subject_kind": "bin", "subject": "f", "alarm_id": 3, "raised_at": NOW - timedelta(minutes=5), "reason": "80 °C"},
        {"rule_id": "bins.full", "subject_kind": "bin", "subject": "f", "alarm_id": 4, "raised_at": NOW, "reason": "full"},
    ]  # fmt: skip
    found = wrongs(bins, alarms, Today(None, NOW, BRAND))
    assert [(w.bin_id, w.code, w.since, w.alarm_id) for w in found] == [
        ("f", "fire", "today 07:55", 3), ("b", "blocked", "today 06:00", None), ("n", "silent", "–", None), ("s", "silent", "yesterday 23:00", None),
    ]  # fmt: skip
    assert found[0].do.startswith("Call 999")
    # A crew's photo is shown with what crews take photos of, and with nothing else.
    photographed = [{**b, "photo": "ab" * 32} for b in bins]
    with_photo = wrongs(photographed, alarms, Today(None, NOW, BRAND))
    assert [w.code for w in with_photo if w.photo == "ab" * 32] == ["blocked"]


def test_a_strip_says_in_words_what_it_shows() -> None:
    found = bins_strip.draw({"strip": STRIP}, BRAND.time_zone, NOW)
    assert found is not None
    assert (
        found.text
        == "If it is left: may overflow by tomorrow 00:00 (22%), likely to by tomorrow 12:00 (71%)."
    )
    assert (
        found.calm.count("M"),
        found.may.count("M"),
        found.likely.count("M"),
        found.midnights.count("M"),
    ) == (1, 1, 1, 1)
    calm = {**STRIP, "p_over_pct": [0, 0, 1]}
    assert (
        bins_strip.said(calm, BRAND.time_zone, NOW)
        == "If it is left: no overflow within the week, 110% full by tomorrow 12:00."
    )
    assert bins_strip.draw({"strip": {**STRIP, "p_over_pct": [99, 100, 100]}}, BRAND.time_zone, NOW) is None
    assert bins_strip.draw({"strip": None}, BRAND.time_zone, NOW) is None
    assert bins_strip.draw(None, BRAND.time_zone, NOW) is None


def test_bars_of_likely_overflows_are_wider_and_none_leaves_the_picture() -> None:
    found = bins_strip.draw({"strip": {**STRIP, "median_pct": [0, 90, 250]}}, BRAND.time_zone, NOW)
    assert found is not None
    widths = [float(p.split("h")[1].split("V")[0]) for p in (found.calm, found.may, found.likely)]
    assert widths == sorted(set(widths))
    tops = [float(p.split()[1].split("h")[0]) for p in (found.calm, found.may, found.likely)]
    assert tops == sorted(tops, reverse=True)
    assert all(0.0 <= t <= found.height for t in tops)


def test_midnights_and_noons_are_told_apart_after_clocks_change() -> None:
    """From Sunday 25 October 2026, 02:00, on the half days end at 11:00 and 23:00."""
    n = 8
    week = {
        "from": "2026-10-23T23:00:00Z", "step_h": 12, "median_pct": [10] * n, "low_pct": [5] * n, "high_pct": [20] * n, "p_over_pct": [0] * n,
    }  # fmt: skip
    drawn = bins_strip.draw({"strip": week}, BRAND.time_zone, NOW)
    assert drawn is not None
    assert drawn.midnights.count("M") == n / 2
    assert drawn.midnights.startswith("M4 ")


def test_without_bins_nothing_is_said_of_their_week() -> None:
    shown = bins_all_view.view([], frozenset(), ALL, 1, NOW, BRAND)
    assert (shown.headline, shown.sub) == ("No bin is registered yet", "")
    none = bins_all_view.view(BINS, frozenset(), Filter(stream="glass"), 1, NOW, BRAND)
    assert none.sub == "None is as you asked for."
    assert "<table" not in TEMPLATES.render("bins_all.html", view=none)


def test_all_bins_are_listed_by_when_they_are_full_a_page_at_a_time() -> None:
    bins = [
        a_bin(f"b{i:03}", 50.0, outlook={"full_at": f"2026-01-{31 - i % 20:02}T00:00:00Z", "p_overflow": 0.004, "rate_pct_day": 8.25, "strip": STRIP})
        for i in range(150)
    ] + [a_bin("x", None)]  # fmt: skip
    first = bins_all_view.view(bins, frozenset(), ALL, 1, NOW, BRAND)
    assert (len(first.rows), first.pages, first.headline[:8]) == (100, 2, "150 bins")
    last = bins_all_view.view(bins, frozenset(), ALL, 99, NOW, BRAND)
    assert (len(last.rows), last.page, last.rows[-1].bin_id, last.rows[-1].strip) == (51, 2, "x", None)
    assert (first.rows[0].chance, first.rows[0].rate) == ("less than 1%", "8.2%")


def test_how_good_the_chances_were_is_said_once_some_were_settled() -> None:
    told = {
        "chances": 1198.0,
        "overflows": 383.2,
        "overflows_told": 379.9,
        "brier": 0.0752,
        "brier_usual": 0.2163,
        "calibration_error": 0.0151,
    }
    said = bins_all_view.scored(told)
    assert "of 1,198 that were settled" in said
    assert (
        "Brier score 0.075; 0.216 if each bin were told how often it comes. Calibration error 0.015." in said
    )
    assert "no longer" not in said
    assert "no longer what is told" in bins_all_view.scored({**told, "drifts": True})
    assert bins_all_view.scored({"chances": 0, "drifts": False}) == ""


def test_what_was_in_a_bin_that_is_emptied_is_said_to_be_over() -> None:
    emptied = a_bin("a", 2.0, last_emptied_at="2026-01-09T07:40:00Z", outlook={"p_overflow": 0.002})
    [row] = [r for r in board([emptied, *BINS[1:]], rounds()).must if r.bin_id == "a"]
    assert (row.why, row.chance) == ("was full: 90%, threshold 80%", "less than 1%")


def test_the_map_has_what_the_lists_have_and_parts_the_ways_where_the_lorry_is() -> None:
    of = rounds({"one": progress([DONE, DONE, NEXT, COMES, COMES])})
    known = Known(bins=BINS, decision=None, rounds=of, alarms=(), now=NOW)
    way = [(0.1, 52.0), (0.2, 52.0)]
    lines = {"one": [[], way, way, way, way], "two": []}
    document = bins_map.document(bins_view.view(known, BRAND), BINS, Today(of, NOW, BRAND), lines)
    [one, two] = document["lorries"]
    assert (len(one["done"]), len(one["to_do"]), one["at"], one["letter"]) == (1, 3, [0.14, 52.2], "A")
    assert (two["done"], two["to_do"]) == ([], [])
    assert {b["id"]: b["state"][2] for b in document["bins"]} == {
        "a": "",
        "m": "A2",
        "c": "",
        "d": "",
        "e": "",
    }
    assert [s["kind"] for s in document["sites"]] == ["yard", "tip"]


def test_without_the_fleet_a_load_has_no_share() -> None:
    rows = lorry_rows(Today(replace(rounds(), fleet=None), NOW, BRAND))
    assert rows[0].load == "0.1 t"
    out = lorry_rows(Today(replace(rounds(), out=frozenset({"one"})), NOW, BRAND))
    assert out[0].phase == "Out of service"


def test_more_than_26_lorries_have_letters_of_their_own() -> None:
    many = msgspec.structs.replace(plan(), rounds=tuple(LorryRound(lorry_id=f"l{i}") for i in range(60)))
    letters = Today(rounds(of=many), NOW, BRAND).letters
    assert len(set(letters.values())) == 60
    assert (letters["l25"], letters["l26"]) == ("Z", "AA")
