"""The surface: equilibrium, phase change, dew and frost, salt, coupling."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core.road_surface.balance import advance
from rules.core.road_surface.longwave import clear_sky_emissivity, from_cloud_w_m2, from_octas_w_m2
from rules.core.road_surface.model import correction, forecast, no_correction, through_observed
from rules.core.road_surface.parameters import Coupling
from rules.core.road_surface.phase import FUSION_J_KG, settle
from rules.core.road_surface.roads import profile
from rules.core.road_surface.salt import KEPT_SHARE, liquid_mm
from rules.core.road_surface.state import State
from tests.fakes.road_columns import QUIET, STEP_S, made, sky, still

AIR = profile(QUIET)
NONE = np.zeros((1, 1))


def walk(state: State, steps: int, weather=None, roads=None, extra=NONE):
    weather = sky(steps) if weather is None else weather
    seen = []
    for i in range(steps):
        state = advance(state, weather.at(i), roads or made(), AIR, QUIET.stores, STEP_S, extra).state
        seen.append(state)
    return seen


def test_a_road_as_warm_as_air_and_sky_stays_so() -> None:
    weather = sky(300, air_c=-4.0, humidity_pct=60.0)
    last = walk(still(QUIET, -4.0), 300, weather)[-1]
    assert np.abs(last.temperature_c + 4.0).max() < 1e-6


def test_a_clear_sky_cools_the_road_below_the_air_and_houses_hold_it() -> None:
    weather = sky(60, segments=2, longwave_w_m2=np.nan, cloud=0.0, wind_m_s=1.0)
    last = walk(still(QUIET, 0.0, 2), 60, weather, made(segments=2, sky_view=[1.0, 0.3]))[-1].surface_c[0]
    assert last[0] < last[1] < 0.0
    assert last[0] < -3.0


def test_freezing_holds_at_zero_until_the_latent_heat_is_paid() -> None:
    weather = sky(200, air_c=-2.0, humidity_pct=95.0)
    wet, dry = walk(still(QUIET, 1.0, water_mm=1.0), 200, weather), walk(still(QUIET, 1.0), 200, weather)
    surface = np.array([s.surface_c[0, 0] for s in wet])
    water = np.array([s.water_mm[0, 0] for s in wet])
    held = (water > 1e-9) & (surface <= 0.0)
    assert held.sum() > 5
    assert (surface[held] == 0.0).all()
    assert (surface[:-1][water[:-1] > 1e-9] >= 0.0).all()
    assert max(s.ice_mm[0, 0] for s in wet) > 0.7
    assert np.argmax(surface < -0.5) > np.argmax(np.array([s.surface_c[0, 0] for s in dry]) < -0.5) + 3


def test_the_heat_of_a_phase_change_is_exact() -> None:
    diagonal, heat = np.array([[50.0]]), np.array([[-100.0]])
    for water in (0.05, 5.0):
        surface, melt = settle(diagonal, heat, np.array([[water]]), NONE, NONE, STEP_S)
        assert float((diagonal * surface + melt * FUSION_J_KG / STEP_S)[0, 0]) == pytest.approx(-100.0)
    surface, melt = settle(diagonal, -heat, NONE, np.array([[9.0]]), NONE, STEP_S)
    assert (surface[0, 0], melt[0, 0] > 0.0) == (0.0, True)


def test_salt_water_freezes_bit_by_bit_on_its_curve() -> None:
    weather = sky(200, air_c=-6.0, humidity_pct=75.0)
    seen = walk(still(QUIET, 1.0, water_mm=0.3, salt_slow_g_m2=10.0), 200, weather)
    half = next(s for s in seen if s.surface_c[0, 0] < -3.0)
    # 10 g/m² keep 0.2 mm liquid at -3 °C (sheet: 5.0 g per 0.1 mm).
    assert half.water_mm[0, 0] == pytest.approx(10.0 / 50.0, rel=0.15)
    assert half.ice_mm[0, 0] > 0.02
    enough = walk(still(QUIET, 1.0, water_mm=0.1, salt_slow_g_m2=12.0), 200, weather)[-1]
    assert enough.ice_mm[0, 0] < 1e-6


def test_salt_on_ice_melts_what_it_can() -> None:
    weather = sky(12, air_c=-3.0)
    plain, salted = (
        walk(still(QUIET, -3.0, ice_mm=0.3, salt_slow_g_m2=g), 12, weather)[-1] for g in (0.0, 10.0)
    )
    assert plain.water_mm[0, 0] == 0.0
    assert salted.ice_mm[0, 0] > 0.05
    held = liquid_mm(salted.salt_g_m2, salted.surface_c)
    assert salted.water_mm[0, 0] == pytest.approx(held[0, 0], rel=0.03)


@pytest.mark.parametrize(
    ("road_c", "air_c", "humidity", "deposit", "dew"),
    [
        (-4.0, -3.0, 100.0, True, False),  # below the frost point: hoar
        (-3.1, -3.0, 98.0, True, False),  # between dew and frost point of the air: hoar all the same
        (-4.0, -3.0, 60.0, False, False),
        (4.0, 7.0, 100.0, False, True),  # dew
    ],
)
def test_dew_and_hoar_come_where_the_surface_is_below_their_points(
    road_c: float, air_c: float, humidity: float, deposit: bool, dew: bool
) -> None:
    weather = sky(6, air_c=air_c, humidity_pct=humidity)
    last = walk(still(QUIET, road_c), 6, weather)[-1]
    assert bool(last.deposit_mm[0, 0] > 0.0) is deposit
    assert bool(last.water_mm[0, 0] > 0.0) is dew


def test_a_salted_road_takes_water_from_damp_air_and_dries_in_dry_air() -> None:
    def water(humidity: float) -> float:
        state = still(QUIET, -2.0, water_mm=0.1, salt_slow_g_m2=15.0)
        weather = sky(36, air_c=-2.0, humidity_pct=humidity)
        return float(walk(state, 36, weather)[-1].water_mm[0, 0])

    assert water(99.0) > 0.11
    assert water(60.0) < 0.09


def test_spread_salt_leaves_in_two_pools() -> None:
    busy = made(traffic=1.0)
    state = still(QUIET, 2.0).spread(10.0, KEPT_SHARE)
    seen = walk(state, 150, sky(150, air_c=2.0), busy)
    left = [seen[i].salt_g_m2[0, 0] / 10.0 for i in (11, 149)]
    assert left == pytest.approx([0.41, 0.27], abs=0.01)


def test_rain_runs_off_and_takes_salt_along() -> None:
    state = still(QUIET, 3.0, salt_slow_g_m2=10.0)
    last = walk(state, 36, sky(36, air_c=3.0, rain_mm_h=4.0))[-1]
    assert last.water_mm[0, 0] <= QUIET.stores.water_max_mm
    assert last.salt_g_m2[0, 0] < 1.0


def test_freezing_rain_makes_ice_and_its_heat_slows_the_cooling() -> None:
    weather = sky(12, air_c=-2.0, rain_mm_h=1.0)
    last = walk(still(QUIET, -3.0), 12, weather)[-1]
    assert last.ice_mm[0, 0] > 1.5
    assert last.surface_c[0, 0] > -2.0


def test_snow_makes_the_road_white() -> None:
    weather = sky(12, air_c=-5.0, diffuse_w_m2=300.0)
    black, white = (walk(still(QUIET, -5.0, snow_mm=mm), 12, weather)[-1] for mm in (0.0, 3.0))
    assert white.surface_c[0, 0] < black.surface_c[0, 0] - 2.0


def test_longwave_is_known_at_its_ends() -> None:
    # Prata 1996 at 0 °C and 4.8 hPa: 0.744 by hand; an overcast sky at 0.97.
    t, e = np.array(0.0), np.array(480.0)
    assert float(clear_sky_emissivity(t, e)) == pytest.approx(0.736, abs=0.01)
    assert float(from_cloud_w_m2(t, e, np.array(1.0))) == pytest.approx(0.97 * 315.6, rel=1e-3)
    assert float(from_octas_w_m2(np.array(2.0), np.array(8.0))) == pytest.approx(307.42)
    assert float(from_octas_w_m2(np.array(0.0), np.array(0.5))) == pytest.approx(220.45)


def test_what_the_model_lacks_is_found_carried_on_and_decays() -> None:
    """Truth is the same model with 20 W/m² more: the coupling must find them, from temperatures alone."""
    weather, start = sky(144, longwave_w_m2=np.nan, cloud=0.3), still(QUIET, 2.0)
    truth = walk(start, 144, weather, extra=np.full((1, 1), 20.0))
    seen = np.array([s.surface_c for s in truth])
    past = through_observed(start, weather, seen, made(), AIR, QUIET.stores, STEP_S)
    assert past.state.surface_c[0, 0] == truth[-1].surface_c[0, 0]
    fix = correction(past, Coupling(), STEP_S)
    assert fix.flux_w_m2[0, 0] + fix.recent_w_m2[0, 0] == pytest.approx(20.0, abs=0.5)
    after = sky(36, longwave_w_m2=np.nan, cloud=0.3)
    args = made(), AIR, QUIET.stores, QUIET.coupling, STEP_S
    true = walk(truth[-1], 36, after, extra=np.full((1, 1), 20.0))
    with_it = forecast(past.state, after, fix, *args).surface_c[:, 0, 0]
    without = forecast(past.state, after, no_correction(NONE), *args).surface_c[:, 0, 0]
    off = np.array([s.surface_c[0, 0] for s in true])
    assert (np.abs(with_it - off) < 0.6 * np.abs(without - off)).all()


def test_the_correction_is_limited_and_none_where_nothing_was_seen() -> None:
    weather, start = sky(24), still(QUIET, 0.0)
    seen = np.full((24, 1, 1), 9.0)
    past = through_observed(start, weather, seen, made(), AIR, QUIET.stores, STEP_S)
    assert abs(correction(past, Coupling(most_w_m2=30.0), STEP_S).flux_w_m2[0, 0]) <= 30.0
    blind = through_observed(start, weather, seen * np.nan, made(), AIR, QUIET.stores, STEP_S)
    assert correction(blind, Coupling(), STEP_S).flux_w_m2[0, 0] == 0.0


def test_a_misjudged_shadow_does_not_cool_the_night() -> None:
    """The model believes in sun where there is a house: what is lacking goes with the sun, not on after it."""
    steps = 144
    sun = np.clip(np.sin(np.linspace(0.0, np.pi, steps)), 0.0, None)[:, None, None] * 300.0
    start = still(QUIET, 2.0)
    truth = np.array([s.surface_c for s in walk(start, steps, sky(steps, air_c=2.0))])
    past = through_observed(
        start, sky(steps, air_c=2.0, direct_w_m2=sun), truth, made(), AIR, QUIET.stores, STEP_S
    )
    fix = correction(past, Coupling(), STEP_S)
    assert fix.sun_share[0, 0] < -0.6
    assert abs(fix.flux_w_m2[0, 0]) < 25.0
