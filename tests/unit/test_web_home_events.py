"""Moisture that the frog noticed: what is asked, and of what nobody is asked."""

from __future__ import annotations

from datetime import timedelta

from ops_api.web.home_events import ASKED, amount, noticed
from tests.fakes.home_states import BRAND, DIARY, EVENTS, NOW, STATES, view_of


def test_the_newest_unnamed_events_are_asked_about_with_the_guess_first() -> None:
    cooking, shower, washing = noticed(EVENTS, DIARY, BRAND, NOW)
    assert cooking.question == "Was this cooking?"
    assert [c.activity for c in cooking.choices] == ["cooking", "shower", "other"]
    assert cooking.choices[0].name == "Yes, cooking"
    assert (shower.question, shower.title) == ("", "Shower or bath")
    assert [c.activity for c in washing.choices] == ["washing", "other"], "hours of drying are no shower"


def test_what_outdoor_air_or_furnishings_did_is_no_question() -> None:
    assert 4 not in {n.event_id for n in noticed(EVENTS, DIARY, BRAND, NOW)}


def test_any_answer_ends_the_question() -> None:
    answered = [*DIARY, {"diary_entry_id": 9, "at": EVENTS[0]["started_at"], "activity": "other"}]
    first = noticed(EVENTS, answered, BRAND, NOW)[0]
    assert (first.question, first.title) == ("", "Something else")


def test_an_entry_that_speaks_of_one_event_answers_for_no_other() -> None:
    other = EVENTS[1] | {"event_id": 9, "started_at": NOW - timedelta(hours=10.5), "peak_at": NOW - timedelta(hours=10), "diary_entry_id": None}  # fmt: skip
    found = {n.event_id: n for n in noticed([other, EVENTS[1]], DIARY, BRAND, NOW)}
    assert found[9].question
    assert not found[2].question


def test_nobody_is_asked_too_much() -> None:
    many = [
        EVENTS[0] | {"event_id": n, "started_at": NOW - timedelta(hours=5 * n), "peak_at": NOW - timedelta(hours=5 * n)}
        for n in range(1, 9)
    ]  # fmt: skip
    assert sum(bool(n.question) for n in noticed(many, [], BRAND, NOW)) == ASKED


def test_water_is_told_in_cups_and_litres() -> None:
    assert [amount(g) for g in (100, 260, 700, 1900)] == [
        "about half a cup of water",
        "about 1 cup of water",
        "about 3 cups of water",
        "about 1.9 litres of water",
    ]


def test_the_chart_marks_diary_and_found_events_apart() -> None:
    marks = view_of(STATES["raised, cold"]).humidity.marks
    assert [m.found for m in marks] == [False, True, True, True]
