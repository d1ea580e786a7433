"""A device's own arithmetic of moist air, against the values that the rules are held to."""

from __future__ import annotations

import math

import pytest

from devices.air import dew_point_c, dew_point_of_vapour_c, saturation_pa, surface_humidity_pct, vapour_pa
from rules.core.psychrometrics import dew_point_c as rules_dew_point

# Temperature, humidity, dew point: Magnus with Sonntag's constants, and Hyland-Wexler.
REFERENCE = (
    (20, 50, 9.2552, 9.2724),
    (21, 60, 12.9354, 12.9467),
    (18, 70, 12.4437, 12.4526),
    (16, 85, 13.4775, 13.4817),
    (22, 45, 9.5150, 9.5335),
    (10, 90, 8.4339, 8.4372),
    (5, 95, 4.2650, 4.2667),
)


@pytest.mark.parametrize(("temperature_c", "humidity_pct", "magnus_c", "reference_c"), REFERENCE)
def test_dew_points_of_the_reference_table(
    temperature_c: float, humidity_pct: float, magnus_c: float, reference_c: float
) -> None:
    got = dew_point_c(temperature_c, humidity_pct)
    assert got == pytest.approx(magnus_c, abs=1e-4)
    assert got == pytest.approx(reference_c, abs=0.06)


def test_it_agrees_with_the_rules_within_the_sensors_error() -> None:
    for temperature_c in range(0, 41, 4):
        for humidity_pct in range(20, 101, 10):
            ours = dew_point_c(temperature_c, humidity_pct)
            assert ours == pytest.approx(float(rules_dew_point(temperature_c, humidity_pct)), abs=0.1)


def test_the_ends_of_the_scale() -> None:
    assert dew_point_c(20.0, 0.0) is None
    assert dew_point_of_vapour_c(0.0) is None
    assert dew_point_c(20.0, 100.0) == pytest.approx(20.0, abs=1e-9)
    assert saturation_pa(0.0) == 611.2
    assert vapour_pa(20.0, 0.0) == 0.0
    assert math.isfinite(dew_point_c(-30.0, 1.0) or math.nan)


def test_humidity_at_a_wall() -> None:
    assert surface_humidity_pct(18.0, 70.0, 18.0) == pytest.approx(70.0)
    assert surface_humidity_pct(20.0, 50.0, 9.2552) == pytest.approx(100.0, abs=0.01)
    assert surface_humidity_pct(18.0, 70.0, 5.0) > 100.0
