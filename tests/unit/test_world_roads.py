from __future__ import annotations

import numpy as np
import pytest

from devices.registry import RoadSegment
from firmware_sim.world.ground import Ground
from firmware_sim.world.local_air import ColdPool, Places
from firmware_sim.world.psychro import saturation_pa, saturation_water_pa
from firmware_sim.world.road_water import HOAR, ICE, RoadWater, freezing_point_c, liquid_at_equilibrium_mm
from firmware_sim.world.roads import RoadModel
from firmware_sim.world.sky import longwave_w_m2
from firmware_sim.world.weather import RAIN, SNOW, Sky


def segment(name: str, **changes: object) -> RoadSegment:
    values: dict[str, object] = {
        "segment_id": name, "street": "Mill Lane", "road_class": "U", "from_node": 0, "to_node": 1, "length_m": 100.0,
        "altitude_m": 100.0, "sky_view_factor": 0.9,
    }  # fmt: skip
    return RoadSegment(**{**values, **changes})  # type: ignore[arg-type]


def sky(air_c: float, dew_c: float, *, hour: float = 1.0, cloud: float = 0.0, wind: float = 1.0, sun: float = 0.0, rain: float = 0.0, code: int = 0) -> Sky:  # fmt: skip
    vapour = saturation_water_pa(dew_c)
    return Sky(
        time_s=0.0, hour=0.0, hour_local=hour, air_temperature_c=air_c, vapour_pa=vapour,
        humidity_pct=100.0 * vapour / saturation_water_pa(air_c), dew_point_c=dew_c, wind_speed_m_s=wind,
        wind_direction_deg=0.0, cloud_oktas=cloud, pressure_hpa=1013.0, shortwave_w_m2=sun,
        longwave_w_m2=longwave_w_m2(air_c, vapour, cloud), precipitation_mm_h=rain, precipitation_type=code,
    )  # fmt: skip


def test_ground_conserves_heat() -> None:
    ground = Ground(np.array([False, True]), 4.0, 7.0)
    ground.temperature_c += np.array([[3.0], [2.0], [1.0], [0.0], [-1.0]])
    before = (ground.capacity * ground.temperature_c).sum(axis=0)
    flux, slope, air = np.array([-60.0, -60.0]), np.array([10.0, 10.0]), np.array([-2.0, -2.0])
    lost = ground.step(300.0, flux, slope, air)
    gained = 300.0 * (flux - slope * ground.temperature_c[0])
    after = (ground.capacity * ground.temperature_c).sum(axis=0)
    assert after - before == pytest.approx(gained - lost, rel=1e-9, abs=1e-3)


def test_ground_at_rest_stays_at_rest() -> None:
    ground = Ground(np.array([False]), 7.0, 7.0)
    ground.step(300.0, np.array([70.0]), np.array([10.0]), np.array([7.0]))
    assert ground.temperature_c == pytest.approx(7.0)


def test_bridges_valleys_and_open_sky_are_colder_on_a_clear_night() -> None:
    roads = RoadModel(
        [
            segment("plain"),
            segment("bridge", bridge=True),
            segment("valley", altitude_m=60.0),
            segment("narrow", sky_view_factor=0.5),
            segment("hill", altitude_m=120.0),
        ],
        5.0,
        6.0,
    )
    pool = ColdPool()
    for _ in range(12 * 10):
        weather = sky(1.0, -2.0)
        pool.step(weather, 300)
        roads.step(weather, pool.strength, 300)
    plain, bridge, valley, narrow, _hill = roads.surface_c
    assert bridge < plain - 1.0
    assert valley < plain - 1.0
    assert narrow > plain + 0.5
    assert -8.0 < plain < 0.5


def test_a_cloudy_windy_night_makes_little_difference() -> None:
    roads = RoadModel([segment("plain"), segment("valley", altitude_m=60.0)], 5.0, 6.0)
    pool = ColdPool()
    for _ in range(12 * 10):
        weather = sky(3.0, 1.0, cloud=8.0, wind=8.0)
        pool.step(weather, 300)
        roads.step(weather, pool.strength, 300)
    assert pool.strength < 0.02
    assert abs(roads.surface_c[0] - roads.surface_c[1]) < 0.6
    assert roads.surface_c[0] == pytest.approx(3.0, abs=1.0)


def test_hoar_grows_on_a_dry_road_below_the_frost_point_and_melts_in_the_sun() -> None:
    roads = RoadModel([segment("plain")], 0.0, 3.0)
    for _ in range(12 * 8):
        roads.step(sky(-1.0, -1.4, wind=1.5), 0.0, 300)
    assert roads.surface_c[0] < -2.0
    assert roads.water.state()[0] == HOAR
    hoar = roads.water.hoar[0]
    assert 0.01 < hoar < 0.6
    for _ in range(12 * 2):
        roads.step(sky(3.0, 1.0, hour=12.0, sun=350.0), 0.0, 300)
    assert roads.water.hoar[0] == pytest.approx(0.0, abs=1e-9)


