"""Conduction against what is known exactly."""

from __future__ import annotations

from math import erfc

import numpy as np
import pytest

from rules.core.road_surface.column import Floats, build, factors, grid, sweep_down, sweep_up

K, C = 1.5, 2.0e6
DIFFUSIVITY = K / C
DAY_S = 86_400.0


def fine(step_s: float, depth: Floats):
    column = build(depth, [[9.0]], [[K]], [[C]])
    return column, factors(column, step_s)


def forced(depth: Floats, step_s: float, surface_c: Floats, first_c: Floats) -> Floats:
    """Return the temperatures after each step with the surface given."""
    _, f = fine(step_s, depth)
    temperature, kept = first_c[:, None, None].copy(), []
    for t in surface_c:
        swept, _ = sweep_up(f, temperature, np.zeros((1, 1)))
        temperature = sweep_down(f, swept, np.full((1, 1), t))
        kept.append(temperature[:, 0, 0].copy())
    return np.array(kept)


def test_the_grid_starts_at_the_surface_and_grows() -> None:
    depth = grid(0.01, 1.25, 19)
    assert depth[0] == 0.0
    assert depth[1] == pytest.approx(0.01)
    assert (np.diff(depth, 2) > 0.0).all()
    assert depth[-1] > 2.0


def test_a_step_at_the_surface_goes_down_as_the_error_function() -> None:
    depth, step_s, hours = grid(0.005, 1.12, 42), 60.0, 6
    got = forced(depth, step_s, np.full(hours * 60, -5.0), np.zeros(42))[-1]
    wanted = np.array([-5.0 * erfc(z / (2.0 * (DIFFUSIVITY * hours * 3600.0) ** 0.5)) for z in depth])
    assert np.abs(got - wanted).max() < 0.02


def test_a_daily_wave_is_damped_and_late_with_depth() -> None:
    depth, step_s, per_day = grid(0.005, 1.12, 42), 600.0, 144
    omega = 2.0 * np.pi / DAY_S
    damping_m = (2.0 * DIFFUSIVITY / omega) ** 0.5
    t = step_s * np.arange(1, 6 * per_day + 1)
    first = 10.0 * np.exp(-depth / damping_m) * np.sin(-depth / damping_m)
    got = forced(depth, step_s, 10.0 * np.sin(omega * t), first)
    wanted = 10.0 * np.exp(-depth / damping_m) * np.sin(omega * t[-per_day:, None] - depth / damping_m)
    near = depth < 0.5
    assert np.abs(got[-per_day:] - wanted)[:, near].max() < 0.15


def test_a_closed_column_keeps_its_heat() -> None:
    rng = np.random.default_rng(4)
    depth = grid()
    column, f = fine(1200.0, depth)
    temperature = rng.normal(0.0, 5.0, (19, 1, 1))
    heat = (column.capacity[:, :, None] * temperature).sum()
    for _ in range(500):
        swept, share = sweep_up(f, temperature, np.zeros((1, 1)))
        temperature = sweep_down(f, swept, share / f.diagonal)  # no flux at the surface
    assert (column.capacity[:, :, None] * temperature).sum() == pytest.approx(heat, rel=1e-9)
    assert np.ptp(temperature[:8]) < np.ptp(rng.normal(0.0, 5.0, 8)) / 3.0


def test_what_flows_in_is_what_the_column_gains() -> None:
    depth = grid()
    column, f = fine(1200.0, depth)
    temperature = np.zeros((19, 1, 1))
    for _ in range(72):
        swept, share = sweep_up(f, temperature, np.zeros((1, 1)))
        temperature = sweep_down(f, swept, (share + 50.0) / f.diagonal)
    gained = (column.capacity[:, :, None] * temperature).sum()
    assert gained == pytest.approx(50.0 * DAY_S, rel=1e-9)


def test_layers_may_end_anywhere() -> None:
    depth = grid()
    column = build(
        depth, [[0.055, 0.1], [5.0, 5.0]], [[1.5, 2.0], [0.5, 2.0]], [[2.0e6, 1.0e6], [1.0e6, 1.0e6]]
    )
    assert column.capacity[:, 0].sum() == pytest.approx(2.0e6 * 0.055 + 1.0e6 * (depth[-1] - 0.055))
    assert (1.0 / column.conductance[:, 0]).sum() == pytest.approx(0.055 / 1.5 + (depth[-1] - 0.055) / 0.5)
    assert (1.0 / column.conductance[:, 1]).sum() == pytest.approx(depth[-1] / 2.0)


def test_a_bridge_takes_the_air_s_temperature_from_below() -> None:
    column = build(grid(0.02, 1.0, 16), [[1.0]], [[2.0]], [[2.0e6]], 20.0)
    f = factors(column, 600.0)
    temperature = np.full((16, 1, 1), 5.0)
    for _ in range(3000):
        swept, share = sweep_up(f, temperature, np.full((1, 1), -3.0))
        temperature = sweep_down(f, swept, share / f.diagonal)
    assert np.abs(temperature + 3.0).max() < 1e-3


@pytest.mark.parametrize("step_s", [60.0, 600.0, 1800.0, 7200.0])
def test_any_step_is_stable(step_s: float) -> None:
    got = forced(grid(), step_s, np.resize([10.0, -10.0], 200), np.zeros(19))
    assert np.abs(got).max() <= 10.0 + 1e-9
