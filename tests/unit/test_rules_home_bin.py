"""Damp walls and bins: published values and the stories that must come out right."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from rules.catalogue.loader import load
from rules.core.alarms import Demand
from rules.core.damp import (
    message,
    risk_of,
    room_humidity_limit_pct,
    surface_humidity_pct,
    surface_temperature_c,
)
from rules.core.effects import ChangeSeverity, ClearAlarm, Event, Flapping, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.fire_warning import heat_demand
from rules.core.home_rule import standing
from rules.core.memory import EngineState
from tests.fakes.rules_town import START, Reading, batch, context, hamlet, latest

CATALOGUE = load()

# Highest room humidity at 20 °C that keeps the coldest surface at 80 %: fRsi, then Te -5, 0, 5, 10.
LIMITS = [
    (0.5, 35.5, 42.0, 49.6, 58.4),
    (0.6, 42.0, 48.0, 54.7, 62.2),
    (0.65, 45.7, 51.3, 57.4, 64.2),
    (0.7, 49.6, 54.7, 60.3, 66.3),
    (0.75, 53.8, 58.4, 63.2, 68.4),
    (0.8, 58.4, 62.2, 66.3, 70.6),
    (0.9, 68.4, 70.6, 72.9, 75.2),
]


@pytest.mark.parametrize("row", LIMITS)
def test_room_limits(row: tuple[float, ...]) -> None:
    for outdoor, limit in zip((-5.0, 0.0, 5.0, 10.0), row[1:], strict=True):
        assert room_humidity_limit_pct(20.0, outdoor, row[0]) == pytest.approx(limit, abs=0.11)


def test_surface_humidity_and_what_moves_it() -> None:
    def wall(t: float = 18.0, rh: float = 70.0, f: float = 0.7) -> float:
        return surface_humidity_pct(t, rh, surface_temperature_c(t, 5.0, f))

    assert wall() == pytest.approx(89.8, abs=0.1)
    assert wall(rh=71.0) - wall() == pytest.approx(1.28, abs=0.02)
    assert wall(t=19.0) - wall() == pytest.approx(1.57, abs=0.03)
    assert wall(f=0.75) - wall() == pytest.approx(-3.7, abs=0.1)


def test_risk_and_words() -> None:
    p = CATALOGUE.damp.parameters
    assert [risk_of(v, False, p) for v in (None, 69.9, 70.0, 80.0)] == [None, "low", "raised", "high"]
    assert risk_of(76.0, True, p) == "high"
    assert "can't tell" in message(None, None, None, 18.0)
    assert message("low", 50.0, 60.0, 20.0).startswith("Your walls are dry.")
    assert "below 55 %" in message("raised", 74.0, 55.0, 20.0)
    assert "18 °C" in message("high", 130.0, 55.0, 15.0)
    for risk in ("low", "raised", "high"):
        words = message(risk, 78.0, 55.0, 15.0).split()
        assert sum(len(w) for w in words) / len(words) < 4.6  # short words


def frog(minutes: float, rh: float, t: float = 18.0, device: str = "frog-0") -> Reading:
    return ("frog", device, minutes * 60.0, {"temperature_c": t, "humidity_pct": rh})


def cold_air(minutes: float, air: float = 5.0) -> Reading:
    return ("weather", "wx-0", minutes * 60.0, {"air_temperature_c": air, "humidity_pct": 80.0})


def story(readings: list[Reading]):
    readings = sorted(readings, key=lambda r: r[2])
    return step(EngineState(), batch(readings), latest(readings), context())[1]


def test_a_damp_wall_raises_after_its_dwell_and_clears_after_its_own() -> None:
    wet = [frog(m, 75.0) for m in range(10, 400, 5)]
    dry = [frog(m, 50.0) for m in range(400, 600, 5)]
    effects = story([cold_air(0), *(cold_air(m) for m in range(2, 600, 60)), *wet, *dry])
    raised = [e for e in effects if isinstance(e, RaiseAlarm) and e.subject == "OAK"]
    cleared = [e for e in effects if isinstance(e, ClearAlarm) and e.subject == "OAK"]
    assert len(raised) == len(cleared) == 1
    assert raised[0].rule_id == "damp.surface_humidity"
    assert raised[0].at_s - START == 370 * 60.0  # 6 h after the first reading, at minute 10
    assert raised[0].inputs["surface_humidity_pct"] > 80.0
    assert raised[0].inputs["since"] == "2026-01-09T15:10:00Z"
    assert raised[0].held_since_s == START + 10 * 60.0
    assert cleared[0].at_s - START == 520 * 60.0


def test_a_shower_is_no_damp_wall() -> None:
    readings = [cold_air(m) for m in range(0, 900, 60)]
    readings += [frog(m, 85.0 if m % 300 < 60 else 50.0) for m in range(1, 900, 5)]
    assert not [e for e in story(readings) if isinstance(e, RaiseAlarm)]


def test_zero_degrees_is_a_value() -> None:
    effects = story([cold_air(0, 0.0), cold_air(2, 0.0), frog(5, 60.0, t=0.0)])
    home = next(e for e in effects if isinstance(e, SubjectState) and e.subject_kind == "home")
    assert home.state["temperature_c"] == 0.0
    assert home.state["outdoor_temperature_c"] == 0.0
    assert home.state["surface_temperature_c"] == 0.0
    assert home.state["risk"] == "low"


def test_without_outdoor_air_nothing_is_claimed_and_a_wall_probe_suffices() -> None:
    home = next(e for e in story([frog(5, 80.0)]) if isinstance(e, SubjectState))
    assert home.state["risk"] is None
    probe: Reading = (
        "frog",
        "frog-0",
        300.0,
        {"temperature_c": 18.0, "humidity_pct": 70.0, "wall_temperature_c": 14.1},
    )
    home = next(e for e in story([probe]) if isinstance(e, SubjectState))
    assert home.state["surface_temperature_c"] == 14.1
    assert home.state["surface_humidity_pct"] == pytest.approx(89.8, abs=0.2)


def test_a_wall_beyond_saturation_is_wet_and_shown_as_full() -> None:
    soaked: Reading = (
        "frog", "frog-0", 300.0, {"temperature_c": 18.0, "humidity_pct": 80.0, "wall_temperature_c": 10.0},
    )  # fmt: skip
    home = next(e for e in story([soaked]) if isinstance(e, SubjectState))
    assert home.state["surface_humidity_pct"] == 100.0
    assert "wall is wet. The air at your coldest wall is 100 % full" in home.state["message"]


@pytest.mark.parametrize("pct", [50.0, 75.0, 85.0, 130.0])
def test_residents_are_told_of_a_risk_never_of_what_grows(pct: float) -> None:
    said = message(risk_of(pct, False, CATALOGUE.damp.parameters), pct, 55.0, 17.0)
    assert "mould" not in said.lower()
    assert ("risk" in said) is (pct >= 80.0)
    assert "130" not in said


def bin_reading(minutes: float, mm: float, **more: float) -> Reading:
    return ("bin", "bin-0", minutes * 60.0, {"distance_mm": mm, **more})


def test_a_bin_fills_is_listed_and_emptied() -> None:
    filling = [bin_reading(30.0 * i, 900.0 - 40 * i) for i in range(20)]  # to 100 %
    emptied = [bin_reading(600.0 + 30 * i, 960.0) for i in range(6)]
    effects = story(filling + emptied)
    (raised,) = [e for e in effects if isinstance(e, RaiseAlarm)]
    (worse,) = [e for e in effects if isinstance(e, ChangeSeverity)]
    (cleared,) = [e for e in effects if isinstance(e, ClearAlarm)]
    (event,) = [e for e in effects if isinstance(e, Event) and e.kind == "bin_emptied"]
    assert raised.rule_id == cleared.rule_id == "bins.full"
    assert raised.inputs["threshold_pct"] == 80.0
    assert (raised.severity, worse.before, worse.severity) == ("warning", "warning", "major")
    assert "at or above 95 %" in worse.reason
    assert (event.kind, event.at_s) == ("bin_emptied", START + 600 * 60.0)
    state = next(e.state for e in effects if isinstance(e, SubjectState) and e.subject_kind == "bin")
    assert (state["state"], state["needs_collection"]) == ("ok", False)
    assert state["last_emptied_at"] == "2026-01-10T01:00:00Z"


def test_a_tilted_bin_says_nothing_of_its_fill() -> None:
    effects = story([bin_reading(30.0 * i, 210.0, tilt_deg=80.0) for i in range(5)])
    state = next(e.state for e in effects if isinstance(e, SubjectState) and e.subject_kind == "bin")
    assert (state["fill_pct"], state["state"]) == (None, "unknown")


def test_fire_is_told_at_once_and_summer_is_no_fire() -> None:
    p = CATALOGUE.fire.parameters
    assert heat_demand(((0.0, 76.0),), p) is Demand.ON
    assert heat_demand(((0.0, 38.0), (600.0, 52.0)), p) is Demand.ON
    assert heat_demand(((0.0, 45.0), (600.0, 55.0)), p) is Demand.HOLD  # sun on a metal lid
    assert heat_demand(((0.0, 38.0), (1800.0, 52.0)), p) is Demand.HOLD
    assert heat_demand(((0.0, 20.0),), p) is Demand.OFF
    assert heat_demand((), p) is None
    (alarm,) = [e for e in story([bin_reading(0.0, 20.0, temperature_c=80.0)]) if isinstance(e, RaiseAlarm)]
    assert (alarm.rule_id, alarm.severity, alarm.at_s) == ("bins.fire", "critical", START)


def test_silence_is_judged_by_the_device_s_own_interval() -> None:
    alive = [cold_air(m) for m in range(0, 200, 10)]
    effects = story([*alive, frog(1, 50.0), frog(150, 50.0), bin_reading(1, 500.0)])
    raised = [e for e in effects if isinstance(e, RaiseAlarm)]
    cleared = [e for e in effects if isinstance(e, ClearAlarm)]
    assert [(e.rule_id, e.subject_kind, e.subject, e.at_s) for e in raised] == [
        ("device.silent", "home", "OAK", START + 61 * 60.0)
    ]
    assert [m.subject for m in raised[0].members] == ["frog-0"]
    assert raised[0].held_since_s == START + 60.0
    assert raised[0].reason.startswith(
        "1 of 2 silent. frog-0: the last reading was measured at 2026-01-09T15:01"
    )
    assert [(e.rule_id, e.subject) for e in cleared] == [("device.silent", "OAK")]
    assert cleared[0].reason.startswith("frog-0 reports again")


def test_a_device_that_comes_and_goes_is_one_flapping_alarm_until_it_is_calm() -> None:
    alive = [cold_air(m) for m in range(0, 640, 10)]
    now_and_then = [frog(m, 50.0) for m in range(1, 500, 70)]  # an hour is its limit
    calm = [frog(m, 50.0) for m in range(496, 640, 5)]
    effects = [e for e in story([*alive, *now_and_then, *calm]) if getattr(e, "subject", "") == "OAK"]
    told = [e for e in effects if isinstance(e, RaiseAlarm | ClearAlarm | Flapping)]
    assert [type(e) for e in told] == [
        RaiseAlarm, ClearAlarm, RaiseAlarm, ClearAlarm, RaiseAlarm, Flapping, Flapping, ClearAlarm,
    ]  # fmt: skip
    begins, ends = told[5:7]
    assert isinstance(begins, Flapping)
    assert isinstance(ends, Flapping)
    assert (begins.begins, begins.changes, ends.begins) == (True, 3, False)
    assert told[-1].at_s >= START + (491 + 60) * 60.0


def test_a_silent_device_in_a_home_is_called_by_its_name_since_its_label_may_be_an_address() -> None:
    town = hamlet()
    labelled = tuple(msgspec.structs.replace(d, label=f"12 Acacia Avenue, {d.name}") for d in town.devices)
    ctx = context(msgspec.structs.replace(town, devices=labelled))
    readings = [("frog", "frog-0", 60.0, {"temperature_c": 20.0, "humidity_pct": 50.0})]
    readings += [("bin", "bin-0", 60.0, {"fill_pct": 10.0})]
    state, _ = step(EngineState(), batch(readings), START + 60, ctx)
    _, effects = step(state, {}, START + 3 * 86_400, ctx)
    raised = {
        e.subject_kind: e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == "device.silent"
    }
    assert "frog-0" in repr(raised["home"])
    assert "Acacia" not in repr(raised["home"])
    assert "12 Acacia Avenue, bin-0" in raised["kind"].reason


def test_a_wall_that_is_no_longer_known_is_not_said_to_be_dry() -> None:
    readings = [
        cold_air(0),
        *(cold_air(m) for m in range(2, 400, 60)),
        *(frog(m, 75.0) for m in range(10, 400, 5)),
    ]
    readings.sort(key=lambda r: r[2])
    ctx = context()
    state, effects = step(EngineState(), batch(readings), latest(readings), ctx)
    assert [e for e in effects if isinstance(e, RaiseAlarm) and e.subject == "OAK"]
    memory = state.home["OAK"]
    unknown = {
        device: replace(
            point, surface_humidity_pct=None, surface_temperature_c=None, outdoor_temperature_c=None
        )
        for device, point in memory.points.items()
    }
    [(subject, condition)] = standing({"OAK": replace(memory, points=unknown)}, ctx)
    words = subject.say(condition.level)
    assert words.inputs["surface_humidity_pct"] is None
    assert "not known" in words.reason
    assert "0 %" not in words.reason.replace("80 %", "")
