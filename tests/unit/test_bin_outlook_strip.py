"""The forecast strip: steps of local half days, levels and chances that never fall, as calibrated as the outlook's own chance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.bin_outlook import gamma
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.strip import HIGHEST_PCT, STEP_H, first_step_s, levels, p_reached
from rules.core.bin_outlook.telling import said
from rules.core.bin_outlook.week import WEEK_H
from rules.core.bin_outlook_memory import STRIP_POINTS, OutlookMemory
from rules.core.effects import Json
from rules.core.psychrometrics import Floats
from tests.fakes.bin_weeks import HOUR_S, MONDAY_S, Weeks, bins_context, day_shape, sites
from tests.fakes.rules_town import ZONE

FILLS = st.floats(0.0, 110.0)


class Asking(Weeks):
    """Weeks whose strips are kept daily with what would have come."""

    strips: list[tuple[int, list[Json | None], Floats]]

    def _ask(self, hour: int, at_s: float) -> None:
        told = [s["strip"] if s is not None else None for _, s in said(self.columns())]
        gone = np.concatenate([np.zeros((len(self.truth), 1)), np.cumsum(self.added, axis=1)], axis=1)
        self.strips.append((hour, told, self.truth[:, None] + gone - gone[:, [hour]]))


@pytest.fixture(scope="module")
def town() -> Asking:
    rate = np.repeat([40.0, 22.0, 12.0], 20) / 24.0 * np.random.default_rng(5).lognormal(0.0, 0.35, 60)
    shape = {n: day_shape(8, 18, w) for n, w in (("Market place", 2.0), ("Shops", 0.8), ("Park gate", 2.5))}
    weeks = Asking(bins_context(sites(tuple(shape), 20)), rate, shape)
    weeks.strips = []
    weeks.run()
    return weeks


def came(town: Asking, names: Sequence[str]) -> tuple[list[Floats], Floats]:
    """Told values of the last three weeks, and the level that would have come by each step."""
    told: list[list[Floats]] = [[] for _ in names]
    truth = []
    for hour, strips, level in town.strips:
        if hour < 3 * WEEK_H:
            continue
        for i, strip in enumerate(strips):
            if strip is None or strip["p_over_pct"][0] == 100:
                continue
            begin = (datetime.fromisoformat(strip["from"]).timestamp() - MONDAY_S) / HOUR_S
            truth.append(level[i, [round(begin) + STEP_H * k for k in range(STRIP_POINTS)]])
            for values, name in zip(told, names, strict=True):
                values.append(np.array(strip[name], dtype=float))
    return [np.array(v) for v in told], np.array(truth)


def test_levels_of_the_strip_are_passed_as_often_as_they_say(town: Asking) -> None:
    (low, middle, high), truth = came(town, ("low_pct", "median_pct", "high_pct"))
    for steps in (slice(0, 4), slice(4, 14)):
        said_all = high[:, steps] < HIGHEST_PCT
        part, below, half, above = (v[:, steps][said_all] for v in (truth, low, middle, high))
        assert (part < below).mean() == pytest.approx(0.1, abs=0.05)
        assert (part < half).mean() == pytest.approx(0.5, abs=0.07)
        assert (part > above).mean() == pytest.approx(0.1, abs=0.05)


def test_chances_of_the_strip_come_as_often_as_they_say(town: Asking) -> None:
    (told,), truth = came(town, ("p_over_pct",))
    p, full = told.ravel() / 100.0, (truth >= 100.0).ravel()
    step = np.minimum(p * 10, 9).astype(int)
    error = np.abs(np.bincount(step, p, 10) - np.bincount(step, full, 10)).sum() / len(p)
    assert error < 0.035
    assert ((p - full) ** 2).mean() < 0.5 * full.mean() * (1.0 - full.mean())


def test_a_strip_is_kept_over_a_restart_and_one_of_before_has_none(town: Asking) -> None:
    kept = town.state.bin_outlook["Shops-3"]
    assert len(kept.strip) == 8 + 4 * STRIP_POINTS
    before = town.columns()
    assert said(before)[0][1]["strip"] is not None  # type: ignore[index]
    before.reload("Shops-3", OutlookMemory(kept.values))
    told = said(before)[before.index["Shops-3"]][1]
    assert told is not None
    assert told["strip"] is None
    assert told["rate_pct_day"] > 0.0


def test_a_bin_that_is_not_known_any_more_has_no_strip(town: Asking) -> None:
    c = OutlookColumns(town.ctx, {})
    assert [s for _, s in said(c)] == [None] * 60


@pytest.mark.parametrize(
    ("at", "first"),
    [
        ("2026-11-27T07:10", "2026-11-27T12:00"),
        ("2026-11-27T12:00", "2026-11-28T00:00"),
        ("2026-11-27T23:59", "2026-11-28T00:00"),
        ("2026-03-28T23:00", "2026-03-29T00:00"),  # the clock goes forward that night
        ("2026-10-24T13:00", "2026-10-25T00:00"),  # and back
        ("2026-10-25T00:30", "2026-10-25T12:00"),
    ],
)
def test_the_first_step_is_the_next_noon_or_midnight_of_the_town(at: str, first: str) -> None:
    found = first_step_s(datetime.fromisoformat(at).replace(tzinfo=ZONE).timestamp(), ZONE)
    assert datetime.fromtimestamp(found, ZONE).strftime("%Y-%m-%dT%H:%M") == first


def grown(
    fill: float, error: float, rate: float, spread: float, strength: float
) -> tuple[Floats, Floats, Floats, Floats]:
    hours = np.arange(0.0, 14.0)[None, :] * STEP_H
    mean = rate * hours
    variance = spread * mean * (1.0 + hours / strength)
    one = np.array([fill])
    low, middle, high = levels(one, np.array([error**2]), mean, variance)
    p = p_reached(100.0 - one, np.array([error]), np.array([0.0]), mean, variance)
    return low[0], middle[0], high[0], p[0]


@given(FILLS, st.floats(0.0, 5.0), st.floats(0.01, 10.0), st.floats(0.3, 60.0), st.floats(1.0, 5000.0))
def test_nothing_in_a_strip_falls_with_time_and_its_levels_are_in_order(
    fill: float, error: float, rate: float, spread: float, strength: float
) -> None:
    low, middle, high, p = grown(fill, error, rate, spread, strength)
    assert np.all(low <= middle + 1e-9)
    assert np.all(middle <= high + 1e-9)
    for values in (low, middle, high, p):
        assert np.all(np.diff(values) >= -0.02 * np.maximum(values[1:], 1.0))
    assert np.all((p >= 0.0) & (p <= 1.0))


@given(FILLS, st.floats(0.3, 5.0), st.floats(0.05, 10.0), st.floats(0.3, 60.0))
def test_a_chance_is_the_outlooks_own_within_a_hundredth(
    fill: float, error: float, rate: float, spread: float
) -> None:
    hours = np.arange(1.0, 14.0)[None, :] * STEP_H
    mean, variance = rate * hours, spread * rate * hours * (1.0 + hours / 300.0)
    one, sd, cell = np.array([100.0 - fill]), np.array([error]), np.array([1.0])
    found = p_reached(one, sd, cell, mean, variance)[0]
    for k in range(13):
        asked = gamma.p_reaches(one, sd, cell, mean[:, k], variance[:, k])
        assert found[k] == pytest.approx(float(asked[0]), abs=0.0125)


def test_levels_are_those_of_a_simulation() -> None:
    rng = np.random.default_rng(3)
    for mean, variance, error in ((3.0, 18.0, 1.0), (20.0, 150.0, 1.0), (60.0, 700.0, 2.0), (0.5, 3.0, 1.5)):
        drawn = rng.gamma(mean**2 / variance, variance / mean, 200_000) + rng.normal(40.0, error, 200_000)
        found = levels(np.array([40.0]), np.array([error**2]), np.array([[mean]]), np.array([[variance]]))
        for value, q in zip(found, (0.1, 0.5, 0.9), strict=True):
            assert float(value[0, 0]) == pytest.approx(float(np.quantile(drawn, q)), abs=1.5)
