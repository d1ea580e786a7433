"""Ranking, clocks, words, file and map of the housing officer's pages."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_api.housing import view
from ops_api.housing.clocks import by_urgency, cases_of, clock_of, left_words
from ops_api.housing.csv_file import COLUMNS, to_csv
from ops_api.housing.listing import Wanted, by_clock, ranked, shared_home, so_since, sure_words, why_words
from ops_api.housing.wards import ward_document
from ops_api.web.ward_map import shade_of, ward_map
from rules.catalogue.law_files import load_law

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)  # a Thursday
LAW, DAYS = load_law()


def event(number: int, kind: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"number": number, "kind": kind, "at_s": at.timestamp(), "role": "officer", "by": "Amira", **more}


def case(number: int, *events: dict[str, Any]) -> dict[str, Any]:
    return {
        "case_id": number, "kind": "significant", "hazard": "damp and mould", "landlord": "", "council_owned": True,
        "opened_at": NOW.isoformat(), "opened_by": "", "events": list(events),
    }  # fmt: skip


def aware(number: int, day: int) -> dict[str, Any]:
    """A case whose landlord became aware on a day of January: the investigation has ten working days from there."""
    return case(number, event(number, "aware", datetime(2026, 1, day, 9, tzinfo=UTC)))


def finding(risk: str = "high", **more: Any) -> dict[str, Any]:
    base = {
        "week": "2026-01-12", "to_day": "2026-01-13", "risk": risk, "mould_index": 1.0, "cause": "heat", "confidence": 0.7,
        "room": "bedroom", "also": [], "not_enough": None, "completeness": 0.97, "days": 28, "flag_days": {},
    }  # fmt: skip
    return {**base, **more}


def row(
    home_id: int, risk: str | None = "low", newest: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "home_id": home_id, "label": f"{home_id} Oak Street", "ward_id": "w1", "ward": "Castle",
        "shares": [{"statistic": "risk", "room": None, "from_at": (NOW - timedelta(days=365)).isoformat()}], "at": NOW, "risk": risk, "since": None,
        "room": "", "finding": newest, "weeks": None if newest is None else [newest], "cases": [], **more,
    }  # fmt: skip


def home(*args: Any, **more: Any) -> Any:
    return shared_home(row(*args, **more), NOW, NOW, LAW, DAYS)


def test_homes_are_ranked_by_the_worse_of_wall_and_weeks_then_index_then_how_long() -> None:
    homes = [
        home(1, "low", finding("low")),
        home(2, "high", finding("low")),
        home(3, "low", finding("raised", mould_index=0.4)),
        home(4, None, finding("raised", mould_index=2.0)),
        home(5, None),
        home(6, "low", finding("high", mould_index=3.0)),
        home(7, "high", None, since=(NOW - timedelta(days=9)).isoformat()),
        home(8, "high", None, since=(NOW - timedelta(days=2)).isoformat()),
    ]
    assert [h.home_id for h in ranked(homes)] == [6, 2, 7, 8, 4, 3, 1, 5]
    assert [h.risk for h in ranked(homes)][-1] == "unknown"


def test_overdue_clocks_come_first_then_the_next_limit_then_homes_without_one() -> None:
    homes = [
        home(1, "high"),
        home(2, "low", cases=[aware(12, 6)]),  # until 20 January
        home(3, "low", cases=[aware(13, 5), aware(14, 12)]),  # until 19 January
        home(4, "low", cases=[case(15, event(1, "aware", datetime(2025, 12, 1, 9, tzinfo=UTC)))]),
        home(5, "low", cases=[case(16)]),
    ]
    assert [h.home_id for h in by_clock(homes)] == [4, 3, 2, 5, 1]
    assert [h.case_state for h in by_clock(homes)] == ["overdue", "running", "running", "waiting", "none"]
    rows = view.clock_rows(homes, [clock_of(cases_of([aware(99, 2)])[0], NOW, LAW, DAYS)])
    assert [r.clock.case_id for r in rows] == [15, 99, 13, 12, 14, 16]
    assert rows[1].home_id is None
    assert view.headline(homes, rows) == "1 case is overdue and 1 home is at high risk"
    calm = [h for h in homes if h.risk != "high"]
    assert view.headline(calm, []).startswith("No limit is overdue" if calm else "No household shares")
    assert view.headline([], []) == "No household shares its risk yet, and no limit is overdue"


def test_a_closed_case_is_over_and_runs_no_more() -> None:
    closed = case(
        1,
        event(1, "aware", datetime(2026, 1, 5, 9, tzinfo=UTC)),
        event(2, "closed", datetime(2026, 1, 6, 9, tzinfo=UTC), note="Moved out", role="resident"),
    )
    h = home(1, "low", cases=[closed])
    assert (h.case_state, h.clock.step) == ("over", "")
    assert view.clock_rows([h], []) == []
    said = case(1, closed["events"][0], closed["events"][1] | {"role": "officer"})
    assert home(1, "low", cases=[said]).case_state == "running", "the council's word alone"
    assert [c.where for c in by_urgency(home(2, "low", cases=[closed, aware(2, 6)]).clocks)] == [
        "running",
        "over",
    ]


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-01-16T00:00", "today"),
        ("2026-01-17T00:00", "until tomorrow"),
        ("2026-01-20T00:00", "4 days left"),
        ("2026-01-15T00:00", "overdue by 1 day"),
        ("2026-01-05T00:00", "overdue by 11 days"),
        ("2026-01-15T10:00", "overdue since today"),
    ],
)
def test_how_long_there_is_counts_local_days(until: str, said: str) -> None:
    at = datetime.fromisoformat(until).replace(tzinfo=DAYS.zone)
    assert left_words(at.timestamp(), NOW, DAYS) == said


def test_how_long_counts_unbroken_weeks_at_least_so_bad() -> None:
    def weeks(*risks: str) -> list[dict[str, Any]]:
        monday = datetime(2026, 1, 12, tzinfo=UTC)
        return [{"week": f"{monday - timedelta(weeks=n):%Y-%m-%d}", "risk": r} for n, r in enumerate(risks)]

    assert so_since("high", weeks("high", "high", "raised", "high"), None) == datetime(2026, 1, 5, tzinfo=UTC)
    assert so_since("raised", weeks("raised", "high", "low"), None) == datetime(2026, 1, 5, tzinfo=UTC)
    broken = weeks("high", "high", "high")
    del broken[1]
    assert so_since("high", broken, None) == datetime(2026, 1, 12, tzinfo=UTC)
    # A week that begins before it is shared is told from when it is.
    shared = datetime(2026, 1, 7, 15, tzinfo=UTC)
    assert so_since("raised", weeks("raised", "high", "low"), None, shared) == shared
    wall = datetime(2026, 1, 14, 3, tzinfo=UTC)
    assert so_since("high", weeks("low"), wall) == wall
    assert so_since("low", [], wall) is None
    assert home(1, "low", finding("high"), weeks=weeks(*["high"] * 5)).how_long == "for 4 weeks"


def test_why_is_said_with_how_sure_it_is_or_why_it_is_not_known() -> None:
    assert (
        why_words(finding(also=["fabric"]), None) == "Too little heat (fairly sure, 70%); also the building."
    )
    assert (
        why_words(finding(cause=None, not_enough="Two days only."), None)
        == "Not enough to tell why. Two days only."
    )
    assert why_words(finding(cause="none"), "low") == "The walls were dry nearly all the time."
    assert why_words({}, None) == ""
    assert "not known yet" in why_words({}, "high")
    assert [sure_words(x).split(",")[0] for x in (0.8, 0.6, 0.59, None)] == [
        "quite sure",
        "fairly sure",
        "not sure",
        "not sure",
    ]
    doubtful = home(1, "low", finding(completeness=0.5, flag_days={"gaps": 4, "drifts_from_sister": 1}))
    assert doubtful.quality == ("50% of the readings", "it moves away from the other box of the home (1 day)")


def test_a_list_is_narrowed_by_every_field() -> None:
    homes = [
        home(1, "high", finding("high"), ward_id="w1", cases=[aware(1, 6)]),
        home(2, "low", finding("low", cause=None), ward_id="w2"),
    ]
    for wanted, found in (
        (Wanted(), [1, 2]), (Wanted(risk="low"), [2]), (Wanted(cause="heat"), [1]), (Wanted(cause="untold"), [2]),
        (Wanted(case="none"), [2]), (Wanted(case="running"), [1]), (Wanted(ward="w2"), [2]), (Wanted(text="2"), [2]),
        (Wanted(text=" OAK "), [1, 2]), (Wanted(text="elm"), []), (Wanted(order="clock"), [1, 2]),
    ):  # fmt: skip
        assert [h.home_id for h in wanted.of(homes)] == found, wanted
    assert (Wanted(order="clock").narrow, Wanted(risk="low").narrow) == (False, True)


def test_a_file_has_a_line_a_home_and_no_formula() -> None:
    table = to_csv([home(1, "high", finding(), label="=cmd|x", cases=[aware(7, 6)]), home(2, None)])
    rows = list(csv.DictReader(io.StringIO(table)))
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["address"], rows[0]["case"], rows[0]["limit"]) == (
        "'=cmd|x",
        "7",
        "Tuesday 20 January 2026",
    )
    assert (rows[1]["risk"], rows[1]["case"], rows[1]["confidence"]) == ("unknown", "", "")


def test_a_case_is_shown_with_who_wrote_and_what_was_reminded() -> None:
    document = case(
        3,
        event(1, "aware", datetime(2026, 1, 5, 9, tzinfo=UTC), role="resident", by="resident"),
        event(2, "investigated", datetime(2026, 1, 14, 9, tzinfo=UTC), note="Cold bridge"),
    )
    [c] = cases_of([document])
    reminder = {
        "title": "Case 3: by Monday 19 January 2026: Investigate the hazard.", "recipient": "amira", "channel": "mail",
        "state": "suppressed", "sent_at": None, "not_before": NOW, "suppressed_why": "done, moved or closed meanwhile",
    }  # fmt: skip
    shown = view.case_view(c, clock_of(c, NOW, LAW, DAYS), [reminder], now=NOW, law=LAW, days=DAYS)
    assert [(what, by) for _, _, what, by in shown.entries] == [
        ("The landlord became aware.", "the household"),
        ("The investigation was concluded. Cold bridge", "Amira"),
    ]
    assert [s.state for s in shown.steps][:2] == ["done in time", "time is running"]
    assert shown.reminders[0].endswith(
        "to amira over mail: not sent today 12:00 (done, moved or closed meanwhile).".replace("to", "To", 1)
    )


def ward(name: str, homes: int, at_risk: int) -> dict[str, Any]:
    return {"ward_id": name, "label": name.upper(), "homes": homes, "at_risk": at_risk, "as_of": NOW.date()}


def test_the_map_draws_outlines_where_all_are_known_else_tiles() -> None:
    document = ward_document([ward("a", 30, 12), ward("b", 40, 10), ward("c", 6, 0), ward("d", 50, 11)], 5)
    assert [w["at_risk"] for w in document["wards"]] == [None, 10, None, 11]
    assert [w["homes"] for w in document["wards"]] == [30, 40, 6, 50]
    assert document["others"] == {"wards": 2, "homes": 36, "at_risk": 12}
    square = [[0.0, 52.0], [0.1, 52.0], [0.1, 52.1], [0.0, 52.1]]
    outlines = {w["ward_id"]: [[x + n * 0.1, y] for x, y in square] for n, w in enumerate(document["wards"])}
    drawn = ward_map(document["wards"], outlines)
    assert not drawn.tiles
    assert [s.says for s in drawn.shapes] == ["not told", "10 of 40", "not told", "11 of 50"]
    assert drawn.width > 3 * drawn.height / 2  # four squares in a row, east–west shortened as at 52° N
    tiles = ward_map(document["wards"], {**outlines, "c": []})
    assert (tiles.tiles, len(tiles.shapes)) == (True, 4)
    assert ward_map([], {}).shapes == ()
    assert [shade_of(*x) for x in ((40, 20), (40, 10), (40, 5), (100, 5), (40, None), (None, None))] == list(
        "432100"
    )
