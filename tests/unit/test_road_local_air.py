"""The air at each stretch: settled on clear calm nights, mixed by wind, learnt from sensors' thermometers."""

from __future__ import annotations

import numpy as np
import pytest

from devices.registry import RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.psychrometrics import Floats
from rules.core.road_now.local_air import LocalAir, ahead, found, moved, stillness
from rules.core.road_now.parameters import AirParameters
from rules.core.road_now.stretches import Stretches, stretches
from rules.core.road_now.thermal_map import StillAir
from rules.core.road_now.weather import one_weather
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.vapour import over_water_pa

P = AirParameters()
HEIGHTS_M = (60.0, 62.0, 80.0, 100.0, 120.0, 140.0, 61.0, 139.0)
"""The last two have no sensor."""
SENSORS = 6
USUAL_M = 100.0
LAPSE = P.lapse_c_per_m * (np.array(HEIGHTS_M) - USUAL_M)
POOL_C = np.array([-4.0, -4.0, -2.0, 0.0, 0.5, 1.0, -4.0, 1.0])
STEPS = 36


def town() -> Stretches:
    nodes = [
        RoadNode(node_id=i, latitude_deg=52.0 + 0.002 * i, longitude_deg=0.0)
        for i in range(len(HEIGHTS_M) + 1)
    ]
    roads = [
        RoadSegment(
            segment_id=f"s{i}", street="Road", road_class="A", from_node=i, to_node=i + 1, length_m=100.0,
            altitude_m=height, device=f"r{i}" if i < SENSORS else None,
        )
        for i, height in enumerate(HEIGHTS_M)
    ]  # fmt: skip
    return stretches(roads, nodes, [f"r{i}" for i in range(SENSORS)], load().transfer.parameters)


def weather(cloud: float, wind_m_s: float, steps: int = STEPS, air_c: float = 2.0) -> Weather:
    plain = np.zeros(steps)
    return one_weather(
        1200.0 * np.arange(1.0, steps + 1.0), air_c=plain + air_c, humidity_pct=plain + 90.0,
        wind_m_s=plain + wind_m_s, shortwave_w_m2=plain, rain_mm_h=plain, snow_mm_h=plain,
        pressure_pa=plain + 1e5, longwave_w_m2=plain * np.nan, cloud=plain + cloud,
    )  # fmt: skip


def night(w: Weather, pool_c: Floats = POOL_C, before: StillAir | None = None) -> LocalAir:
    """Return what is found where the air over each stretch is what stillness makes of the pool."""
    air = 1.0 + LAPSE[None, :] + stillness(w, P)[:, None] * pool_c[None, :]
    return found(town(), USUAL_M, air[:, :SENSORS], w, before, 0.0, P)


def test_air_settles_slowly_on_a_clear_calm_night_and_is_mixed_faster() -> None:
    still = stillness(weather(0.0, 1.0), P)
    assert (np.diff(still) > 0.0).all()
    assert still[2] < 0.35 < 0.8 < still[-1] <= 1.0
    assert stillness(weather(1.0, 1.0), P).max() < 0.01
    assert stillness(weather(0.0, 9.0), P).max() < 0.01
    assert stillness(weather(1.0, 9.0), P, 1.0)[6] < 1.0 - still[6]


def test_hollows_and_hills_are_found_and_lent_to_stretches_without_a_sensor() -> None:
    local = night(weather(0.1, 1.0))
    assert local.town_c[-1] == pytest.approx(1.0, abs=0.5)
    truth = 1.0 + LAPSE + local.stillness[-1] * POOL_C
    np.testing.assert_allclose(local.town_c[-1] + local.beyond_c[-1], truth, atol=0.35)
    assert local.pattern_c[6] < -2.0
    assert local.pattern_c[7] > 0.0


def test_mixed_air_has_the_usual_lapse() -> None:
    local = night(weather(1.0, 8.0))
    np.testing.assert_allclose(local.beyond_c[-1], LAPSE, atol=0.2)
    later = ahead(local, weather(1.0, 8.0), P)
    np.testing.assert_allclose(later[-1], LAPSE, atol=0.1)


def test_wind_to_come_mixes_the_pool_and_a_still_night_fills_it() -> None:
    local = night(weather(0.1, 1.0))
    np.testing.assert_allclose(ahead(local, weather(0.1, 1.0), P)[0], local.beyond_c[-1], atol=0.2)
    calm, windy = (ahead(local, weather(c, w), P)[-1] for c, w in ((0.1, 1.0), (1.0, 8.0)))
    assert calm[0] - calm[5] < -3.0
    assert windy[0] - windy[5] > -1.0


def test_what_earlier_nights_taught_is_kept_through_windy_ones_and_counted_once() -> None:
    first = night(weather(0.1, 1.0))
    windy = night(weather(1.0, 8.0), before=first.learnt)
    np.testing.assert_allclose(windy.pattern_c, first.pattern_c, atol=0.05)
    unlearnt = night(weather(1.0, 8.0))
    assert abs(unlearnt.pattern_c[0] - POOL_C[0]) > 2.0 * abs(windy.pattern_c[0] - POOL_C[0])
    w = weather(0.1, 1.0)
    again = found(town(), USUAL_M, np.full((STEPS, SENSORS), np.nan), w, first.learnt, w.at_s[-1], P)
    np.testing.assert_array_equal(again.learnt.weight, first.learnt.weight)
    many = first.learnt
    for _ in range(60):
        many = night(weather(0.1, 1.0), before=many).learnt
    assert many.weight.max() <= P.most_steps


def test_one_wrong_thermometer_moves_nobody() -> None:
    w = weather(0.1, 1.0)
    air = 1.0 + LAPSE[None, :] + stillness(w, P)[:, None] * POOL_C[None, :]
    off = air[:, :SENSORS].copy()
    off[:, 3] += 15.0
    good, bad = (found(town(), USUAL_M, a[:, :SENSORS], w, None, 0.0, P) for a in (air, off))
    apart = np.abs(good.town_c[-1] + good.beyond_c[-1] - bad.town_c[-1] - bad.beyond_c[-1])
    assert np.delete(apart, 3).max() < 1.0


def test_too_few_thermometers_leave_the_stations_air_and_what_is_usual() -> None:
    w = weather(0.1, 1.0)
    local = found(town(), USUAL_M, np.full((STEPS, SENSORS), np.nan), w, None, 0.0, P)
    assert local.town_c.tolist() == [2.0] * STEPS
    usual = LAPSE + local.stillness[-1] * P.inversion_c_per_m * (np.array(HEIGHTS_M) - USUAL_M)
    np.testing.assert_allclose(local.beyond_c[-1], usual)


def test_moved_air_holds_the_same_vapour_until_it_is_full() -> None:
    w = weather(0.0, 1.0)
    warm, cold = moved(w, np.full(STEPS, 4.0)), moved(w, np.full(STEPS, -4.0))
    assert float(warm.humidity_pct[0, 0, 0]) == pytest.approx(
        90.0 * float(over_water_pa(np.array(2.0)) / over_water_pa(np.array(4.0))), rel=1e-6
    )
    assert cold.humidity_pct.max() == 100.0
