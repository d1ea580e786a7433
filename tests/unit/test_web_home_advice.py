"""What a resident is told to do until there is a whole day: from the rules' state alone."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from ops_api.web.home_facts import Fact
from ops_api.web.home_view import HomeView
from rules.core.psychrometrics import absolute_humidity_g_m3, vapour_pressure_pa
from tests.fakes.home_states import STATES, known, points, room, view_of

FROST = {"outdoor_temperature_c": -5.0}


def home(temperature_c: float, humidity_pct: float, usual_c: float | None = None, **state: Any) -> HomeView:
    holds = float(absolute_humidity_g_m3(temperature_c, vapour_pressure_pa(temperature_c, humidity_pct)))
    k = known(
        room(temperature_c=temperature_c, humidity_pct=humidity_pct),
        state={"absolute_humidity_g_m3": holds, "device": "frog-1"} | state,
    )
    return view_of(k, drawn=[] if usual_c is None else points(usual_c, humidity_pct), events=[], diary=[])


def told(*args: Any, **state: Any) -> list[str]:
    return [said for said, _ in home(*args, **state).steps]


def fact(view: HomeView, name: str) -> Fact:
    return next(f for f in view.rooms[0].facts if f.name == name)


def test_a_cold_room_in_a_frost_is_warmed_before_a_window_is_opened() -> None:
    first, second, third = told(10.0, 80.0, risk="high", **FROST)
    assert "Warm" in first
    assert "window" not in first
    assert "5 minutes" in second
    assert "costs" in third


def test_a_window_is_open_for_less_time_in_a_frost() -> None:
    assert "5 minutes" in told(19.0, 70.0, risk="high", **FROST)[0]
    assert "10 minutes" in told(19.0, 70.0, risk="high", outdoor_temperature_c=9.0)[0]


def test_no_window_where_the_air_outside_may_be_as_wet() -> None:
    assert "window" not in told(18.0, 70.0, risk="high", outdoor_temperature_c=25.0)[0]


def test_no_window_where_it_is_not_known_what_the_air_outside_is_like() -> None:
    shown = view_of(STATES["first hours, no weather"])
    assert shown.answer.tone == "raised"
    assert shown.steps[0][0].endswith("use the fan.")
    assert "pen a window" not in " ".join(said for said, _ in shown.steps)


def test_a_dry_home_that_is_cold_is_not_told_to_do_nothing() -> None:
    assert told(20.0, 45.0, risk="low") == ["You do not need to do anything."]
    cold = told(11.0, 45.0, 12.0, risk="low")
    assert "cold" in cold[0]
    assert "18" in cold[0]
    assert len(cold) == 2
    # A room that is turned down for the night is no cold home.
    assert told(15.0, 45.0, 18.5, risk="low") == ["You do not need to do anything."]


def test_the_facts_do_not_contradict_the_first_line() -> None:
    raised = home(18.0, 51.0, risk="raised", surface_humidity_pct=75.0, humidity_limit_pct=50.0)
    assert fact(raised, "Humidity").tone == "watch"
    assert fact(raised, "At your coldest wall").tone == "watch"
    soaked = home(18.0, 70.0, risk="high", surface_humidity_pct=118.6)
    assert fact(soaked, "At your coldest wall").value == "100"
    fine = home(20.0, 45.0, risk="low", surface_humidity_pct=55.0, humidity_limit_pct=58.0)
    assert {f.tone for f in fine.rooms[0].facts} == {"good", "plain"}


def test_without_a_weather_station_the_page_says_what_it_lacks() -> None:
    view = home(18.0, 51.0, risk=None, outdoor_temperature_c=None)
    assert view.answer.tone == "unknown"
    assert "outside" in view.answer.then


def test_advice_is_short_and_blames_nobody() -> None:
    for t, rh, risk, outdoor in product(
        (5.0, 15.0, 17.0, 21.0), (20.0, 55.0, 65.0, 90.0), ("low", "raised", "high"), (-8.0, 12.0, 28.0, None)
    ):
        steps = told(t, rh, risk=risk, outdoor_temperature_c=outdoor)
        assert not re.search(r"(?i)mou?ld|your fault|you should|you must", " ".join(steps)), steps
        assert 1 <= len(steps) == len(set(steps)) <= 3, steps
        assert max(len(s.split()) for step in steps for s in re.split(r"[.:]", step)) <= 17, steps
