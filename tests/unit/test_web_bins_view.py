"""What the bins page says while a round is driven and bins go on filling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ops_api.web import bins_view
from ops_api.web.brand import Brand

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)


def a_bin(name: str, fill_pct: float, state: str, needed: bool, reason: str = "why") -> dict[str, Any]:
    return {
        "bin_id": name,
        "label": name,
        "street": "Mill Lane",
        "threshold_pct": 80.0,
        "state": {"fill_pct": fill_pct, "state": state, "needs_collection": needed, "reason": reason},
    }


def view(bins: list[dict[str, Any]], *stops: str) -> bins_view.BinsView:
    made = [{"bin_id": s, "order": i, "reason": "full: 81 %, threshold 80 %"} for i, s in enumerate(stops)]
    round_ = {"decided_at": NOW, "result": {"stops": made, "km": 3.25}}
    return bins_view.view(bins, round_, now=NOW, brand=Brand())


def test_a_bin_that_filled_up_after_the_round_was_made_is_not_said_to_wait() -> None:
    bins = [a_bin("a", 90.0, "full", True), a_bin("b", 10.0, "ok", False)]
    shown = view(bins)
    assert shown.headline == "Empty 1 bin today"
    assert "1 bin filled up since and is not in the round." in shown.sub
    assert "The other 1 can wait." in shown.sub


def test_stops_that_are_done_do_not_count_as_work() -> None:
    bins = [a_bin("a", 90.0, "full", True), a_bin("b", 0.0, "ok", False), a_bin("c", 5.0, "ok", False)]
    shown = view(bins, "a", "b")
    assert shown.headline == "Empty 1 bin today"
    assert "1 of 2 stops done." in shown.sub
    assert [s.state_name for s in shown.stops] == ["Full", "Done"]
    assert shown.states["b"][2] == 0
    assert view(bins[1:], "b").headline == "Today's round is done"


def test_a_bin_that_is_due_by_age_is_work_though_it_is_not_full() -> None:
    [stop] = view([a_bin("a", 20.0, "ok", True, "not emptied for 15 days, limit 14")], "a").stops
    assert (stop.state_name, stop.reason) == ("Not full", "not emptied for 15 days, limit 14")


def test_the_reason_speaks_of_the_level_that_is_shown() -> None:
    [stop] = view([a_bin("a", 94.0, "full", True, "full: 94 %, threshold 80 %")], "a").stops
    assert (stop.fill, stop.reason) == ("94%", "full: 94%, threshold 80%")
    [settled] = view([a_bin("a", 76.0, "full", True, "full: 76 %, threshold 80 %")], "a").stops
    assert (settled.fill, settled.reason) == ("76%", "was over its limit of 80%, has settled")


def test_a_town_without_bins_does_not_wait_for_their_readings() -> None:
    assert bins_view.view([], None, now=NOW, brand=Brand()).headline == "No bin is registered yet"
    waiting = bins_view.view([a_bin("a", 0.0, "unknown", False)], None, now=NOW, brand=Brand())
    assert waiting.headline.startswith("No round yet")


def a_round(*stops: dict[str, Any]) -> dict[str, Any]:
    return {"decided_at": NOW, "result": {"stops": list(stops), "km": 3.25}}


def test_the_first_line_of_bins_and_their_order() -> None:
    bins = [
        a_bin("a", 96.0, "overflowing", True),
        a_bin("b", 85.0, "full", True),
        a_bin("c", 10.0, "ok", False),
        a_bin("d", 88.0, "full", True),
    ]
    made = a_round({"bin_id": "b", "order": 2, "reason": "85%"}, {"bin_id": "a", "order": 1, "reason": "96%"})
    view = bins_view.view(bins, made, now=NOW, brand=Brand())
    assert view.headline == "Empty 3 bins today, 1 of them overflowing"
    assert [(s.order, s.bin_id) for s in view.stops] == [("1", "a"), ("2", "b")]
    assert [s.bin_id for s in view.added] == ["d"]
    assert view.states["a"] == ["overflowing", 96.0, 1]
    assert (
        bins_view.view(bins[2:3], a_round(), now=NOW, brand=Brand()).headline == "No bin needs emptying today"
    )
    assert bins_view.view(bins[2:3], None, now=NOW, brand=Brand()).headline.startswith("No round yet")


def test_a_stop_whose_bin_was_emptied_meanwhile_shows_its_level_now() -> None:
    view = bins_view.view(
        [a_bin("a", 0.0, "ok", False)],
        a_round({"bin_id": "a", "order": 1, "fill_pct": 90.0}),
        now=NOW,
        brand=Brand(),
    )
    assert (view.stops[0].fill, view.stops[0].state_name) == ("0%", "Done")


def test_a_stop_with_the_wrong_waste_is_a_separate_job_and_not_done() -> None:
    spoilt = a_bin("a", 90.0, "full", False, "separate job: wrong waste in it, said by the crew")
    spoilt["state"]["separate_job"] = True
    (stop,) = view([spoilt], "a").stops
    assert (stop.state_name, stop.needed) == ("Separate job", False)
    assert stop.reason == "separate job: wrong waste in it, said by the crew"
