"""Whether told chances still come as often as they say: a look at what was told of late and what came.

Two questions. Is the mean square of chance less outcome larger than the chances themselves allow (Spiegelhalter's Z, 1986)?
Under right chances Z is near a standard normal distribution. And are the chances still better than saying how often it came?
Outcomes of one day go together (a sunny Saturday fills all bins): where days are given, spreads are those of the days' sums
(clustered, Liang & Zeger 1986) if these are the larger, so that weather alone is no drift.

The engine asks the same of its sums (:func:`rules.core.bin_outlook.chances.watched`): it remembers neither pairs nor days, so it
takes the larger standard deviation that needs neither, three of them, and a share of what was told besides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rules.core.bin_forecast.scores import brier, calibration_error
from rules.core.psychrometrics import Floats

LEAST = 200
"""Fewer outcomes say nothing yet."""
RARE = 0.002
"""A look that right chances would give so rarely is a drift: with one look a day, once in some fifteen months by chance."""


class Drift(NamedTuple):
    """What a look found.

    Attributes:
        n: outcomes; below ``LEAST`` nothing is concluded and ``drifted`` is false.
        z: Spiegelhalter's; above 0 = outcomes are farther off than the chances say.
        p_value: chance of a |z| as large under right chances, 0..1.
        brier: of what was told.
        skill: 1 - Brier / that of saying how often it came in the window; below 0 = worse than that.
        calibration_error: expected, in ten bands; some of it is chance, see ``expected_error``.
        expected_error: that of right chances of this size and number, roughly.
        off: mean chance less how often it came; above 0 = too much was said.
        drifted: |z| or the mean chance is off by more than chance makes it, or there is no skill.
    """

    n: int
    z: float
    p_value: float
    brier: float
    skill: float
    calibration_error: float
    expected_error: float
    off: float
    drifted: bool


def drift(
    p: Floats,
    happened: NDArray[np.bool_],
    day: NDArray[np.int64] | None = None,
    least: int = LEAST,
    rare: float = RARE,
) -> Drift:
    """Return whether calibration has drifted in a window of told chances and outcomes.

    Args:
        p: chances as they were told, 0..1, n.
        happened: what came, n.
        day: of each, n; without it outcomes are taken to have nothing to do with each other.
        least: outcomes below which nothing is concluded.
        rare: chance of a false alarm of each of the two tests.
    """
    n = len(p)
    if n == 0:
        return Drift(0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, drifted=False)
    z, level = spiegelhalter_z(p, happened, day), _level_z(p, happened, day)
    score, often = brier(p, happened), float(happened.mean())
    usual = often * (1.0 - often)
    skill = 1.0 - score / usual if usual > 0.0 else 0.0
    worst = min(_two_sided(z), _two_sided(level))
    return Drift(
        n=n, z=z, p_value=_two_sided(z), brier=score, skill=skill,
        calibration_error=calibration_error(p, happened), expected_error=expected_error(p),
        off=float(p.mean()) - often, drifted=n >= least and (worst < rare or skill < 0.0),
    )  # fmt: skip


def spiegelhalter_z(p: Floats, happened: NDArray[np.bool_], day: NDArray[np.int64] | None = None) -> float:
    """Return Spiegelhalter's Z: how far the Brier score is from what the chances expect, in its standard deviations.

    0 where the chances leave nothing open (all 0, 1/2 or 1).
    """
    lean = 1.0 - 2.0 * p
    return _z((happened - p) * lean, lean**2 * p * (1.0 - p), day)


def expected_error(p: Floats, bands: int = 10) -> float:
    """Return the calibration error that right chances have by chance: the mean of the bands' half-normal distances."""
    at = np.minimum((p * bands).astype(np.int64), bands - 1)
    variance = np.bincount(at, weights=p * (1.0 - p), minlength=bands)
    return float(np.sqrt(2.0 / np.pi) * np.sqrt(variance).sum() / max(len(p), 1))


def _level_z(p: Floats, happened: NDArray[np.bool_], day: NDArray[np.int64] | None) -> float:
    """Return how far the number that came is from the sum of the chances, in its standard deviations."""
    return _z(happened - p, p * (1.0 - p), day)


def _z(off: Floats, variance: Floats, day: NDArray[np.int64] | None) -> float:
    """Return a sum in its standard deviations; 0 where it has none."""
    spread2 = float(variance.sum())
    if day is not None:
        by_day = np.bincount(np.unique(day, return_inverse=True)[1], weights=off)
        # Days that are all off the same way are a drift and no weather: their common part is not spread.
        spread2 = max(spread2, float(((by_day - by_day.mean()) ** 2).sum()))
    return float(off.sum()) / float(np.sqrt(spread2)) if spread2 > 0.0 else 0.0


def _two_sided(z: float) -> float:
    return float(2.0 * ndtr(-abs(z)))
