"""A treated road: what lies on it freezes at its own temperature, and salt that holds is not spread twice."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core.coat import Coat
from rules.core.effects import Decision, Effect, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.memory import EngineState, TreatedMemory
from rules.core.residual import freezes_at_c
from rules.core.treatment import Pass
from tests.fakes.rules_town import START, Reading, batch, context, latest

CONTEXT = context()
PLACE = CONTEXT.graph.segment_index
SEGMENTS = ("s0", "s1", "s2", "s3", "s4")


def cooling(from_h: float, to_h: float, surface_c: float, per_h: float = 0.0, **more: float) -> list[Reading]:
    """Damp roads, by a film that their sensors see."""
    found: list[Reading] = []
    for i in range(int(from_h * 6), int(to_h * 6)):
        at_s, road_c = 600.0 * i, surface_c + per_h * (i / 6.0 - from_h)
        air = {"air_temperature_c": road_c + 1.0, "humidity_pct": 75.0}
        road = {**air, "surface_temperature_c": road_c, "water_film_mm": 0.06, **more}
        found += [
            ("weather", "wx-0", at_s, {**air, "wind_speed_m_s": 2.0}),
            ("road", "road-0", at_s + 1, road),
            ("road", "road-1", at_s + 2, road),
        ]
    return found


def treated(g_m2: float) -> EngineState:
    """Memory of a pass over every stretch at START."""
    one = Pass(START, g_m2, 0.0, 1.0, "gritter-0", START - 60.0, START)
    return EngineState(treated={s: TreatedMemory((one,)) for s in SEGMENTS})


def told(state: EngineState, readings: list[Reading]) -> list[Effect]:
    return list(step(state, batch(readings), latest(readings), CONTEXT)[1])


def outcomes(effects: list[Effect], route: str = "r1") -> list[tuple[str, float]]:
    said = [e for e in effects if isinstance(e, Decision) and e.subject == route]
    return [(d.outcome, d.result["spread_rate_g_m2"]) for d in said]


def last_states(effects: list[Effect]) -> dict[str, str]:
    return {
        e.subject: e.state["state"] for e in effects if isinstance(e, SubjectState) and e.subject in PLACE
    }


def test_a_treated_damp_road_is_not_ice_and_not_salted_again() -> None:
    readings = cooling(0.5, 1.5, -1.0)
    bare = told(EngineState(), readings)
    assert set(last_states(bare).values()) == {"ice"}
    assert outcomes(bare)[0][0] == "treat"
    effects = told(treated(8.0), readings)
    assert set(last_states(effects).values()) == {"damp"}
    assert outcomes(effects) == [("monitor", 0.0)]
    assert not [e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == "winter.ice"]


def test_salt_is_asked_for_again_only_when_it_no_longer_holds() -> None:
    effects = told(treated(10.0), cooling(0.5, 9.0, -0.5, per_h=-0.3))
    said = [e for e in effects if isinstance(e, Decision) and e.subject == "r1"]
    assert [d.outcome for d in said][:2] == ["monitor", "treat"]
    asked_h = (said[1].at_s - START) / 3600.0
    holds_h = CONTEXT.catalogue.gritting.parameters.treatment.holds_h
    assert holds_h - 2.0 <= asked_h <= holds_h  # in time for the hour at which it ends


def test_too_little_salt_is_ice() -> None:
    effects = told(treated(8.0), cooling(0.5, 1.5, -9.0))
    assert set(last_states(effects).values()) == {"ice"}
    assert outcomes(effects)[0][0] == "treat"


def test_the_dose_beside_the_cell_is_what_is_missing() -> None:
    def segment(state: EngineState) -> dict:
        effects = told(state, cooling(0.5, 1.0, -5.5, water_film_mm=0.3))
        (first,) = [e for e in effects if isinstance(e, Decision) and e.subject == "r1"][:1]
        return next(s for s in first.inputs["segments"] if s["segment_id"] == "s0")

    bare, salted = segment(EngineState()), segment(treated(8.0))
    assert bare["cell_g_m2"] == salted["cell_g_m2"]
    assert (bare["residual_g_m2"], salted["residual_g_m2"]) == (0.0, pytest.approx(7.0, abs=0.1))
    lost = CONTEXT.catalogue.gritting.parameters.dose.loss
    missing = bare["dose_g_m2"] - salted["residual_g_m2"] / (1.0 - lost)
    assert salted["dose_g_m2"] == pytest.approx(missing, abs=0.2)


def test_a_sensor_that_sees_water_at_the_freezing_point_it_measures_itself_is_ice() -> None:
    effects = told(EngineState(), cooling(0.0, 1.0, -0.5, surface_state=1.0, freezing_point_c=-0.2))
    assert last_states(effects)["s0"] == "ice"


@pytest.mark.parametrize("code", [1.0, 2.0])
def test_a_sensor_that_sees_water_is_no_ice(code: float) -> None:
    effects = told(EngineState(), cooling(0.0, 1.0, -0.5, surface_state=code))
    kept = last_states(effects)
    assert kept["s0"] == ("damp" if code == 1.0 else "wet")
    assert kept["s1"] == "ice"  # nobody looks at that one
    assert outcomes(effects)[0][0] == "treat"  # and it may freeze yet


def test_salt_and_water_tell_the_freezing_point() -> None:
    dose = CONTEXT.catalogue.gritting.parameters.dose
    n, at_s = len(PLACE), START + 1800.0
    film = np.full(n, np.nan)
    film[PLACE["s3"]] = 0.3
    coats = {
        "s0": Coat(8.0, START, START + 9e9), "s1": Coat(8.0, START, START + 9e9, rained_mm=1.0),
        "s2": Coat(8.0, START, START + 9e9, washed=True), "s3": Coat(8.0, START, START + 9e9),
    }  # fmt: skip
    found = freezes_at_c(coats, PLACE, film, np.ones(n), at_s, dose)
    assert found[PLACE["s0"]] == pytest.approx(-7.1, abs=0.1)  # 6.0 g/m² in 0.05 mm
    assert -0.5 < found[PLACE["s1"]] < 0.0  # so much rain
    assert found[PLACE["s3"]] == pytest.approx(-1.2, abs=0.1)
    assert np.isnan(found[[PLACE["s2"], PLACE["s4"]]]).all()
    wet = freezes_at_c(coats, PLACE, film, np.full(n, 2.0), at_s, dose)
    assert wet[PLACE["s0"]] == pytest.approx(-3.5, abs=0.1)
