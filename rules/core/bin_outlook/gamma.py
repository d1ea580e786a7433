"""What falls into a bin is taken for a gamma process: its chances, what is meant by "at least", and when it passes a level. Pure."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import gammaincc, gdtrib

from rules.core.psychrometrics import Floats

NARROW, NARROW_SHARES = np.polynomial.hermite_e.hermegauss(5)
NARROW_SHARES = NARROW_SHARES / NARROW_SHARES.sum()
WIDE, WIDE_SHARES = np.polynomial.legendre.leggauss(5)
WIDE, WIDE_SHARES = WIDE * 3.0**0.5, WIDE_SHARES / 2.0
"""Where between its ends a fill is looked at, in standard deviations, and what each place counts: Gauss and Hermite's for
a normal error, Gauss and Legendre's for a cell that is wide beside it."""
NEVER = 1e-9
LEAST, MOST = 1e-3, 1e5


def p_reaches(
    missing_pct: Floats, sd_pct: Floats, cell_pct: Floats, mean_pct: Floats, variance_pct2: Floats
) -> Floats:
    """Return the chance that at least what is missing is added, 0..1.

    Args:
        missing_pct: between the fill and the level [% of fill].
        sd_pct: standard deviation of the fill [% of fill].
        cell_pct: step of the sensor; the fill is anywhere in it [% of fill].
        mean_pct: of what is added [% of fill].
        variance_pct2: of what is added [%²].
    """
    mean = np.maximum(mean_pct, NEVER)
    scale = np.maximum(variance_pct2, NEVER) / mean
    total = np.sqrt(sd_pct**2 + cell_pct**2 / 12.0)
    wide = (cell_pct > 2.0 * sd_pct)[:, None]
    places, shares = np.where(wide, WIDE, NARROW), np.where(wide, WIDE_SHARES, NARROW_SHARES)
    beyond = np.maximum(missing_pct[:, None] - total[:, None] * places, 0.0)
    found = np.asarray(gammaincc((mean / scale)[:, None], beyond / scale[:, None]))
    return np.asarray(np.clip((found * shares).sum(axis=1), 0.0, 1.0), dtype=np.float64)


def at_least(least_pct: Floats, mean_pct: Floats, spread_pct: Floats) -> tuple[Floats, Floats]:
    """Return mean [%] and variance [%²] of what was added where it was at least ``least_pct``; variance = spread × mean."""
    mean = np.maximum(mean_pct, NEVER)
    shape, at = mean / spread_pct, least_pct / spread_pct
    tail = gammaincc(shape, at)
    sure = tail > 1e-200
    tail = np.where(sure, tail, 1.0)
    first = np.where(sure, mean * gammaincc(shape + 1.0, at) / tail, least_pct + spread_pct)
    second = mean * (mean + spread_pct) * gammaincc(shape + 2.0, at) / tail
    return first, np.where(sure, np.maximum(second - first**2, 0.0), spread_pct**2)


@cache
def _passes(p: float) -> tuple[Floats, Floats]:
    """Return logarithms of levels, and of the mean at which a process of spread 1 has passed each with the chance ``p``."""
    level = np.geomspace(LEAST, MOST, 400)
    return np.log(level), np.log(np.maximum(gdtrib(1.0, 1.0 - p, level), 1e-12))


def mean_to_pass(p: float, missing_pct: Floats, spread_pct: Floats) -> Floats:
    """Return how much must be expected to be added so that what is missing is reached with the chance ``p`` [% of fill]."""
    levels, means = _passes(p)
    at = np.log(np.clip(missing_pct / spread_pct, LEAST, MOST))
    return np.asarray(np.exp(np.interp(at, levels, means)) * spread_pct)
