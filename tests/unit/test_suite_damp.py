"""Published conditions of damp, re-typed as tables and run against our rule.

Sources, facts only: BS 5250:2002 annex D and ISO 13788 (80 % relative humidity at the surface is the
limit for mould, 100 % is condensation; surface temperature from the factor fRsi); the highest room
humidity for 80 % at the surface, tabulated for 20 °C from the ISO 13788 formula (differences of the
saturation formula: 0.1 points). Where our rule does otherwise, the table says why.
"""

from __future__ import annotations

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.alarms import INACTIVE, advance, demand
from rules.core.damp import risk_of, room_humidity_limit_pct, surfaces

RULE = load().damp
P, DWELL = RULE.parameters, RULE.alarm.dwell

LIMITS = {  # fRsi: highest room humidity [%] at 20 °C inside and -5, 0, 5, 10 °C outside
    0.50: (35.5, 42.0, 49.6, 58.4),
    0.60: (42.0, 48.0, 54.7, 62.2),
    0.65: (45.7, 51.3, 57.4, 64.2),
    0.70: (49.6, 54.7, 60.3, 66.3),
    0.75: (53.8, 58.4, 63.2, 68.4),
    0.80: (58.4, 62.2, 66.3, 70.6),
    0.90: (68.4, 70.6, 72.9, 75.2),
}
ROWS = [
    (factor, outdoor_c, room_pct)
    for factor, row in LIMITS.items()
    for outdoor_c, room_pct in zip((-5.0, 0.0, 5.0, 10.0), row, strict=True)
]


def at_the_wall(room_c: float, room_pct: float, outdoor_c: float, factor: float) -> float:
    nan = np.array([np.nan])
    _, pct = surfaces(np.array([room_c]), np.array([room_pct]), nan, outdoor_c, np.array([factor]))
    return float(pct[0])


@pytest.mark.parametrize(("factor", "outdoor_c", "room_pct"), ROWS)
def test_the_room_humidity_that_brings_a_wall_to_80_percent(
    factor: float, outdoor_c: float, room_pct: float
) -> None:
    assert room_humidity_limit_pct(20.0, outdoor_c, factor, P.raise_pct) == pytest.approx(room_pct, abs=0.15)
    below, above = (at_the_wall(20.0, room_pct + d, outdoor_c, factor) for d in (-0.5, 0.5))
    assert below < P.raise_pct < above


# humidity at the surface [%], what it asks for when the alarm is down and when it is up, risk while down
THRESHOLDS = [
    (69.9, "off", "off", "low"),
    (70.0, "off", "off", "raised"),
    (74.9, "off", "off", "raised"),
    (75.0, "hold", "hold", "raised"),
    (79.9, "hold", "hold", "raised"),
    (80.0, "on", "on", "high"),  # "80 % or more"
    (100.0, "on", "on", "high"),  # condensation
]


@pytest.mark.parametrize(("surface_pct", "while_down", "while_up", "risk"), THRESHOLDS)
def test_thresholds_at_the_surface(surface_pct: float, while_down: str, while_up: str, risk: str) -> None:
    asked = demand(surface_pct, P.raise_pct, P.clear_pct)
    assert asked is not None
    assert asked.value == while_down == while_up
    assert risk_of(surface_pct, False, P) == risk
    assert risk_of(surface_pct, True, P) == "high"


def test_sensitivity_as_published() -> None:
    """18 °C and 70 % inside, 5 °C outside, fRsi 0.7: 89.8 % at the wall; +1.28 a point, -3.7 per 0.05 fRsi."""
    base = at_the_wall(18.0, 70.0, 5.0, 0.7)
    assert base == pytest.approx(89.8, abs=0.15)
    assert at_the_wall(18.0, 71.0, 5.0, 0.7) - base == pytest.approx(1.28, abs=0.01)
    assert at_the_wall(19.0, 70.0, 5.0, 0.7) - base == pytest.approx(1.57, abs=0.02)
    assert at_the_wall(18.0, 70.0, 5.0, 0.75) - base == pytest.approx(-3.7, abs=0.05)


DEVIATIONS = {
    "several days": "the standards ask for 80 % over several days, as means; ours is raised after hours of single "
    "readings (raise_after_s), early enough to open a window. It says 'damp', never that there is mould",
    "5 % below": "a lower limit to clear at is ours: the standards know no hysteresis",
    "isopleths": "no limit that falls with temperature and time (VTT, LIM) is claimed",
}
"""What our rule does otherwise, and why."""


def test_an_alarm_comes_before_several_days_and_not_from_a_shower() -> None:
    assert DEVIATIONS["several days"]
    for hours, is_raised in ((1.0, False), (DWELL.raise_after_s / 3600.0, True), (48.0, True)):
        life, raised = INACTIVE, False
        for minute in range(0, int(hours * 60) + 1, 5):
            asked = demand(85.0, P.raise_pct, P.clear_pct)
            life, change = advance(life, asked, 60.0 * minute, DWELL)
            raised = raised or change == "raised"
        assert raised is is_raised


def test_the_lower_limit_to_clear_is_ours() -> None:
    assert DEVIATIONS["5 % below"]
    assert P.raise_pct - P.clear_pct == 5.0
