"""How sure a difference is: 90 % intervals from a moving-block bootstrap over weeks and bins, and what is uncertain besides.

Bins and blocks of seven consecutive days are drawn with replacement, both at once (a two-way bootstrap, which is rather too wide
than too narrow). With few weeks a bootstrap is too sure of itself, so that its spread is widened as Student's t does for as many
weeks as there are. To that come draws of what no resampling can tell: how well emptyings are detected, what was thrown in
unseen, how km are known, what things cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import stdtrit  # scipy.stats has the same, and takes most of a second to import

from rules.core.bin_ledger.one_bin import NINE_OF_TEN
from rules.core.bin_ledger.tariffs import SHARES, Figure, Tariffs
from rules.core.bin_ledger.values import Floats

LEVEL = 0.90
WEEKS_LEAST = 2.0
"""Below so many weeks nothing can be said of how weeks differ."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Weights of the bootstrap.

    Attributes:
        bins: how often each bin is drawn, shape (draws, bins).
        days: how often each day is, shape (draws, days).
        rng: for what is drawn besides.
        wider: by how much a spread is widened.
        weeks: of the period.
    """

    bins: Floats
    days: Floats
    rng: np.random.Generator
    wider: float
    weeks: float

    @property
    def n(self) -> int:
        """Number of draws."""
        return len(self.days)

    def of_bins(self, values: Floats) -> Floats:
        """Return the sums of bin-days, shape (bins, days), draw by draw."""
        return (
            np.asarray(np.sum((self.bins @ values) * self.days, axis=1)) if len(values) else np.zeros(self.n)
        )

    def of_days(self, values: Floats) -> Floats:
        """Return the sums of days, draw by draw."""
        return np.asarray(self.days @ values)


class Known(Protocol):
    """How a figure is worked out: once with what is known (:class:`Point`), and many times as it may be (:class:`Drawn`)."""

    def of_bins(self, values: Floats) -> Floats:
        """Return the sum of bin-days, shape (bins, days)."""
        ...

    def of_days(self, values: Floats) -> Floats:
        """Return the sum of days."""
        ...

    def figure(self, name: str) -> Floats:
        """Return a figure of the tariffs."""
        ...

    def normal(self, name: str) -> Floats:
        """Return by how many standard deviations something is off; the same name is the same thing."""
        ...


class Point:
    """:class:`Known` with the values as they are."""

    def __init__(self, tariffs: Tariffs) -> None:
        self._tariffs = tariffs

    def of_bins(self, values: Floats) -> Floats:
        """Return the sum."""
        return np.asarray(values.sum())

    def of_days(self, values: Floats) -> Floats:
        """Return the sum."""
        return np.asarray(values.sum())

    def figure(self, name: str) -> Floats:
        """Return the figure's value."""
        f: Figure = getattr(self._tariffs, name)
        return np.asarray(f.value)

    def normal(self, name: str) -> Floats:
        """Return 0."""
        return np.asarray(0.0)


class Drawn:
    """:class:`Known` in many draws; what has the same name is drawn once, so that both sides of a difference share it."""

    def __init__(self, tariffs: Tariffs, weights: Draws) -> None:
        self._tariffs, self._weights, self._seen = tariffs, weights, dict[str, Floats]()
        self.of_bins, self.of_days = weights.of_bins, weights.of_days

    def figure(self, name: str) -> Floats:
        """Return draws of a figure: normal to each side of its value, nine in ten between low and high, never below 0."""
        f: Figure = getattr(self._tariffs, name)
        z = self.normal(f"figure {name}")
        most = 1.0 if name in SHARES else np.inf
        return np.clip(
            f.value + z / NINE_OF_TEN * np.where(z < 0.0, f.value - f.low, f.high - f.value),
            f.low / 2.0,
            most,
        )

    def normal(self, name: str) -> Floats:
        """Return standard normal draws."""
        if name not in self._seen:
            self._seen[name] = self._weights.rng.standard_normal(self._weights.n)
        return self._seen[name]


def draws(bins: int, days: int, block_days: int, n: int, seed: int) -> Draws:
    """Return the weights of ``n`` draws; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    whose = (
        rng.multinomial(bins, np.full(bins, 1.0 / bins), n).astype(np.float64) if bins else np.zeros((n, 0))
    )
    block = min(block_days, days)
    blocks = -(-days // block)
    starts = rng.integers(
        0, days, (n, blocks)
    )  # in a circle, so that every day is drawn as often as any other
    drawn = ((starts[:, :, None] + np.arange(block)) % days).reshape(n, -1)[:, :days]
    often = np.apply_along_axis(np.bincount, 1, drawn, None, days).astype(np.float64)
    weeks = days / 7.0
    return Draws(whose, often, rng, widened(weeks), weeks)


def widened(weeks: float) -> float:
    """Return by how much the spread between weeks is widened where there are few."""
    if weeks < WEEKS_LEAST:
        return float("inf")
    return float(stdtrit(weeks - 1.0, 0.5 + LEVEL / 2.0) / NINE_OF_TEN * np.sqrt(weeks / (weeks - 1.0)))


def interval(value: float, drawn: Floats, wider: float) -> tuple[float, float] | None:
    """Return the 90 % interval of a value from its draws; None where there are too few weeks, or it can't be told."""
    if not np.isfinite(wider) or not np.all(np.isfinite(drawn)):
        return None
    low, high = np.quantile(drawn - value, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return value + wider * float(low), value + wider * float(high)
