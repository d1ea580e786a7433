from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.world.local_air import Places
from firmware_sim.world.noise import GAUSS, SmoothNoise, bits, gauss5, generator, key_of, unit
from firmware_sim.world.psychro import dew_point_c, saturation_water_pa
from firmware_sim.world.road_water import RoadWater
from firmware_sim.world.script import Climate, Front, Point, Scenario, Weather
from firmware_sim.world.weather import WeatherModel

hours = st.floats(-24.0, 48.0)
points = st.builds(
    Point,
    hour=hours,
    air_temperature_c=st.floats(-25.0, 30.0),
    dew_point_c=st.floats(-30.0, 25.0),
    cloud_oktas=st.floats(0.0, 8.0),
    wind_speed_m_s=st.floats(0.0, 30.0),
    precipitation_mm_h=st.floats(0.0, 20.0),
)
fronts = st.builds(Front, hour=hours, duration_h=st.floats(0.5, 12.0), precipitation_mm_h=st.floats(0.0, 20.0), air_change_c=st.floats(-15.0, 15.0), warm_aloft=st.booleans())  # fmt: skip


@given(
    st.lists(points, max_size=5).map(tuple),
    st.lists(fronts, max_size=3).map(tuple),
    st.integers(0, 2**63),
    st.floats(-30.0, 60.0),
)
@settings(max_examples=150, deadline=None)
def test_any_script_gives_physical_weather(
    script: tuple[Point, ...], passing: tuple[Front, ...], seed: int, hour: float
) -> None:
    scenario = Scenario(
        name="x", title="A test", description="any weather", start_local="15:00", duration_h=24.0,
        weather=Weather(climate=Climate(), points=script, fronts=passing),
    )  # fmt: skip
    sky = WeatherModel(scenario, seed, 1.767e9).at(1.767e9 + 3600.0 * hour)
    assert 0.0 < sky.humidity_pct <= 100.0
    assert sky.dew_point_c <= sky.air_temperature_c + 1e-6
    assert 0.0 <= sky.cloud_oktas <= 8.0
    assert sky.wind_speed_m_s >= 0.2
    assert sky.precipitation_mm_h >= 0.0
    assert (sky.precipitation_mm_h > 0.0) == (sky.precipitation_type > 0)
    assert 0.0 <= sky.shortwave_w_m2 < 1100.0
    assert 80.0 < sky.longwave_w_m2 < 600.0
    assert 0.0 <= sky.wind_direction_deg < 360.0
    air = Places(np.array([60.0, 105.0, 170.0]), np.zeros(3), 105.0, 60.0).air(sky, 0.8)
    assert (air.humidity_pct <= 100.0 + 1e-9).all()


@given(
    st.floats(0.0, 5.0),
    st.floats(0.0, 5.0),
    st.floats(0.0, 2.0),
    st.floats(0.0, 20.0),
    st.floats(0.0, 60.0),
    st.floats(-25.0, 15.0),
)
@settings(max_examples=300, deadline=None)
def test_freezing_and_melting_keep_the_water(
    water: float, ice: float, hoar: float, snow: float, salt: float, surface: float
) -> None:
    store = RoadWater(1)
    store.water[:], store.ice[:], store.hoar[:], store.snow[:] = water, ice, hoar, snow
    store.spread(0, salt)
    before = store.total()[0]
    warming = store.change_phase(np.array([surface]), np.array([40_000.0]))[0]
    assert math.isclose(store.total()[0], before, rel_tol=1e-9, abs_tol=1e-12)
    assert min(store.water[0], store.ice[0], store.hoar[0], store.snow[0]) >= -1e-12
    frozen = 334_000.0 * (store.frozen[0] - (ice + hoar + snow))
    assert math.isclose(warming * 40_000.0, frozen, rel_tol=1e-6, abs_tol=1e-3)
    if warming > 0.0:
        assert surface + warming <= 1e-9
    if surface >= 0.0:
        assert surface + warming >= -22.0


@given(st.floats(-0.5, 0.5), st.floats(-20.0, 20.0))
@settings(max_examples=200, deadline=None)
def test_vapour_exchange_takes_no_more_than_there_is(vapour: float, surface: float) -> None:
    store = RoadWater(1)
    store.water[:], store.hoar[:] = 0.05, 0.02
    before = store.total()[0]
    passed = store.exchange(np.array([vapour]), np.array([surface]))[0]
    assert math.isclose(store.total()[0] - before, passed, abs_tol=1e-12)
    assert passed >= max(vapour, -0.07) - 1e-12
    assert store.total()[0] >= -1e-12


@given(st.floats(-40.0, 45.0))
def test_dew_point_inverts_saturation(temperature: float) -> None:
    assert math.isclose(dew_point_c(saturation_water_pa(temperature)), temperature, abs_tol=1e-9)


@given(st.integers(0, 2**64), st.text(max_size=10), st.integers(-(2**50), 2**50))
def test_noise_is_a_function_of_its_arguments(seed: int, name: str, tick: int) -> None:
    key = key_of(seed, name)
    assert bits(key, tick) == bits(key_of(seed, name), tick)
    assert 0.0 <= unit(bits(key, tick)) < 1.0
    assert all(abs(g) < 4.0 for g in gauss5(bits(key, tick)))
    assert generator(seed, tick).integers(1 << 30) == generator(seed, tick).integers(1 << 30)


def test_noise_has_the_right_moments_and_no_memory() -> None:
    values = np.array([gauss5(bits(99, tick)) for tick in range(20_000)])
    assert abs(values.mean()) < 0.02
    assert abs(values.std() - 1.0) < 0.02
    flat = values[:, 0]
    assert abs(np.corrcoef(flat[:-1], flat[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(values[:, 0], values[:, 1])[0, 1]) < 0.03
    assert abs(sum(GAUSS)) < 1e-6


def test_smooth_noise_has_unit_spread() -> None:
    noise = SmoothNoise(4, "air")
    values = np.array([noise.at(60.0 * i) for i in range(50_000)])
    assert 0.8 < values.std() < 1.2
    assert np.abs(np.diff(values)).max() < 0.6
