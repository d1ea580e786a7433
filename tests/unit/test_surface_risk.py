"""Surface risk: factors assumed and learned, bands, condensation, hours."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rules.core.damp import surface_humidity_pct
from rules.core.surface.band import (
    assumed_factor,
    hours_at_or_above,
    surface_temperature_band_c,
)
from rules.core.surface.learn import LearnedFactor, LearnSettings, NotLearned, learn_factor

DAY_S = 86_400.0
S = LearnSettings()


def test_the_band_is_as_wide_as_published() -> None:
    """18 °C and 70 %, 5 °C outdoors, fRsi 0.7: 89.8 %; 0.05 more of fRsi is 3.7 points less."""
    walls = surface_temperature_band_c(18.0, 5.0, assumed_factor(0.7))
    assert walls == pytest.approx((13.45, 14.1, 14.75))
    cold, likely, warm = (surface_humidity_pct(18.0, 70.0, c) for c in walls)
    assert likely == pytest.approx(89.8, abs=0.15)
    assert likely - warm == pytest.approx(3.7, abs=0.05)
    assert cold > likely


def test_the_band_turns_round_when_it_is_warmer_outside() -> None:
    band = surface_temperature_band_c(np.array([18.0, 18.0]), np.array([5.0, 28.0]), assumed_factor(0.7))
    assert (band.low <= band.mid).all()
    assert (band.mid <= band.high).all()
    assert band.high[0] < 18.0 < band.low[1]


@pytest.mark.parametrize("factor", [-0.1, 1.1, math.nan])
def test_factors_that_no_wall_has_are_refused(factor: float) -> None:
    with pytest.raises(ValueError, match=f"temperature factor {factor} must be within 0..1"):
        assumed_factor(factor)


def test_bands_stay_within_0_and_1() -> None:
    assert assumed_factor(0.98) == (pytest.approx(0.93), 0.98, 1.0, False)
    assert assumed_factor(0.0).low == 0.0
    with pytest.raises(ValueError, match="spread -1 must be 0 or more"):
        assumed_factor(0.5, -1)


def test_condensation_is_where_the_surface_is_not_above_the_dew_point() -> None:
    """20 °C and 50 %: the dew point is 9.2552 °C."""
    assert surface_humidity_pct(20.0, 50.0, 9.2552) == pytest.approx(100.0, abs=0.01)
    assert surface_humidity_pct(20.0, 50.0, 12.0) < 100.0
    assert (
        surface_humidity_pct(20.0, 50.0, surface_temperature_band_c(20.0, -20.0, assumed_factor(0.7)).mid)
        > 100.0
    )


def test_hours_at_80_percent_and_more_are_told_with_the_known_ones() -> None:
    values = np.array([[79.9, 100.0], [80.0, np.nan], [np.nan, 99.0]])
    above, known = hours_at_or_above(values)
    assert above.tolist() == [1, 2]
    assert known.tolist() == [2, 2]
    assert hours_at_or_above(values, 100.0)[0].tolist() == [0, 1]


def winter(factor: float, nights: int, noise_k: float = 0.2, seed: int = 1) -> tuple[np.ndarray, ...]:
    """Readings every 10 min: by day the sun warms the wall, so that days would teach a wrong factor."""
    rng = np.random.default_rng(seed)
    time_s = 1_700_006_400.0 + 600.0 * np.arange(nights * 144)
    hour = time_s % DAY_S / 3600.0
    outdoor = 4.0 + 3.0 * np.sin((hour - 9) / 24 * 2 * np.pi) + np.repeat(rng.normal(0, 3, nights), 144)
    room = 18.0 + 1.5 * np.sin((hour - 12) / 24 * 2 * np.pi)
    nightly = np.repeat(rng.normal(0, noise_k, nights), 144)
    wall = outdoor + factor * (room - outdoor) + nightly + np.where((hour > 9) & (hour < 17), 6.0, 0.0)
    return time_s, room, outdoor, wall


@pytest.mark.parametrize("factor", [0.45, 0.7, 0.9])
def test_a_factor_is_learned_from_nights_alone(factor: float) -> None:
    found = learn_factor(*winter(factor, 40))
    assert isinstance(found, LearnedFactor)
    assert found.factor == pytest.approx(factor, abs=4 * found.standard_error)
    assert 0.001 < found.standard_error < 0.02
    assert 35 <= found.nights <= 41
    assert found.uncertainty > found.probe_error > 0.5 / 3**0.5 / 20
    band = found.band()
    assert band.low < factor < band.high
    assert band.learned


def test_the_standard_error_is_honest() -> None:
    """Of 200 learned factors, about 95 of 100 lie within two standard errors of the truth."""
    settings = replace(S, probe_error_k=0.0)
    found = [learn_factor(*winter(0.7, 30, seed=i), settings) for i in range(200)]
    learned = [f for f in found if isinstance(f, LearnedFactor)]
    assert len(learned) == 200
    within = sum(abs(f.factor - 0.7) <= 2 * f.standard_error for f in learned)
    assert within >= 180


def test_gaps_and_disorder_do_not_matter() -> None:
    time_s, room, outdoor, wall = winter(0.7, 30)
    rng = np.random.default_rng(5)
    wall[rng.random(wall.size) < 0.3] = np.nan
    order = rng.permutation(time_s.size)
    found = learn_factor(*(column[order] for column in (time_s, room, outdoor, wall)))
    assert isinstance(found, LearnedFactor)
    assert found.factor == pytest.approx(0.7, abs=0.02)


def reason_of(*columns: np.ndarray) -> str:
    found = learn_factor(*columns)
    assert isinstance(found, NotLearned)
    return found.reason


def test_too_little_data_is_refused_with_the_reason() -> None:
    time_s, room, outdoor, wall = winter(0.7, 5)
    assert reason_of(time_s, room, outdoor, wall).startswith(
        "5 nights with room, wall and outdoor temperature"
    )
    nothing = np.full_like(wall, np.nan)
    assert reason_of(time_s, room, outdoor, nothing).startswith("0 nights")
    empty = np.empty(0)
    assert reason_of(empty, empty, empty, empty).startswith("0 nights")


def test_mild_nights_do_not_count() -> None:
    time_s, room, _outdoor, wall = winter(0.7, 30)
    assert "more than 5 K" in reason_of(time_s, room, room - 4.0, wall)


def test_a_probe_by_the_heating_is_refused() -> None:
    time_s, room, outdoor, _wall = winter(0.7, 30)
    assert "is the probe on an outer wall" in reason_of(time_s, room, outdoor, room + 3.0)
    assert "is the probe on an outer wall" in reason_of(time_s, room, outdoor, outdoor - 2.0)


def test_nights_that_disagree_are_refused() -> None:
    assert reason_of(*winter(0.7, 10, noise_k=9.0)).startswith("the nights disagree")
