"""What rain washes off: that which fell since a pass, whenever it is reported, and that which is forecast."""

from __future__ import annotations

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.engine import step
from rules.core.forecast_looks import Looks, looks
from rules.core.gritting import Outlook, assess
from rules.core.memory import EngineState
from rules.core.psychrometrics import Floats
from rules.core.rain_gauge import RAIN, Points, coming_mm, gauge_mm, noted
from rules.core.residual import left_g_m2, safe_c
from rules.core.road_now.table import HOURS, QUANTITIES
from tests.fakes.rules_town import Reading, batch, context, gritter_fix, latest

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR = 3600.0


def test_the_gauge_is_known_some_hours_back() -> None:
    points: Points = ()
    before = (0.0, 0.0)
    for minute in range(1, 601):
        fallen = 0.1 * min(max(0, minute - 60), 120)  # rain from one to three
        now = (60.0 * minute, fallen)
        if points or fallen > 0.0:
            points = noted(points, before, now, 8 * HOUR)
        before = now
    assert len(points) < 20
    told = [gauge_mm(points, before, h * HOUR) for h in (2.5, 3.5, 10.0, 11.0)]
    assert told == pytest.approx([9.0, 12.0, 12.0, 12.0], abs=1.01)
    assert all(gauge_mm(points, before, 60.0 * m) <= 0.1 * max(0, m - 60) + 1e-9 for m in range(120, 180))
    assert gauge_mm((), (0.0, 3.0), -100.0) == 3.0  # it has not rained since


def test_a_pass_that_is_told_of_after_the_rain_is_washed_off() -> None:
    air = {"air_temperature_c": 4.0, "humidity_pct": 90.0, "wind_speed_m_s": 2.0}
    weather: list[Reading] = [
        ("weather", "wx-0", 300.0 * i, {**air, "precipitation_mm_h": 4.0 if 9 <= i < 21 else 0.0})
        for i in range(36)
    ]
    lorry: list[Reading] = [("gritter", "gritter-0", 60.0 * i, gritter_fix(i / 60.0)) for i in range(20)]

    def passes(readings: list[Reading]) -> list[float]:
        state, _ = step(EngineState(), batch(readings), latest(readings), context())
        fallen = state.outdoor["town"].rain_mm
        return [fallen - p.rain_mm for m in state.treated.values() for p in m.passes]

    in_time = passes(sorted([*weather, *lorry], key=lambda r: r[2]))
    afterwards = passes([*weather, *lorry])
    assert in_time
    assert afterwards
    assert min(in_time) > P.treatment.rain_mm
    assert min(afterwards) > P.treatment.rain_mm  # not as though it were spread just now


def test_rain_to_come_is_that_before_the_cold_hour() -> None:
    values = np.zeros((3, len(QUANTITIES), HOURS))
    values[:, RAIN, 2:4] = 1.0  # from two to four hours after the issue
    found = coming_mm(values, np.array([0.0, 2.5, 0.0]), np.array([np.nan, 10.0, 3.5]), 18.0)
    assert found.tolist() == pytest.approx([2.0, 1.5, 1.5])
    assert coming_mm(values * np.nan, np.zeros(3), np.full(3, 5.0), 18.0).tolist() == [0.0, 0.0, 0.0]


def thawing() -> tuple[Floats, Looks]:
    """Frozen now, a thaw with 9 mm of rain from three to six hours, and frozen again from seven hours on, little colder."""
    middle = np.array([-0.6, -0.6, 0.4, 0.8, 0.8, 0.6, 0.2, -0.2, -0.5, -0.6, *[-0.8] * 14])
    values = np.zeros((1, len(QUANTITIES), HOURS))
    values[0, QUANTITIES.index("middle_c")] = middle
    values[0, QUANTITIES.index("below_zero")] = np.where(middle < 0.0, 0.7, 0.3)
    values[0, RAIN, 3:6] = 3.0
    yes = np.array([True])
    return values, looks(values, np.zeros(1), yes, yes, np.array([-0.5]), 18.0)


def test_rain_of_a_thaw_between_two_frosts_washes_off_what_lies_there() -> None:
    values, found = thawing()
    assert (found.low_in_h.tolist(), found.zero_in_h.tolist()) == ([0.0], [0.0])
    assert coming_mm(values, np.zeros(1), found.low_in_h, 18.0).tolist() == pytest.approx([9.0])
    assert found.rain_ends_in_h.tolist() == [6.0], "to be treated again after it"
    # A road that stays above zero once it has thawed does not freeze after the rain.
    values[0, QUANTITIES.index("below_zero"), 2:] = 0.05
    assert coming_mm(values, np.zeros(1), found.low_in_h, 18.0).tolist() == [0.0]
    # Beyond the horizon nothing is looked at.
    values[0, QUANTITIES.index("below_zero"), 3:] = 0.7
    assert coming_mm(values, np.zeros(1), found.low_in_h, 4.0).tolist() == pytest.approx([3.0])


def test_salt_that_rain_will_wash_off_protects_nothing() -> None:
    here, now_s = Coat(20.0, 0.0, 6 * HOUR, rained_mm=0.5), 7 * HOUR
    dry, wet = (
        assess(
            Outlook(segment_id="s", street="S", surface_c=2.0, minimum_c=-1.0, damp=True, rain_mm=r),
            P,
            MATRIX,
        )
        for r in (1.0, 1.6)
    )
    assert safe_c(dry, here, now_s, P) is not None
    assert safe_c(wet, here, now_s, P) is None  # half a millimetre has fallen already
    young = Coat(20.0, now_s, now_s + 6 * HOUR)
    near, far = (left_g_m2(young, 0.0, ahead_h, now_s, P) for ahead_h in (2.0, 18.0))
    assert near > left_g_m2(young, None, None, now_s, P) > far


def test_freezing_rain_is_remembered_for_some_hours() -> None:
    air = {"air_temperature_c": -1.0, "humidity_pct": 95.0, "wind_speed_m_s": 2.0}
    glazing = {**air, "precipitation_mm_h": 1.0, "precipitation_type": 4.0}

    def glazed(hours: int) -> bool:
        readings: list[Reading] = [
            ("weather", "wx-0", 600.0 * i, glazing if i < 3 else air) for i in range(6 * hours)
        ]
        state, _ = step(EngineState(), batch(readings), latest(readings), context())
        return state.outdoor["town"].glazed

    assert glazed(2)
    assert not glazed(8)
    state, _ = step(EngineState(), batch([("weather", "wx-0", 0.0, glazing)] * 2), 0.0, context())
    assert not any(town.glazed for town in state.outdoor.values())  # it falls now
