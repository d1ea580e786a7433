"""What a resident's page says first, and of which room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_api.web import home_advice, home_view
from ops_api.web.brand import Brand

NOW = datetime(2026, 1, 9, 18, 0, tzinfo=UTC)
BRAND = Brand()


def room(**changes: Any) -> dict[str, Any]:
    return {
        "name": "frog-1",
        "label": "Frog 1",
        "room": "bedroom",
        "cadence_s": 300,
        "ts": NOW - timedelta(minutes=3),
        "temperature_c": 17.0,
        "humidity_pct": 72.0,
    } | changes


def home(the_room: dict[str, Any] | None, state: dict[str, Any] | None) -> home_view.HomeView:
    rooms = [] if the_room is None else [the_room]
    return home_view.view(
        {"label": "1 High Street"},
        rooms,
        the_room,
        state,
        [],
        [],
        span=(NOW - home_view.CHART_SPAN, NOW),
        now=NOW,
        brand=BRAND,
    )


@pytest.mark.parametrize(
    ("the_room", "state", "tone"),
    [
        (None, None, "quiet"),
        (room(ts=None), {"risk": "low"}, "quiet"),
        (room(ts=NOW - timedelta(minutes=31)), {"risk": "high"}, "quiet"),
        (room(), None, "unknown"),
        (room(), {"risk": "odd"}, "unknown"),
        (room(), {"risk": "low"}, "low"),
        (room(), {"risk": "raised"}, "raised"),
        (room(), {"risk": "high"}, "high"),
        (room(cadence_s=3600, ts=NOW - timedelta(hours=2)), {"risk": "high"}, "high"),
    ],
)
def test_the_first_line_of_a_home(
    the_room: dict[str, Any] | None, state: dict[str, Any] | None, tone: str
) -> None:
    view = home(the_room, state)
    assert view.tone == tone
    assert view.headline == home_view.HEADLINES[tone]
    assert view.action
    assert len(view.steps) <= 3


def test_a_window_is_advised_only_where_the_outside_air_is_drier() -> None:
    cold = {"risk": "high", "absolute_humidity_g_m3": 10.0, "outdoor_temperature_c": 2.0}
    assert "outside is drier" in home(room(), cold).action
    warm = cold | {"outdoor_temperature_c": 25.0}
    assert "drier" not in home(room(), warm).action
    dry_air = {"risk": "raised", "absolute_humidity_g_m3": 3.0, "outdoor_temperature_c": 2.0}
    assert "window" not in home(room(humidity_pct=40.0), dry_air).action


def test_water_that_air_can_hold_agrees_with_published_values() -> None:
    # Absolute humidity at 20 °C and 50 % is 8.64 g/m³ (Hyland-Wexler), so 17.29 at saturation.
    assert home_advice.saturation_g_m3(20) == pytest.approx(17.29, rel=0.004)
    assert home_advice.saturation_g_m3(5) == pytest.approx(6.457 / 0.95, rel=0.004)


def test_zero_degrees_is_a_reading() -> None:
    facts = {f.name: f for f in home(room(temperature_c=0.0, humidity_pct=0.0), {"risk": "low"}).facts}
    assert (facts["Temperature"].value, facts["Humidity"].value) == ("0.0", "0")
    assert facts["Temperature"].meaning.startswith("Cold")


def test_another_rooms_page_does_not_show_this_rooms_wall() -> None:
    state = {"risk": "high", "device": "frog-2", "dew_point_c": 11.0, "surface_humidity_pct": 90.0}
    assert [f.name for f in home(room(), state).facts] == ["Temperature", "Humidity"]
    here = home(room(), state | {"device": "frog-1"})
    assert [f.name for f in here.facts] == ["Temperature", "Humidity", "Dew point", "At your coldest wall"]


def test_the_room_asked_for_wins_then_the_one_at_risk() -> None:
    rooms = [room(name="a"), room(name="b"), room(name="c")]
    assert home_view.chosen_room(rooms, {"device": "b"}, "c") is rooms[2]
    assert home_view.chosen_room(rooms, {"device": "b"}, "other") is rooms[1]
    assert home_view.chosen_room(rooms, None, None) is rooms[0]
    assert home_view.chosen_room([], None, None) is None
