"""What a resident is told to do, state by state."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from ops_api.web import home_advice, home_view
from ops_api.web.brand import Brand

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
FROST = {"outdoor_temperature_c": -5.0}


def home(
    temperature_c: float, humidity_pct: float, usual_c: float | None = None, **state: Any
) -> home_view.HomeView:
    room = {
        "name": "frog-1",
        "label": "Frog 1",
        "room": "bedroom",
        "cadence_s": 300,
        "ts": NOW - timedelta(minutes=3),
        "temperature_c": temperature_c,
        "humidity_pct": humidity_pct,
    }
    points = [
        {"at": NOW - timedelta(hours=h), "temperature_c": usual_c, "humidity_pct": humidity_pct}
        for h in range(24, 0, -1)
        if usual_c is not None
    ]
    holds = home_advice.saturation_g_m3(temperature_c) * humidity_pct / 100
    return home_view.view(
        {"label": "1 High Street"},
        [room],
        room,
        {"absolute_humidity_g_m3": holds, "device": "frog-1"} | state,
        points,
        [],
        span=(NOW - home_view.CHART_SPAN, NOW),
        now=NOW,
        brand=Brand(),
    )


def fact(view: home_view.HomeView, name: str) -> home_view.Fact:
    return next(f for f in view.facts if f.name == name)


def test_a_cold_room_in_a_frost_is_warmed_before_a_window_is_opened() -> None:
    view = home(10.0, 80.0, risk="high", **FROST)
    assert "Warm" in view.action
    assert "window" not in view.action
    assert "5 minutes" in view.steps[0]
    assert any("costs" in step for step in view.steps)
    assert any("landlord" in step for step in view.steps)


def test_a_window_is_open_for_less_time_in_a_frost() -> None:
    assert "5 minutes" in home(19.0, 70.0, risk="high", **FROST).action
    assert "10 minutes" in home(19.0, 70.0, risk="high", outdoor_temperature_c=9.0).action


def test_no_window_where_the_air_outside_may_be_as_wet() -> None:
    view = home(18.0, 70.0, risk="high", outdoor_temperature_c=25.0)
    assert "window" not in view.action


def test_a_dry_home_that_is_cold_is_not_told_to_do_nothing() -> None:
    assert home(20.0, 45.0, risk="low").action == "You do not need to do anything."
    cold = home(11.0, 45.0, usual_c=12.0, risk="low")
    assert "cold" in cold.action
    assert "18" in cold.action
    assert cold.steps
    # A room that is turned down for the night is no cold home.
    assert home(15.0, 45.0, usual_c=18.5, risk="low").action == "You do not need to do anything."


def test_the_facts_do_not_contradict_the_first_line() -> None:
    raised = home(18.0, 51.0, risk="raised", surface_humidity_pct=75.0, humidity_limit_pct=50.0)
    assert fact(raised, "Humidity").tone == "watch"
    assert fact(raised, "At your coldest wall").tone == "watch"
    soaked = home(18.0, 70.0, risk="high", surface_humidity_pct=118.6)
    assert fact(soaked, "At your coldest wall").value == "100"
    assert "100%" in soaked.why
    fine = home(20.0, 45.0, risk="low", surface_humidity_pct=55.0, humidity_limit_pct=58.0)
    assert {f.tone for f in fine.facts} == {"good"}


def test_without_a_weather_station_the_frog_says_what_it_lacks() -> None:
    view = home(18.0, 51.0, risk=None, outdoor_temperature_c=None)
    assert view.tone == "unknown"
    assert "outside" in view.action


def test_advice_is_short_and_blames_nobody() -> None:
    for t, rh, risk, outdoor in product(
        (5.0, 15.0, 17.0, 21.0), (20.0, 55.0, 65.0, 90.0), ("low", "raised", "high"), (-8.0, 12.0, 28.0, None)
    ):
        view = home(t, rh, risk=risk, outdoor_temperature_c=outdoor)
        said = " ".join((view.headline + ".", view.action, *view.steps, view.why))
        assert not re.search(r"(?i)mou?ld|your fault|you should|you must", said), said
        assert len(view.steps) <= 3, said
        assert len({view.action, *view.steps}) == 1 + len(view.steps), said
        assert max(len(s.split()) for s in re.split(r"[.:]", said)) <= 17, said
