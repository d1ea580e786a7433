from __future__ import annotations

import numpy as np
import pytest

from devices.registry import Home
from firmware_sim.world.home_events import ACTIVITIES, SHOWER, Habits, events_of_day
from firmware_sim.world.homes import HomeModel
from firmware_sim.world.psychro import saturation_water_pa
from firmware_sim.world.weather import Sky

DAY_S = 86_400.0


def winter(time_s: float) -> Sky:
    vapour = saturation_water_pa(1.0)
    return Sky(
        time_s=time_s, hour=time_s / 3600, hour_local=time_s / 3600 % 24, air_temperature_c=3.0, vapour_pa=vapour,
        humidity_pct=87.0, dew_point_c=1.0, wind_speed_m_s=3.0, wind_direction_deg=0.0, cloud_oktas=7.0,
        pressure_hpa=1010.0, shortwave_w_m2=0.0, longwave_w_m2=290.0, precipitation_mm_h=0.0, precipitation_type=0,
    )  # fmt: skip


def homes(n: int = 60, damp: int = 9) -> list[Home]:
    return [
        Home(code=f"h{i}", label="", devices=(f"frog-{i}",), temperature_factor=0.5 if i < damp else 0.75, occupants=4 if i < damp else 1 + i % 4)
        for i in range(n)
    ]  # fmt: skip


def played(model: HomeModel, days: int, dt_s: float = 300.0) -> HomeModel:
    for step in range(1, int(days * DAY_S / dt_s) + 1):
        t = step * dt_s
        today = int((t - 1) // DAY_S)
        events = [model.day(d, d * DAY_S, weekend=False) for d in (today - 1, today)]
        model.step(winter(t), events, dt_s, weekend=False)
    return model


@pytest.fixture(scope="module")
def model() -> HomeModel:
    return played(HomeModel(homes(), 3, 3.0, 5.2), 3)


def test_vapour_is_conserved(model: HomeModel) -> None:
    fresh = HomeModel(homes(), 3, 3.0, 5.2)
    before = fresh.stored_g()
    played(fresh, 1)
    gained = fresh.stored_g() - before
    balance = fresh.source_g - fresh.vented_g - fresh.condensed_g
    assert gained == pytest.approx(balance, rel=1e-6, abs=0.5)
    assert (fresh.source_g > 500.0).all()


def test_a_family_releases_some_kilograms_a_day(model: HomeModel) -> None:
    per_day = model.source_g / 3.0
    assert 1000.0 < np.median(per_day) < 9000.0
    assert per_day.max() < 20_000.0


def test_damp_homes_are_damper_than_the_rest(model: HomeModel) -> None:
    damp = model.fabric.damp
    assert damp.sum() == 9
    assert np.median(model.surface_humidity_pct[damp]) > np.median(model.surface_humidity_pct[~damp]) + 20.0
    assert (model.surface_humidity_pct[damp] > 75.0).all()
    assert np.median(model.surface_humidity_pct[~damp]) < 75.0


def test_underheated_homes_are_cold(model: HomeModel) -> None:
    under = model.fabric.underheated
    assert 2 <= under.sum() <= 4
    assert model.temperature_c[under].max() < model.temperature_c[~under].min()


def test_humidity_and_temperature_stay_physical(model: HomeModel) -> None:
    assert ((model.humidity_pct > 5.0) & (model.humidity_pct <= 100.0)).all()
    assert ((model.temperature_c > 4.0) & (model.temperature_c < 27.0)).all()
    assert (model.surface_c < model.temperature_c).all()


def test_a_shower_lifts_the_vapour_in_its_home_only() -> None:
    def run(with_shower: bool) -> HomeModel:
        model = HomeModel(homes(2, 0), 1, 3.0, 5.2)
        day = events_of_day(1, 0, 0.0, Habits(np.zeros(2, dtype=np.int64), np.zeros(2, dtype=bool), np.zeros(2), np.zeros(2)), weekend=False)  # fmt: skip
        grams = np.array([400.0 if with_shower else 0.0])
        shower = type(day)(
            np.array([0]), np.array([SHOWER]), np.array([7 * 3600.0]), np.array([7 * 3600.0 + 600.0]), grams
        )
        for step in range(1, 90):
            model.step(winter(step * 300.0), [shower], 300.0, weekend=False)
            if step == 86:
                peak = model.vapour_g_m3.copy()
        model.vapour_g_m3 = peak
        return model

    without, with_shower = run(False).vapour_g_m3, run(True).vapour_g_m3
    assert with_shower[0] - without[0] > 0.8
    assert with_shower[1] == pytest.approx(without[1])


def test_events_of_a_day_are_the_same_each_time_and_lie_near_it() -> None:
    habits = HomeModel(homes(), 3, 3.0, 5.2).habits
    a, b = (events_of_day(3, 12, 12 * DAY_S, habits, weekend=True) for _ in range(2))
    assert np.array_equal(a.start_s, b.start_s)
    assert np.array_equal(a.home, b.home)
    assert set(a.activity.tolist()) == set(range(len(ACTIVITIES)))
    assert ((a.start_s > 12 * DAY_S) & (a.start_s < 13.2 * DAY_S)).all()
    assert (a.end_s > a.start_s).all()
    assert (a.vapour_g >= 0.0).all()
    other = events_of_day(4, 12, 12 * DAY_S, habits, weekend=True)
    assert not np.array_equal(a.start_s[:20], other.start_s[:20])
