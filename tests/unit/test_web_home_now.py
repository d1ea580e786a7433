"""The state of the hour, worked out again where a correction holds or a wall was learned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ops_api.queries.home_now import state_now
from ops_api.web.home_answer import answer
from tests.fakes.home_states import BRAND, CALIBRATION, NOW, finding, known, room

ROOM = room(temperature_c=19.0, humidity_pct=62.0, wall_temperature_c=None)
STATE = {
    "device": "frog-1", "temperature_c": 19.0, "humidity_pct": 62.0, "outdoor_temperature_c": 5.0, "humidity_limit_pct": 57.0,
    "surface_temperature_c": 14.8, "surface_humidity_pct": 80.9, "risk": "high", "since": (NOW - timedelta(hours=9)).isoformat(),
}  # fmt: skip


def judged(
    state: dict[str, Any] = STATE, found: Any = None, factor: float = 0.7, **changes: Any
) -> dict[str, Any]:
    return dict(state_now(state, [ROOM | changes.pop("room", {})], found, [CALIBRATION | changes], factor))


def test_a_correction_counts_in_the_wall_the_limit_and_the_risk() -> None:
    now = judged(value_offset=-6.0)
    assert now["humidity_pct"] == pytest.approx(56.0)
    assert now["surface_humidity_pct"] == pytest.approx(80.9 * 56 / 62, abs=0.3)
    assert (now["risk"], now["since"]) == ("raised", None), "the alarm is of air that was not so wet"
    assert answer(known(ROOM, state=now), NOW, BRAND).tone == "raised"
    wetter = judged(STATE | {"since": None, "risk": "raised", "humidity_pct": 58.0}, value_offset=5.0)
    assert (wetter["risk"], wetter["since"]) == ("high", None)


def test_an_alarm_holds_down_to_where_it_would_end() -> None:
    now = judged(value_offset=-2.0)
    assert 75.0 < now["surface_humidity_pct"] < 80.0
    assert (now["risk"], now["since"]) == ("high", STATE["since"])


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "frog-2"},
        {"withdrawn_at": NOW},
        {"from_at": NOW},
        {"to_at": NOW - timedelta(hours=1)},
        {"room": {"ts": None}},
    ],
)
def test_without_a_correction_in_force_the_state_stays(changes: dict[str, Any]) -> None:
    assert judged(**changes) == STATE


def test_a_learned_wall_is_believed_before_an_assumed_one() -> None:
    found = finding() | {"advice": {"factor": 0.85}}
    assert state_now(STATE, [ROOM], found, [], 0.7) == STATE, "assumed as well"
    found["evidence"]["factor_learned"] = True
    now = state_now(STATE, [ROOM], found, [], 0.7)
    assert now["surface_temperature_c"] == pytest.approx(5.0 + 0.85 * 14.0)
    assert now["risk"] == "raised"
    assert now["humidity_limit_pct"] > 62.0
    elsewhere = found | {"device": "frog-2"}
    assert state_now(STATE, [ROOM], elsewhere, [], 0.7) == STATE


def test_a_probe_is_believed_first_and_corrected_as_well() -> None:
    now = judged(field="wall_temperature_c", value_offset=2.0, room={"wall_temperature_c": 14.8})
    assert now["surface_temperature_c"] == pytest.approx(16.8)
    assert now["risk"] == "raised"


def test_the_limits_are_those_of_the_finding_else_of_the_catalogue() -> None:
    own = {"raise_pct": 90.0, "clear_pct": 85.0, "watch_pct": 88.0, "outdoor_age_s": 1.0, "device_age_s": 1.0}
    assert judged(found=finding(limits=own) | {"device": "frog-2"}, value_offset=-1.0)["risk"] == "low"
    assert judged(found=finding(), value_offset=-0.1)["risk"] == "high"


def test_without_the_weather_nothing_is_made_up() -> None:
    bare = STATE | {
        "outdoor_temperature_c": None,
        "surface_temperature_c": None,
        "surface_humidity_pct": None,
    }
    now = judged(bare | {"risk": None, "since": None})
    assert (now["risk"], now["surface_humidity_pct"], now["humidity_limit_pct"]) == (None, None, None)
