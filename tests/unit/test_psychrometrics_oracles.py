"""Psychrometrics against two libraries: psychrolib (ASHRAE's equations) and CoolProp (real gas)."""

from __future__ import annotations

import numpy as np
import pytest

from ops_api.measure.libraries import library
from rules.core import psychrometrics as p

PRESSURE_PA = 101_325.0
psychrolib = library("psychrolib")


@pytest.mark.parametrize("t", [-40.0, -20.0, -5.0, -0.01, 0.0, 0.01, 5.0, 20.0, 35.0, 50.0])
def test_saturation_is_psychrolibs(t: float) -> None:
    assert p.saturation_pressure_hyland_wexler_pa(t) == pytest.approx(psychrolib.GetSatVapPres(t), rel=2e-4)


@pytest.mark.parametrize("t", [0.0, 5.0, 15.0, 20.0, 30.0, 40.0])
@pytest.mark.parametrize("rh", [20.0, 50.0, 80.0, 100.0])
def test_dew_point_is_psychrolibs_above_0(t: float, rh: float) -> None:
    e = p.vapour_pressure_hyland_wexler_pa(t, rh)
    theirs = psychrolib.GetTDewPointFromVapPres(t, e)
    if theirs > 0.0:
        assert p.dew_point_hyland_wexler_c(t, rh) == pytest.approx(theirs, abs=2e-3)
    else:  # what psychrolib calls dew point is then the frost point
        assert p.frost_point_hyland_wexler_c(t, rh) == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize("t", [-25.0, -10.0, -2.0])
@pytest.mark.parametrize("rh", [40.0, 70.0])
def test_psychrolibs_dew_point_below_0_is_our_frost_point(t: float, rh: float) -> None:
    e = p.vapour_pressure_hyland_wexler_pa(t, rh)
    theirs = psychrolib.GetTDewPointFromVapPres(t, e)
    assert p.frost_point_hyland_wexler_c(t, rh) == pytest.approx(theirs, abs=2e-3)
    assert p.dew_point_hyland_wexler_c(t, rh) < theirs - 0.2


@pytest.mark.parametrize("t", [-20.0, -5.0, 0.0, 1.0, 4.0, 10.0, 20.0, 35.0])
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.99])
def test_wet_bulb_is_psychrolibs_on_both_sides_of_0(t: float, share: float) -> None:
    ratio = share * psychrolib.GetSatHumRatio(t, PRESSURE_PA)
    ours = p.wet_bulb_of_ratio_c(t, ratio)
    assert p.humidity_ratio_of_wet_bulb(t, ours) == pytest.approx(ratio, rel=1e-6, abs=1e-9)
    theirs = psychrolib.GetTWetBulbFromHumRatio(t, ratio, PRESSURE_PA)
    # psychrolib's own equations do not meet at 0 °C; where they leave two answers it may take the frozen one.
    assert ours == pytest.approx(theirs, abs=2e-3) or psychrolib.GetHumRatioFromTWetBulb(
        t, ours, PRESSURE_PA
    ) == pytest.approx(ratio, rel=2e-4)


@pytest.mark.parametrize(("t", "rh"), [(20, 50), (18, 70), (30, 60), (10, 90), (5, 95), (16, 85)])
def test_against_a_real_gas(t: float, rh: float) -> None:
    from CoolProp.HumidAirProp import HAPropsSI  # seconds of CPU: not for whoever only collects

    def of(what: str) -> float:
        return float(HAPropsSI(what, "T", t + 273.15, "P", PRESSURE_PA, "R", rh / 100))

    assert p.dew_point_hyland_wexler_c(float(t), float(rh)) == pytest.approx(of("D") - 273.15, abs=0.0055)
    assert p.dew_point_c(float(t), float(rh)) == pytest.approx(of("D") - 273.15, abs=0.025)
    assert p.wet_bulb_c(float(t), float(rh)) == pytest.approx(of("B") - 273.15, abs=0.008)
    ratio = p.humidity_ratio(p.vapour_pressure_hyland_wexler_pa(float(t), float(rh)))
    assert of("W") / ratio - 1.0 == pytest.approx(0.0044, abs=5e-4)  # the enhancement factor of moist air


def test_against_the_equation_of_state_of_water() -> None:
    from CoolProp.CoolProp import PropsSI

    t = np.array([0.01, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0])
    iapws = np.array([PropsSI("P", "T", x + 273.15, "Q", 0, "Water") for x in t])
    assert np.abs(p.saturation_pressure_hyland_wexler_pa(t) / iapws - 1).max() < 3e-4
    assert np.abs(p.saturation_pressure_water_pa(t) / iapws - 1).max() < 3.5e-3
