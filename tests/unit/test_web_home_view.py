"""What a home's page says first, in every state that it knows; and how hard that is to read."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from devices.page import html, words
from ops_api.web import home_advice, home_view, home_why
from ops_api.web.home_answer import answer
from ops_api.web.home_facts import Fact
from ops_api.web.home_sure import risk_between
from ops_api.web.render import Templates
from tests.fakes.home_states import (
    BRAND,
    DAMP_NOW,
    DRY,
    NOW,
    STATES,
    days,
    finding,
    known,
    points,
    room,
    view_of,
)
from tests.fakes.readability import grade, sentences

TEMPLATES = Templates(BRAND)
BUTTONS = [(key, words.ACTIVITIES[key]) for key in words.BUTTONS]
MOST_GRADE = 4.0
"""Of a whole page: grade 4 is read at nine."""
MOST_OF_ONE = 10.0
"""Of a single sentence, so that no hard one hides among easy ones: a formula for pages is rough on one of eight words."""


def page(name: str) -> str:
    return TEMPLATES.render(
        "home.html",
        code="c",
        view=view_of(STATES[name]),
        entries=(),
        room="frog-1",
        notice="",
        live="/live/home",
        buttons=BUTTONS,
        label="1 High Street",
        today="Friday 9 January 2026",
    )


@pytest.mark.parametrize(
    ("name", "tone", "said"),
    [
        ("low", "low", "Your bedroom is at low risk of damp: its walls are dry"),
        ("raised, cold", "raised", "Your bedroom is at raised risk of damp: its coldest wall is damp about 9 hours a day"),
        ("high, building", "high", "Your bedroom is at high risk of damp: its coldest wall is damp nearly all day and night"),
        ("raised by the weeks before", "raised", "Your bedroom is at raised risk of damp: it was damp for a long time in the past weeks"),
        ("worse now than for days", "high", "Your bedroom is at high risk of damp: its coldest wall has been damp since 09:00 today"),
        ("first hours", "high", "Your bedroom is at high risk of damp: its coldest wall has been damp since 09:00 today"),
        ("new home", "unknown", "We can’t tell yet if your home is damp"),
        ("no weather", "unknown", "We can’t tell yet if your home is damp"),
        ("no data", "quiet", "Your frog has sent nothing yet"),
        ("no frog", "quiet", "There is no frog in your home"),
        ("first evening, wet", "unknown", "We can’t tell yet if your home is damp"),
        ("first evening, dry", "unknown", "We can’t tell yet if your home is damp"),
        ("a broken week after damp ones", "raised", "Your bedroom is at raised risk of damp: it was damp for a long time in the past weeks"),
        ("old readings", "quiet", "Your frog has not been heard since 18:00 on Tuesday"),
    ],
)  # fmt: skip
def test_the_first_sentence(name: str, tone: str, said: str) -> None:
    first = view_of(STATES[name]).answer
    assert first.tone == tone
    assert f"{first.headline}{first.rest and ': ' + first.rest}" == said


@pytest.mark.parametrize("name", STATES)
def test_a_page_can_be_read_at_nine_blames_nobody_and_names_a_risk_only(name: str) -> None:
    text = sentences(page(name))
    assert len(text) > 5
    assert grade(text) <= MOST_GRADE, name
    for sentence in text:
        assert grade([sentence]) <= MOST_OF_ONE, " ".join(sentence)
    assert not re.search(r"(?i)mou?ld|your fault|you should|you must", page(name))


@pytest.mark.parametrize("name", STATES)
def test_no_more_than_three_things_to_do_and_none_twice(name: str) -> None:
    steps = [said for said, _ in view_of(STATES[name]).steps]
    assert len(steps) == len(set(steps)) <= 3


def test_advice_is_worked_out_and_what_nobody_can_do_by_hand_comes_last() -> None:
    steps = view_of(STATES["raised, cold"]).steps
    assert re.fullmatch(
        r"Keep this room at \d\d\N{NO-BREAK SPACE}°C or more\.|Warming this room .*", steps[0][0]
    )
    assert all(why for _, why in steps)
    kinds = [i["kind"] for i in STATES["raised, cold"].advice["items"]]
    assert kinds[0] == "stay_below", "by its effect alone it would come first"
    assert not any("humidity here under" in said for said, _ in steps[:2])


def test_the_cause_is_named_with_how_sure_it_is_or_why_it_is_not_known() -> None:
    why = {name: view_of(k).why for name, k in STATES.items()}
    for name, part, sure in (
        ("raised, cold", "is cold: about 15", "We are quite sure of this."),
        ("high, air", "does not get out fast enough", "We are fairly sure of this."),
        ("high, water", "More may get in", "We are not sure. It may also be the cold."),
        ("high, building", "This is the building. It is not what you do.", "We are quite sure of this."),
        (
            "high, perhaps the building",
            "This may be the building.",
            "We are fairly sure of this. It may also be the cold.",
        ),
        (
            "high, the building and the cold",
            "This may be the building.",
            "We are quite sure of this. It may also be the cold.",
        ),
        ("too few days", "because we have 2 days of readings and need 10.", ""),
        ("first hours", "because there is no whole day", ""),
        ("worse now than for days", "This is new.", ""),
    ):
        found = why[name]
        assert found is not None
        assert part in found.text, name
        assert found.sure == sure, name
    assert why["too mild"] is None, "nothing to explain"
    assert why["new home"] is None


def test_what_stands_beside_a_cause_is_not_the_cause_by_another_name() -> None:
    beside = finding("raised", "load", 0.7, also=["moisture", "fabric"])
    found = home_why.why(beside)
    assert found.sure == "We are fairly sure of this. It may also be the wall itself."


def test_nobody_who_is_warned_reads_that_there_is_nothing_to_do() -> None:
    for name, k in STATES.items():
        shown = view_of(k)
        text = " ".join(said for said, _ in shown.steps)
        assert shown.answer.tone == "low" or "Your walls are dry" not in text, name
        assert shown.answer.tone == "low" or "do not need to do anything" not in text, name
    dry_now = view_of(STATES["high for days, dry just now"])
    assert dry_now.no_steps == home_advice.DRY_NOW
    assert len(dry_now.steps) == 3
    assert dry_now.steps[0][0].startswith(("Keep this room at", "Warming this room"))
    nothing_kept = replace(
        STATES["high for days, dry just now"], finding=finding("high") | {"advice": {"items": DRY}}
    )
    assert [said for said, _ in view_of(nothing_kept).steps] == [
        said for said, _ in home_advice.next_steps("high", {"items": DRY[1:], "reason": None}, None)[0]
    ]


def test_the_hours_that_are_told_are_of_whole_days_and_so_is_their_number() -> None:
    mixed = [*days(0)[:1], *days(18, surface_hours=17)[1:3], *days(0)[3:]]
    first = view_of(known(room(), found=finding("low", "none", 1.0), week=mixed)).answer
    assert (first.rest, first.of) == ("its walls are dry", "This is about 5 days up to yesterday.")
    one = view_of(known(room(), found=finding("low", "none", 1.0), week=mixed[:2])).answer
    assert one.of == "This is about one day: yesterday."


def test_help_with_the_cost_and_a_warning_stand_by_advice_to_heat() -> None:
    [(_, why), *_] = view_of(STATES["raised, cold"]).steps
    assert home_advice.HEATING_HELP in why
    for name in ("raised, cold", "low", "first hours"):
        assert html.SAFETY in page(name), name
    assert "flue" not in page("new home"), "nothing is advised"


def test_how_sure_names_the_band_gaps_flags_and_corrections() -> None:
    said = " ".join(view_of(STATES["gaps and a correction"]).sure)
    for part in (
        "The damp time may be 5 to 14 hours a day.",
        "61% of the readings",
        "Some readings are missing (9 days).",
        "Move it away from heaters",
        "We move the humidity of this frog down by 2.5 points",
        "7 homes in 10",
    ):
        assert part in said, part
    assert risk_between({}) == risk_between({"risk_band": ["low", "low"]}) == ""
    assert risk_between({"risk_band": ["unknown", "raised"]}) == ""
    assert risk_between({"risk_band": ["low", "raised"]}) == (
        "If your wall is warmer than we think, your risk is low. If it is colder, your risk is raised."
    )
    learned = " ".join(view_of(STATES["high, building"]).sure)
    assert "Your frog has measured how cold your wall gets." in learned


def test_the_worse_of_days_and_hours_is_said_first() -> None:
    for by_days, by_hours, tone in (
        ("low", "high", "high"),
        ("high", "low", "high"),
        ("raised", "raised", "raised"),
        ("low", None, "low"),
    ):
        k = known(room(), state={"risk": by_hours, "device": "frog-1"}, found=finding(by_days), week=days(9))
        assert answer(k, NOW, BRAND).tone == tone
    old = replace(STATES["raised, cold"], finding=finding() | {"to_day": NOW.date() - timedelta(days=20)})
    assert answer(replace(old, state={}), NOW, BRAND).tone == "unknown", "former days say nothing of now"


def test_a_silent_frog_says_what_it_was_before() -> None:
    first = view_of(STATES["old readings"]).answer
    assert first.then.startswith(
        "Before that, your bedroom was at raised risk of damp. Check that it has power"
    )
    assert view_of(STATES["old readings"]).steps == ()


def test_each_room_has_its_age_and_the_wall_is_only_of_the_room_it_is_about() -> None:
    here, there = view_of(STATES["two rooms, one silent"]).rooms
    assert (here.heard, here.quiet, here.chosen) == ("3 minutes ago", False, True)
    assert (there.name, there.quiet, there.at) == ("Sam’s room", True, "Tue 6 Jan 18:00")
    [damp] = view_of(STATES["high, air"]).rooms
    assert [f.name for f in damp.facts] == ["Temperature", "Humidity", "Dew point", "At your coldest wall"]
    other = known(
        room(), room(device_id=2, name="frog-2", room="kitchen"), state=DAMP_NOW | {"device": "frog-2"}
    )
    assert [len(r.facts) for r in view_of(other).rooms] == [3, 4]


def test_what_a_measured_wall_cannot_take_is_not_called_just_right() -> None:
    def said(name: str, **state: object) -> str:
        k = STATES[name]
        [found] = view_of(replace(k, state={**k.state, **state})).rooms
        return next(f.meaning for f in found.facts if f.name == "Humidity")

    assert said("a measured wall") == "More than your cold wall can take."
    dry = {"surface_humidity_pct": 62.0, "humidity_limit_pct": 50.0}
    assert said("a measured wall", **dry) == "Just right.", "a probe is believed before an assumed wall"


def facts(k_room: dict[str, object]) -> dict[str, Fact]:
    [found] = view_of(known(room(**k_room))).rooms
    return {f.name: f for f in found.facts}


def test_zero_degrees_is_a_reading_and_the_dew_point_is_worked_out() -> None:
    cold = facts({"temperature_c": 0.0, "humidity_pct": 0.0})
    assert (cold["Temperature"].value, cold["Humidity"].value) == ("0.0", "0")
    assert "Dew point" not in cold
    assert facts({"temperature_c": 20.0, "humidity_pct": 50.0})["Dew point"].value == "9.3"


def test_the_room_asked_for_wins_then_the_one_at_risk() -> None:
    rooms = [room(name="a"), room(name="b"), room(name="c")]
    assert home_view.chosen_room(rooms, "b", "c") is rooms[2]
    assert home_view.chosen_room(rooms, "b", "other") is rooms[1]
    assert home_view.chosen_room(rooms, None, None) is rooms[0]
    assert home_view.chosen_room([], None, None) is None


def test_a_gap_is_not_drawn_over_and_a_home_without_readings_says_so() -> None:
    assert view_of(STATES["raised, cold"]).humidity.path.count("M") == 2
    empty = view_of(STATES["no data"], drawn=[], events=[], diary=[])
    assert empty.humidity.path == ""
    assert empty.chart_summary == "There are no readings from the last 48 hours."
    assert len(points()) > 200