def test_water_is_conserved() -> None:
    roads = RoadModel([segment("a", road_class="A"), segment("b", bridge=True)], 2.0, 5.0)
    rain = sky(2.0, 1.5, cloud=8.0, rain=2.0, code=RAIN, wind=3.0)
    fallen = vapour = np.zeros(2)
    real = roads.water.exchange

    def counting(amount: np.ndarray, surface: np.ndarray) -> np.ndarray:
        nonlocal vapour
        passed = real(amount, surface)
        vapour = vapour + passed
        return passed

    roads.water.exchange = counting  # type: ignore[method-assign]
    for step in range(12 * 12):
        weather = rain if step < 24 else sky(-3.0, -4.0)
        roads.step(weather, 0.0, 300)
        fallen = fallen + (2.0 * 300 / 3600 if step < 24 else 0.0)
    assert roads.water.total() + roads.water.drained == pytest.approx(fallen + vapour, abs=1e-9)
    assert (roads.water.water >= -1e-12).all()
    assert (roads.water.state() == ICE).all()


def test_freezing_holds_the_surface_near_zero_until_the_heat_is_paid() -> None:
    wet = RoadModel([segment("wet")], 1.0, 3.0)
    dry = RoadModel([segment("dry")], 1.0, 3.0)
    wet.water.water[:] = 2.0
    lag = 0.0
    for _ in range(24):
        wet.step(sky(-4.0, -6.0), 0.0, 300)
        dry.step(sky(-4.0, -6.0), 0.0, 300)
        lag = max(lag, float(wet.surface_c[0] - dry.surface_c[0]))
    assert lag > 0.8


@pytest.mark.parametrize(
    ("salt", "water", "expected"),
    [(0.0, 1.0, 0.0), (33.0, 1.0, -2.0), (84.0, 1.0, -5.0), (165.0, 1.0, -10.0)],
)
def test_freezing_point_of_brine(salt: float, water: float, expected: float) -> None:
    assert freezing_point_c(np.array([salt]), np.array([water]))[0] == pytest.approx(expected, abs=0.12)


def test_freezing_point_and_equilibrium_are_inverse() -> None:
    salt = np.array([10.0, 20.0, 40.0])
    for temperature in (-1.0, -4.0, -10.0):
        water = liquid_at_equilibrium_mm(salt, np.full(3, temperature))
        assert freezing_point_c(salt, water) == pytest.approx(temperature, abs=1e-6)


def test_a_treated_road_melts_and_stays_wet_where_its_neighbour_freezes() -> None:
    roads = RoadModel([segment("treated"), segment("untreated")], 0.5, 3.0)
    roads.water.water[:] = 0.1
    roads.water.spread(0, 20.0)
    for _ in range(12 * 5):
        roads.step(sky(-2.0, -4.0, cloud=3.0), 0.0, 300)
    assert roads.surface_c.max() < -1.0
    assert roads.water.ice[0] < 0.02
    assert roads.water.ice[1] > 0.05
    assert roads.water.freezing_point()[0] < roads.surface_c[0]
    assert roads.water.freezing_point()[1] == 0.0


def test_salt_melts_ice_that_is_there() -> None:
    water = RoadWater(1)
    water.ice[:] = 0.1
    water.spread(0, 30.0)
    surface = np.array([-3.0])
    for _ in range(6):
        water.change_phase(surface, np.array([40_000.0]))
    assert water.ice[0] < 0.01


def test_heavy_rain_washes_salt_away_and_traffic_wears_it() -> None:
    def left(rate: float, traffic: float) -> float:
        water = RoadWater(1)
        water.spread(0, 20.0)
        for _ in range(24):
            water.precipitate(rate / 12.0, RAIN)
            water.wear(300.0, np.array([traffic]))
        return float(water.salt[0])

    assert left(5.0, 0.0) < 0.2 * left(0.0, 0.0)
    assert left(0.0, 1.0) < 0.75 * left(0.0, 0.0)


def test_snow_lies_when_it_is_cold_and_melts_when_it_is_warm() -> None:
    roads = RoadModel([segment("plain")], -0.5, 1.0)
    for _ in range(12 * 3):
        roads.step(sky(-1.0, -1.2, cloud=8.0, rain=1.5, code=SNOW, wind=3.0), 0.0, 300)
    assert roads.water.snow[0] > 3.0
    for _ in range(12 * 24):
        roads.step(sky(6.0, 4.0, cloud=8.0, wind=4.0), 0.0, 300)
    assert roads.water.snow[0] < 0.5


def test_humidity_never_passes_saturation_in_the_pool() -> None:
    places = Places(np.array([60.0, 100.0, 160.0]), np.zeros(3), 100.0, 60.0)
    air = places.air(sky(0.0, -0.1), 1.0)
    assert (air.humidity_pct <= 100.0 + 1e-9).all()
    assert air.vapour_pa == pytest.approx(air.humidity_pct / 100.0 * saturation_pa(air.temperature_c))
    assert air.temperature_c[0] < air.temperature_c[1] < air.temperature_c[2]
