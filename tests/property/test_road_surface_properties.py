"""What holds for any road and any weather."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.road_surface.balance import advance
from rules.core.road_surface.parameters import DEFAULT
from rules.core.road_surface.phase import settle
from rules.core.road_surface.roads import profile, some
from rules.core.road_surface.salt import freezing_point_c
from rules.core.road_surface.state import Forcing, State
from tests.fakes.road_columns import made, sky, still

AIR = profile(DEFAULT)
STEP_S = 1200.0
STEPS = 24
SEEDS = st.integers(0, 2**32 - 1)


def night(seed: int, segments: int) -> tuple[State, Forcing, dict[str, np.ndarray]]:
    """Return roads with anything on them under any weather."""
    rng = np.random.default_rng(seed)
    shape = (STEPS, 1, segments)
    weather = sky(
        STEPS, segments, air_c=rng.uniform(-15.0, 12.0, shape), humidity_pct=rng.uniform(20.0, 100.0, shape),
        wind_m_s=rng.uniform(0.0, 15.0, shape), direct_w_m2=rng.uniform(0.0, 500.0, shape) * (rng.random(shape) < 0.3),
        longwave_w_m2=rng.uniform(180.0, 380.0, shape), rain_mm_h=rng.uniform(0.0, 8.0, shape) * (rng.random(shape) < 0.3),
        snow_mm_h=rng.uniform(0.0, 5.0, shape) * (rng.random(shape) < 0.3),
    )  # fmt: skip
    names = ("water_mm", "ice_mm", "snow_mm", "deposit_mm", "salt_fast_g_m2", "salt_slow_g_m2")
    stores = {n: rng.uniform(0.0, 2.0, segments) * (rng.random(segments) < 0.6) for n in names}
    own = {"traffic": rng.uniform(0.0, 2.0, segments), "sky_view": rng.uniform(0.1, 1.0, segments)}
    return still(DEFAULT, rng.uniform(-12.0, 12.0, segments), segments, **stores), weather, own


def walk(state: State, weather: Forcing, roads) -> list[State]:
    seen = []
    for i in range(STEPS):
        state = advance(state, weather.at(i), roads, AIR, DEFAULT.stores, STEP_S, np.zeros((1, 1))).state
        seen.append(state)
    return seen


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_stores_are_never_negative_nor_above_their_caps_and_temperatures_stay_sane(seed: int) -> None:
    state, weather, own = night(seed, 8)
    p = DEFAULT.stores
    for s in walk(state, weather, made(DEFAULT, 8, STEP_S, **own)):
        for name in ("water", "ice", "snow", "deposit"):
            store = getattr(s, f"{name}_mm")
            assert (store >= 0.0).all(), name
            assert (store <= getattr(p, f"{name}_max_mm") + 1e-9).all(), name
        assert (s.salt_fast_g_m2 >= 0.0).all()
        assert (np.abs(s.temperature_c) < 60.0).all()


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_no_more_evaporates_than_is_there(seed: int) -> None:
    """In dry wind without precipitation all stores together only shrink, and end at nothing."""
    state, weather, own = night(seed, 6)
    dry = Forcing(**{f.name: getattr(weather, f.name) for f in fields(Forcing)} | {
        "vapour_pa": weather.vapour_pa * 0.0, "rain_mm_h": weather.rain_mm_h * 0.0, "snow_mm_h": weather.snow_mm_h * 0.0,
    })  # fmt: skip
    before = state.water_mm + state.ice_mm + state.snow_mm + state.deposit_mm
    for s in walk(state, dry, made(DEFAULT, 6, STEP_S, **own)):
        after = s.water_mm + s.ice_mm + s.snow_mm + s.deposit_mm
        assert (after <= before + 1e-9).all()
        before = after


@given(seed=SEEDS, chosen=st.sets(st.integers(0, 11), min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_a_segment_does_not_depend_on_its_neighbours(seed: int, chosen: set[int]) -> None:
    state, weather, own = night(seed, 12)
    roads = made(DEFAULT, 12, STEP_S, **own)
    together = walk(state, weather, roads)[-1]
    for i in chosen:
        part = slice(i, i + 1)
        alone = walk(state.map(lambda a, part=part: a[..., part]), weather.of(part), some(roads, part))[-1]
        for f in fields(State):
            np.testing.assert_allclose(
                getattr(alone, f.name)[..., 0],
                getattr(together, f.name)[..., i],
                rtol=1e-9,
                atol=1e-9,
                err_msg=f.name,
            )


@given(
    heat=st.floats(-2000.0, 2000.0),
    water=st.floats(0.0, 2.0),
    frozen=st.floats(0.0, 5.0),
    salt=st.floats(0.0, 60.0),
)
def test_phase_change_balances_heat_and_mass_and_lands_on_the_curve(
    heat: float, water: float, frozen: float, salt: float
) -> None:
    diagonal, per_mm = 40.0, 3.34e5 / STEP_S
    one = [np.array([[v]]) for v in (diagonal, heat, water, frozen, salt)]
    surface, melt = (float(a[0, 0]) for a in settle(*one, STEP_S))
    assert -water - 1e-9 <= melt <= frozen + 1e-9
    assert abs(diagonal * surface + melt * per_mm - heat) < 1e-6 * max(1.0, abs(heat))
    left, ice = water + melt, frozen - melt
    if left > 1e-3 and ice > 1e-3 and salt < 0.01:
        assert surface == 0.0
    if left > 0.05 and ice > 1e-3 and salt > 0.5 and surface > -15.0:
        assert abs(surface - float(freezing_point_c(np.array(salt), np.array(left)))) < 0.1


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_more_heat_never_makes_a_road_colder(seed: int) -> None:
    state, weather, own = night(seed, 6)
    roads = made(DEFAULT, 6, STEP_S, **own)
    plain = advance(state, weather.at(0), roads, AIR, DEFAULT.stores, STEP_S, np.zeros((1, 1))).state
    warmed = advance(state, weather.at(0), roads, AIR, DEFAULT.stores, STEP_S, np.full((1, 1), 30.0)).state
    assert (warmed.surface_c >= plain.surface_c - 1e-9).all()
