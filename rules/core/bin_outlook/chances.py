"""Told chances against what came: sums by the size of the chance, how chances are put right by them, and how good they are. Pure.

A bin that is emptied before the time that a chance was told for says less, but not nothing: it did not overflow until then.
Leaving it out would be wrong, as it is emptied because it is likely to overflow; so would counting it as none. What is summed is
therefore, beside the overflows that came, the hazard that a bin went through until it overflowed, was emptied, or the time was
over: -log(1 - p). Whatever ends the watch, as many overflows are to be expected as hazard was gone through (the martingale of a
counting process: Aalen 1978), so that their quotient says by how much hazards are wrong.

Chances are put right on the scale log(hazard): exp(a + b log hazard) times, Poisson's likelihood, with a ridge (Platt's way for
hazards). It is monotone as long as b > -1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.bin_outlook.week import Ints
from rules.core.bin_outlook_parameters import WatchParameters
from rules.core.psychrometrics import Floats

BINS, LOWEST, HIGHEST = 20, np.log(1e-4), np.log(5.0)
"""Chances are sorted by the logarithm of their hazard."""
SUMS = ("n", "came", "hazard", "told", "log_hazard", "squared", "watched_p")
"""By bin of the hazard: chances; overflows; hazard gone through as reckoned, and as told; logarithms of the whole hazards;
squares of what came less the chance told until the bin was emptied or the time was over; those chances."""
N, CAME, HAZARD, TOLD, LOG, SQUARED, WATCHED = range(len(SUMS))
MIDDLE = np.log(0.1)
RIDGE = (1.0 / 0.7**2, 1.0 / 0.3**2)
"""Before anything came, a is 0 ± 0.7 and b is 0 ± 0.3; our own defaults."""
STEEPEST = -0.8
MOST = 12.0


class Righting(NamedTuple):
    """Hazards are multiplied by exp(a + b (log hazard - log 0.1)); ``is_used``: enough has come for it."""

    a: float
    b: float
    is_used: bool


NONE = Righting(0.0, 0.0, False)


class Watched(NamedTuple):
    """How good the chances have been.

    Attributes:
        n: chances, those of long ago less.
        came, told: overflows, and how many were told until the bins were emptied or the time was over.
        brier, brier_usual: mean square of what was told, and of telling everyone how often it came.
        ece: mean distance between what was told and what came, by size of the chance.
        drifts: what comes is no longer what is told.
    """

    n: float
    came: float
    told: float
    brier: float
    brier_usual: float
    ece: float
    drifts: bool


def hazard(p: Floats) -> Floats:
    """Return -log(1 - p), at most ``MOST``."""
    return np.minimum(-np.log1p(-np.minimum(p, 1.0 - 1e-12)), MOST)


def bins_of(whole: Floats) -> Ints:
    """Return the bins of hazards."""
    at = (np.log(np.maximum(whole, 1e-12)) - LOWEST) / (HIGHEST - LOWEST) * BINS
    return np.asarray(np.clip(np.floor(at), 0, BINS - 1), dtype=np.int64)


def counted(whole: Floats, came: Floats, gone: Floats, gone_told: Floats, watched_told: Floats) -> Floats:
    """Return the sums, ``SUMS`` × ``BINS``, of chances that are settled.

    Args:
        whole: hazard of the chance, as reckoned.
        came: 1 where the bin overflowed, else 0.
        gone: hazard gone through until then, as reckoned.
        gone_told: the same as told.
        watched_told: hazard as told until the bin was emptied or the time was over, whatever came.
    """
    p = -np.expm1(-watched_told)
    columns = (
        np.ones(len(whole)), came, gone, gone_told, np.log(np.maximum(whole, np.exp(LOWEST))), (came - p) ** 2, p
    )  # fmt: skip
    at = bins_of(whole)
    return np.array([np.bincount(at, column, BINS) for column in columns])


def righting(sums: Floats, p: WatchParameters) -> Righting:
    """Return how chances are put right by what came: Newton's method on the penalised Poisson likelihood."""
    came, due = sums[CAME], sums[HAZARD]
    if came.sum() < p.enough or due.sum() < p.enough:
        return NONE
    at = sums[LOG] / np.maximum(sums[N], 1e-9) - MIDDLE
    x = np.stack([np.ones(BINS), np.where(sums[N] > 1e-9, at, 0.0)])
    w, ridge = np.zeros(2), np.diag(RIDGE)
    for _ in range(30):
        mean = due * np.exp(np.clip(w @ x, -8.0, 8.0))
        step = np.linalg.solve((x * mean) @ x.T + ridge, x @ (came - mean) - ridge @ w)
        w = w + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-10:
            break
    return Righting(float(np.clip(w[0], -3.0, 3.0)), max(float(w[1]), STEEPEST), True)


def right(p: Floats, by: Righting) -> Floats:
    """Return chances put right; 0 stays 0 and 1 stays 1."""
    whole = hazard(p)
    factor = np.exp(by.a + by.b * (np.log(np.maximum(whole, 1e-12)) - MIDDLE))
    found = -np.expm1(-whole * factor)
    return np.asarray(np.where((p <= 0.0) | (p >= 1.0) | (not by.is_used), p, found))


def watched(sums: Floats, p: WatchParameters) -> Watched | None:
    """Return how good the chances have been; None before any was settled."""
    n = float(sums[N].sum())
    if n < 1.0:
        return None
    came, told = float(sums[CAME].sum()), float(sums[TOLD].sum())
    usual = came / n
    off = abs(came - told)
    far = off > p.drift_sd * max(told, came, 1.0) ** 0.5 and off > p.drift_share * max(told, 1e-9)
    ece = float(np.abs(sums[CAME] - sums[TOLD]).sum()) / n
    return Watched(n, came, told, float(sums[SQUARED].sum()) / n, usual * (1.0 - usual), ece, far)
