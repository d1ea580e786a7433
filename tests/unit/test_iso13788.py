"""The monthly check, humidity classes and the standardised excess."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core import psychrometrics as psy
from rules.core.iso13788.classes import class_limit_pa, humidity_class
from rules.core.iso13788.monthly import factor_min, monthly_check
from rules.core.iso13788.settings import CLASS_LIMITS_PA, DESIGN, MEASURED
from rules.core.iso13788.standardised import NotStandardised, Standardised, standardise, standardise_excess
from rules.core.surface.band import assumed_factor

NAN = float("nan")


@pytest.mark.parametrize(
    ("limit_pa", "needed"), [*zip(CLASS_LIMITS_PA, (0.401, 0.596, 0.764, 0.910), strict=True)]
)
def test_factor_of_each_class_at_5_degrees(limit_pa: float, needed: float) -> None:
    """Room 20 °C, outdoors 5 °C and 95 %, margin 1.1: published figures."""
    excess = class_limit_pa(5.0, limit_pa)
    assert factor_min(20.0, excess, 5.0, 95.0) == pytest.approx(needed, abs=6e-4)
    assert factor_min(20.0, excess, 5.0, 95.0, MEASURED) < needed - 0.01
    assert (DESIGN.excess_margin, MEASURED.excess_margin) == (1.1, 1.0)


def test_class_limits_fall_to_0_at_20_degrees() -> None:
    limits = class_limit_pa(np.array([-10.0, 0.0, 10.0, 20.0, 25.0]), 1080.0)
    assert limits.tolist() == [1080.0, 1080.0, 540.0, 0.0, 0.0]


def test_the_factor_needed_brings_the_wall_to_80_percent() -> None:
    needed = factor_min(19.0, 400.0, 3.0, 88.0, MEASURED)
    room_pa = 400.0 + psy.vapour_pressure_iso13788_pa(3.0, 88.0)
    wall_c = 3.0 + needed * 16.0
    assert 100.0 * room_pa / psy.saturation_pressure_iso13788_pa(wall_c) == pytest.approx(80.0, abs=1e-6)


MONTHS = ("2026-01", "2026-02", "2026-03", "2026-07")
ROOM = np.array([18.0, 18.5, 19.0, 22.0])
EXCESS = np.array([500.0, 450.0, 300.0, 50.0])
OUT_C, OUT_PCT = np.array([3.0, 5.0, 8.0, 22.5]), np.array([88.0, 85.0, 80.0, 70.0])


def test_the_month_that_needs_most_is_critical() -> None:
    needed = factor_min(ROOM, EXCESS, OUT_C, OUT_PCT)
    assert np.isnan(needed[3])  # warmer outside than in
    worst = float(needed[0])
    assert 0.5 < worst < 0.95
    for factor, verdict in ((worst - 0.06, "too_cold"), (worst, "unsure"), (worst + 0.051, "enough")):
        found = monthly_check(MONTHS, ROOM, EXCESS, OUT_C, OUT_PCT, assumed_factor(factor))
        assert found.critical == 0
        assert found.verdict == verdict


def test_months_that_are_not_known_are_no_months() -> None:
    excess = EXCESS.copy()
    excess[0] = NAN
    found = monthly_check(MONTHS, ROOM, excess, OUT_C, OUT_PCT, assumed_factor(0.7))
    assert found.critical == 1
    none = monthly_check(MONTHS, ROOM, np.full(4, NAN), OUT_C, OUT_PCT, assumed_factor(0.7))
    assert (none.critical, none.verdict) == (None, None)


@pytest.mark.parametrize(
    ("excess_pa", "expected"), [(-20, 1), (200, 1), (203, 2), (405, 2), (500, 3), (800, 4), (900, 5)]
)
def test_classes_at_5_degrees(excess_pa: float, expected: int) -> None:
    found = humidity_class(float(excess_pa), 0.0, 5.0)
    assert found is not None
    assert (found.likeliest, found.low, found.high) == (expected, expected, expected)
    assert sum(found.shares) == pytest.approx(1.0)
    assert found.shares[expected - 1] == 1.0


def test_a_class_near_its_limit_is_told_as_a_range() -> None:
    found = humidity_class(400.0, 30.0, 5.0)
    assert found is not None
    assert (found.likeliest, found.low, found.high) == (2, 2, 3)
    assert found.shares[1] == pytest.approx(0.566, abs=0.01)
    sure = humidity_class(300.0, 10.0, 5.0)
    assert sure is not None
    assert (sure.low, sure.high) == (2, 2)
    unsure = humidity_class(400.0, 400.0, 5.0)
    assert unsure is not None
    assert (unsure.low, unsure.high) == (1, 5)


def test_a_class_is_not_told_in_warm_weather_or_without_data() -> None:
    assert humidity_class(50.0, 5.0, 16.0) is None
    assert humidity_class(NAN, 5.0, 5.0) is None
    assert humidity_class(100.0, 5.0, NAN) is None
    with pytest.raises(ValueError, match=r"standard error -1.0 Pa must be 0 or more"):
        humidity_class(100.0, -1.0, 5.0)


def home(days: int, seed: int = 0, at_5: float = 266.0, slope: float = -20.7) -> tuple[np.ndarray, ...]:
    """Days of a home whose excess at 5 °C and slope are known (a kitchen's of the UCI energy data)."""
    rng = np.random.default_rng(seed)
    outdoor = 6.0 + 5.0 * np.sin(np.arange(days) / 20) + rng.normal(0, 2, days)
    excess = at_5 + slope * (outdoor - 5.0) + rng.normal(0, 40, days)
    room = 21.0 + 0.1 * (outdoor - 5.0) + rng.normal(0, 0.4, days)
    return excess, room, outdoor


def test_the_standardised_excess_of_a_known_home() -> None:
    found = standardise_excess(*home(136))
    assert isinstance(found, Standardised)
    assert found.excess_pa == pytest.approx(266.0, abs=3 * found.excess_error_pa)
    assert found.slope_pa_k == pytest.approx(-20.7, abs=3 * found.slope_error_pa_k)
    assert 2.0 < found.excess_error_pa < 8.0
    assert found.room_c == pytest.approx(21.0, abs=0.2)
    expected = (
        100 * (266.0 + psy.vapour_pressure_iso13788_pa(5.0, 80.0)) / psy.saturation_pressure_iso13788_pa(21.0)
    )
    assert found.humidity_pct == pytest.approx(expected, abs=3 * found.humidity_error_pct)
    assert found.days == 136


def test_the_standard_errors_are_honest() -> None:
    """Of 200 homes, about 95 of 100 lie within two standard errors of the truth."""
    homes = [standardise_excess(*home(60, seed)) for seed in range(200)]
    truth = (
        100 * (266.0 + psy.vapour_pressure_iso13788_pa(5.0, 80.0)) / psy.saturation_pressure_iso13788_pa(21.0)
    )
    within = [
        (
            abs(h.excess_pa - 266.0) <= 2 * h.excess_error_pa,
            abs(h.humidity_pct - truth) <= 2 * h.humidity_error_pct,
        )
        for h in homes
        if isinstance(h, Standardised)
    ]
    assert len(within) == 200
    assert sum(excess for excess, _ in within) >= 180
    assert sum(humidity for _, humidity in within) >= 180


def test_days_that_resemble_their_neighbours_widen_the_error() -> None:
    _, room, outdoor = home(100)
    rng = np.random.default_rng(4)
    slow = np.zeros(100)
    for i in range(1, 100):
        slow[i] = 0.8 * slow[i - 1] + rng.normal(0, 20)
    correlated = standardise_excess(200.0 + slow, room, outdoor)
    mixed = standardise_excess(200.0 + rng.permutation(slow), room, outdoor)
    assert isinstance(correlated, Standardised)
    assert isinstance(mixed, Standardised)
    assert correlated.excess_error_pa > 1.5 * mixed.excess_error_pa


def test_from_temperatures_and_humidities() -> None:
    excess, room, outdoor = home(80)
    outside = psy.vapour_pressure_iso13788_pa(outdoor, np.full(80, 85.0))
    humidity = 100.0 * (excess + outside) / psy.saturation_pressure_iso13788_pa(room)
    found = standardise(room, humidity, outdoor, np.full(80, 85.0))
    assert isinstance(found, Standardised)
    same = standardise_excess(excess, room, outdoor)
    assert isinstance(same, Standardised)
    assert found.excess_pa == pytest.approx(same.excess_pa)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e, r, o: (e[:10], r[:10], o[:10]), "10 whole days; 14 are needed"),
        (lambda e, r, o: (np.full_like(e, NAN), r, o), "0 whole days"),
        (lambda e, r, o: (e, r, np.full_like(o, 5.0)), "outdoor temperature hardly changed"),
        (lambda e, r, o: (e, r, o + 20.0), "no day came within 5 K of 5 °C outdoors"),
    ],
)
def test_too_little_data_is_refused_with_the_reason(change, reason: str) -> None:
    found = standardise_excess(*change(*home(60)))
    assert isinstance(found, NotStandardised)
    assert found.reason.startswith(reason)
