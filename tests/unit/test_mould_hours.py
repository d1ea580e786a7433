"""The mould risk index hour by hour: decline and dry time, gaps, counts, words, shapes."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core import mould
from rules.core.mould import SURFACES, MouldSettings

S = SURFACES["sensitive"]
PINE = MouldSettings(decline=1.0)


def hours(t: float, rh: float, n: int, homes: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return np.full((n, homes), t), np.full((n, homes), rh)


@pytest.mark.parametrize(
    ("dry_h", "lost"),
    [(1, 0.032 / 24), (6, 0.008), (7, 0.008), (24, 0.008), (25, 0.008 + 0.016 / 24), (48, 0.008 + 0.016)],
)
@pytest.mark.parametrize("decline", [1.0, 0.5, 0.25, 0.1])
def test_decline_by_dry_time_and_material(dry_h: int, lost: float, decline: float) -> None:
    state = mould.after_hours(
        mould.fresh(1, 2.0), *hours(15.0, 50.0, dry_h), S, MouldSettings(decline=decline)
    )
    assert state.index[0] == pytest.approx(2.0 - decline * lost, abs=1e-12)
    assert state.highest[0] == 2.0
    assert state.dry_h[0] == dry_h


@pytest.mark.parametrize("t", [0.0, -5.0, 50.0, 60.0])
def test_nothing_grows_in_frost_or_heat(t: float) -> None:
    state = mould.after_hours(mould.fresh(1, 1.5), *hours(t, 100.0, 6), S, PINE)
    assert state.index[0] == pytest.approx(1.5 - 0.008)
    assert state.hours_growing[0] == 0
    assert state.hours_damp[0] == 6


def test_a_damp_hour_starts_the_dry_time_anew() -> None:
    state = mould.after_hours(mould.fresh(1, 2.0), *hours(15.0, 50.0, 30), S, PINE)
    state = mould.after_hours(state, *hours(15.0, 95.0, 1), S, PINE)
    assert state.dry_h[0] == 0
    before = state.index[0]
    state = mould.after_hours(state, *hours(15.0, 50.0, 6), S, PINE)
    assert state.index[0] == pytest.approx(before - 0.008)


def test_the_index_never_falls_below_0_nor_grows_above_what_the_climate_allows() -> None:
    assert mould.after_hours(mould.fresh(1, 0.001), *hours(15.0, 50.0, 5), S, PINE).index[0] == 0.0
    above = mould.after_hours(mould.fresh(1, 4.0), *hours(20.0, 90.0, 100), S, PINE)
    assert above.index[0] == 4.0  # its limit here is 3.04: it neither grows nor declines
    assert above.hours_growing[0] == 100


def test_a_gap_changes_nothing_and_is_counted() -> None:
    state = mould.after_hours(mould.fresh(1, 2.0), *hours(15.0, 50.0, 4), S, PINE)
    for t, rh in ((np.nan, 50.0), (15.0, np.nan), (np.nan, np.nan)):
        held = mould.after_hours(state, *hours(t, rh, 10), S, PINE)
        assert held.index[0] == state.index[0]
        assert held.dry_h[0] == 4
        assert (held.hours_known[0], held.hours_unknown[0]) == (4, 10)
        assert held.hours_damp[0] == held.hours_growing[0] == 0


def test_hours_at_80_percent_and_more() -> None:
    t, rh = np.full((4, 1), 18.0), np.array([[79.99], [80.0], [100.0], [130.0]])
    assert mould.after_hours(mould.fresh(1), t, rh, S).hours_damp[0] == 3
    assert mould.after_hours(mould.fresh(1), t, rh, S, MouldSettings(damp_pct=95.0)).hours_damp[0] == 2


def test_condensation_counts_as_100_percent() -> None:
    wet = mould.after_hours(mould.fresh(1), *hours(12.0, 140.0, 200), S)
    assert wet.index[0] == mould.after_hours(mould.fresh(1), *hours(12.0, 100.0, 200), S).index[0] > 0.1


def test_homes_are_alone_and_hours_may_come_in_any_portions() -> None:
    rng = np.random.default_rng(3)
    t, rh = rng.uniform(-3, 25, (300, 40)), rng.uniform(60, 105, (300, 40))
    rh[rng.random((300, 40)) < 0.05] = np.nan
    names = [list(SURFACES)[i % 4] for i in range(40)]
    whole = mould.after_hours(mould.fresh(40), t, rh, mould.surfaces_of(names))
    parts = mould.fresh(40)
    for start, end in ((0, 1), (1, 120), (120, 300)):
        parts = mould.after_hours(parts, t[start:end], rh[start:end], mould.surfaces_of(names))
    assert np.array_equal(whole.index, parts.index)
    for i, name in enumerate(names):
        alone = mould.after_hours(mould.fresh(1), t[:, [i]], rh[:, [i]], SURFACES[name])
        assert alone.index[0] == pytest.approx(whole.index[i], abs=1e-12)
        assert alone.highest[0] == pytest.approx(whole.highest[i], abs=1e-12)
    assert np.array_equal(whole.hours_known + whole.hours_unknown, np.full(40, 300.0))


def test_settings_may_be_arrays_of_homes() -> None:
    settings = MouldSettings(wood=np.array([0.0, 1.0]), decline=np.array([1.0, 0.1]))
    wet = mould.after_hours(mould.fresh(2), *hours(20.0, 95.0, 100, 2), S, settings)
    assert wet.index[0] > wet.index[1] > 0.0
    dry = mould.after_hours(mould.fresh(2, 1.0), *hours(20.0, 50.0, 6, 2), S, settings)
    assert dry.index == pytest.approx([1 - 0.008, 1 - 0.0008])


def test_the_state_given_is_left_alone() -> None:
    state = mould.fresh(2, 0.5)
    mould.after_hours(state, *hours(20.0, 97.0, 50, 2), S)
    assert np.array_equal(state.index, [0.5, 0.5])
    assert np.array_equal(state.hours_growing, [0, 0])


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"surface_c \(5, 3\) .* must both be \(hours, 2\)"):
        mould.after_hours(mould.fresh(2), *hours(20.0, 90.0, 5, 3), S)
    with pytest.raises(ValueError, match="must both be"):
        mould.index_series(np.zeros((5, 2)), np.zeros((4, 2)), S)
    with pytest.raises(KeyError):
        mould.surfaces_of(["oak"])  # type: ignore[list-item]


def test_an_index_has_a_band() -> None:
    assert [mould.risk_band(x) for x in (0.0, 0.999, 1.0, 2.99, 3.0, 6.0)] == [
        "low",
        "low",
        "raised",
        "raised",
        "high",
        "high",
    ]
