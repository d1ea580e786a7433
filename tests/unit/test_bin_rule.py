"""Bins through the engine: what is said of them, lorries, acts, what is stuck, and memory of before."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from devices.registry import BinModel
from rules.core.collection_acts.model import COLLECTED
from rules.core.collection_acts.rows import KIND as ACTS
from rules.core.collection_acts.rows import rows_of
from rules.core.effects import Decision, Effect, Event, OpenWork, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.memory import EngineState, Row, from_rows, outdated
from tests.fakes.rules_town import START, Reading, batch, context, hamlet, latest

HALF_HOUR, DAY = 1800.0, 86_400.0


def told(effects: tuple[Effect, ...] | list[Effect], subject: str = "b0") -> dict[str, Any]:
    found = [e.state for e in effects if isinstance(e, SubjectState) and e.subject == subject]
    return dict(found[-1])


def bin_reading(k: float, pct: float, **more: float) -> Reading:
    return ("bin", "bin-0", HALF_HOUR * k, {"distance_mm": 1000.0 - 8.0 * pct, **more})


def played(readings: list[Reading], ctx: Any = None) -> tuple[EngineState, tuple[Effect, ...]]:
    ordered = sorted(readings, key=lambda r: r[2])
    return step(EngineState(), batch(ordered), latest(ordered), ctx or context())


def test_a_jammed_sensor_is_on_the_list_as_blocked_and_raises_no_full_bin() -> None:
    quarter = [bin_reading(k, 25.0 + 0.2 * k) for k in range(6)]
    jammed = [bin_reading(6 + k, 100.0) for k in range(6)]
    _, effects = played([*quarter, *jammed])
    state = told(effects)
    assert (state["condition"], state["state"], state["fill_pct"]) == (
        "blocked",
        "ok",
        pytest.approx(26.0, abs=1.0),
    )
    assert state["needs_collection"]
    assert state["reason"].startswith("blocked: something is at its sensor, 26 % full before")
    assert [e.rule_id for e in effects if isinstance(e, RaiseAlarm)] == ["bins.blocked"]
    *_, decision = [e for e in effects if isinstance(e, Decision) and e.outcome == "collect"]
    assert decision.inputs["bins"][0]["why"] == state["reason"]


def test_conditions_and_litres_are_said() -> None:
    town = msgspec.structs.replace(
        hamlet(),
        bin_models=(
            BinModel(model_id="m", empty_distance_mm=1200.0, capacity_l=360.0, profile=((0.5, 0.4),)),
        ),
        bins=(msgspec.structs.replace(hamlet().bins[0], model="m"), *hamlet().bins[1:]),
    )
    state = told(played([("bin", "bin-0", 0.0, {"distance_mm": 700.0})], context(town))[1])
    assert (state["fill_pct"], state["litres"], state["condition"]) == (50.0, 144.0, "ok")
    fallen = [bin_reading(k, 50.0, tilt_deg=1.0) for k in range(3)]
    fallen += [bin_reading(3 + k, 3.0, tilt_deg=88.0) for k in range(3)]
    state = told(played(fallen)[1])
    assert (state["condition"], state["fill_pct"]) == ("tilted", 50.0)
    assert state["reason"] == "50 % full; lies on its side"


def test_fire_waits_for_no_filter() -> None:
    burning = [
        bin_reading(0, 50.0, tilt_deg=85.0, temperature_c=20.0),
        bin_reading(0.1, 3.0, tilt_deg=85.0, temperature_c=90.0),
    ]
    (alarm,) = [e for e in played(burning)[1] if isinstance(e, RaiseAlarm)]
    assert (alarm.rule_id, alarm.at_s) == ("bins.fire", START + 180.0)


def test_a_lorry_s_stop_corroborates_an_emptying() -> None:
    full = [bin_reading(k, 70.0 + k) for k in range(6)]
    empty = [bin_reading(6 + k, 4.0) for k in range(3)]
    fixes: list[Reading] = [
        (
            "lorry",
            "lorry-1",
            5.4 * HALF_HOUR + 20.0 * k,
            {"latitude_deg": 52.0 + 1e-4, "longitude_deg": 0.1, "speed_m_s": 0.2},
        )
        for k in range(3)
    ]
    state, effects = played([*full, *empty, *fixes])
    (event,) = [e for e in effects if isinstance(e, Event)]
    assert (event.kind, event.at_s) == ("bin_emptied", START + 6 * HALF_HOUR)
    assert event.detail["evidence"] == ["drop", "lorry"]
    assert event.detail["confidence"] == 0.97
    assert sum(p.slow for p in state.bin_pass["b0"].passes) == 3
    assert "b1" not in state.bin_pass  # 220 m away
    lost = [("lorry", "lorry-1", 10.0, {"speed_m_s": 0.0})]
    assert played([*full, *lost])[0].bin_pass == {}


def test_the_same_value_across_a_collection_by_the_crew_s_word_is_a_stuck_sensor() -> None:
    """No other bin was emptied in these days: without the crew's word this one is unused."""

    def week(acts: bool) -> list[Effect]:
        readings: list[Reading] = [
            ("bin", "bin-0", HALF_HOUR * k, {"distance_mm": 600.0}) for k in range(48 * 8)
        ]
        state, effects = step(EngineState(), batch(readings[:48]), latest(readings[:48]), context())
        said = rows_of([("b0", 1, COLLECTED, START + DAY, START + DAY)]) if acts else None
        state, more = step(state, {} if said is None else {ACTS: said}, START + DAY, context())
        state, rest = step(state, batch(readings[48:]), latest(readings), context())
        return [*effects, *more, *rest]

    assert not [e for e in week(False) if isinstance(e, OpenWork) and e.rule_id == "quality.stuck"]
    found = week(True)
    (work,) = [e for e in found if isinstance(e, OpenWork) and e.rule_id == "quality.stuck"]
    assert work.device == "bin-0"
    assert told(found)["condition"] == "stuck"
    assert not [e for e in found if isinstance(e, Event)]  # it accuses no crew


def test_a_bin_remembered_by_an_older_version_goes_on() -> None:
    """Version 2 had a median of three readings and a low one that waited."""
    old = {
        "at_s": START, "first_s": START - DAY, "distance_mm": 400.0,
        "fills": {
            "recent": [[START - 3600.0, 73.0], [START - 1800.0, 74.0], [START, 75.0]], "filtered": [73.0, 73.5, 74.0],
            "pre_pct": 74.0, "low_s": START, "low_pct": 5.0, "emptied_s": START - 2 * DAY,
        },
        "full": {"lives": [{"phase": "active", "since_s": START}]},
    }  # fmt: skip
    rows = [Row("bin", "b0", 2, json.dumps(old).encode())]
    assert outdated(rows)
    state = from_rows(rows, START, START)
    memory = state.bin["b0"]
    assert (memory.fills.fill_pct, memory.fills.emptied_s, memory.full.is_active) == (
        74.0,
        START - 2 * DAY,
        True,
    )
    assert memory.fills.dip is None
    later = [bin_reading(1, 76.0), bin_reading(2, 4.0), bin_reading(3, 4.0)]
    _, effects = step(state, batch(later), latest(later), context())
    assert [e.kind for e in effects if isinstance(e, Event)] == ["bin_emptied"]
    bare = from_rows(
        [Row("bin", "b0", 2, json.dumps({"at_s": START, "first_s": START}).encode())], START, START
    )
    assert bare.bin["b0"].fills.fill_pct is None
