"""Told chances against what came: sums by the size of the chance, how chances are put right by them, and how good they are. Pure.

A bin that is emptied before the time that a chance was told for says less, but not nothing: it overflowed by then or did not.
Leaving it out would be wrong, as it is emptied because it is likely to overflow; so would counting it as none by the end. It
counts with the chance that it overflows by then. (Where a crew comes at once for an overflow, that chance is too small a
part of what was told, and chances are put right to be rather too high. Rounds that go out in the morning do no such harm.)

Chances are put right by logistic regression on their own log odds with a ridge (Platt 1999): from sums, not from pairs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from rules.core.bin_outlook.week import Ints
from rules.core.bin_outlook_parameters import WatchParameters
from rules.core.psychrometrics import Floats

BINS, LOWEST, HIGHEST = 20, -7.0, 5.0
"""Chances are sorted by their log odds."""
SUMS = ("n", "came", "told", "odds", "squared", "variance")
"""By bin: chances; overflows; chances as told; log odds as reckoned; squares of what came less what was told, and what they
are expected to be, p (1 - p)."""
N, CAME, TOLD, ODDS, SQUARED, VARIANCE = range(len(SUMS))
MIDDLE = -2.0
RIDGE = (1.0 / 0.7**2, 1.0 / 0.3**2)
"""Before anything came, a is 0 ± 0.7 and b is 0 ± 0.3; our own defaults."""
FLATTEST = -0.8
LEAST = 1e-6


class Righting(NamedTuple):
    """Log odds are moved by a + b (log odds + 2); ``is_used``: enough has come for it. b > -1: the order stays."""

    a: float
    b: float
    is_used: bool


NONE = Righting(0.0, 0.0, False)


class Watched(NamedTuple):
    """How good the chances have been.

    Attributes:
        n: chances, those of long ago less.
        came: overflows.
        told: how many were told.
        brier: mean square of what came less what was told.
        brier_usual: the same where everyone is told how often it came.
        ece: mean distance between what was told and what came, by size of the chance.
        drifts: more or fewer come than are told, or they come elsewhere (Spiegelhalter 1986), by more than chance makes it and
            by enough to matter.
    """

    n: float
    came: float
    told: float
    brier: float
    brier_usual: float
    ece: float
    drifts: bool


def odds_of(p: Floats) -> Floats:
    """Return log odds of chances, kept off 0 and 1 by ``LEAST``."""
    return np.asarray(logit(np.clip(p, LEAST, 1.0 - LEAST)))


def bins_of(odds: Floats) -> Ints:
    """Return the bins of log odds."""
    at = (odds - LOWEST) / (HIGHEST - LOWEST) * BINS
    return np.asarray(np.clip(np.floor(at), 0, BINS - 1), dtype=np.int64)


def counted(raw: Floats, told: Floats, came: Floats) -> Floats:
    """Return the sums, ``SUMS`` × ``BINS``, of chances that are settled.

    Args:
        raw: the chance as reckoned, of what was watched.
        told: the same as told.
        came: 1 where the bin overflowed, else 0.
    """
    odds = odds_of(raw)
    columns = (np.ones(len(raw)), came, told, odds, (came - told) ** 2, told * (1.0 - told))
    at = bins_of(odds)
    return np.array([np.bincount(at, column, BINS) for column in columns])


def righting(sums: Floats, p: WatchParameters) -> Righting:
    """Return how chances are put right by what came: Newton's method on the penalised likelihood."""
    n, came = sums[N], sums[CAME]
    if min(came.sum(), (n - came).sum()) < p.enough:
        return NONE
    odds = np.where(n > LEAST, sums[ODDS] / np.maximum(n, LEAST), 0.0)
    x = np.stack([np.ones(BINS), odds - MIDDLE])
    w, ridge = np.zeros(2), np.diag(RIDGE)
    for _ in range(30):
        mean = expit(odds + w @ x)
        curve = (x * (n * mean * (1.0 - mean))) @ x.T + ridge
        step = np.clip(np.linalg.solve(curve, x @ (came - n * mean) - ridge @ w), -1.0, 1.0)
        w = w + step
        if float(np.abs(step).max()) < 1e-10:
            break
    gain = 2.0 * (_fit(odds + w @ x, n, came) - _fit(odds, n, came))
    return Righting(float(np.clip(w[0], -3.0, 3.0)), max(float(w[1]), FLATTEST), gain >= p.sure)


def _fit(odds: Floats, n: Floats, came: Floats) -> float:
    """Return the logarithm of the likelihood of what came."""
    return float((came * odds - n * np.logaddexp(0.0, odds)).sum())


def right(p: Floats, by: Righting) -> Floats:
    """Return chances put right; 0 stays 0 and 1 stays 1."""
    odds = odds_of(p)
    found = expit(odds + by.a + by.b * (odds - MIDDLE))
    return np.asarray(np.where((p <= LEAST) | (p >= 1.0 - LEAST) | (not by.is_used), p, found))


def watched(sums: Floats, p: WatchParameters) -> Watched | None:
    """Return how good the chances have been; None before any was settled."""
    n = float(sums[N].sum())
    if n < 1.0:
        return None
    came, told = float(sums[CAME].sum()), float(sums[TOLD].sum())
    usual = came / n
    due = float(sums[VARIANCE].sum())
    off, worse = abs(came - told), float(sums[SQUARED].sum()) - due
    # The same excess as in bin_forecast.monitor, from sums. A square's own variance is p (1 - p) (1 - 2p)², less than
    # p (1 - p): what is far by that is far.
    far = off > p.drift_sd * max(due, 1.0) ** 0.5 and off > p.drift_share * max(told, LEAST)
    far = far or (worse > p.drift_sd * max(due, 1.0) ** 0.5 and worse > p.drift_share * due)
    ece = float(np.abs(sums[CAME] - sums[TOLD]).sum()) / n
    return Watched(n, came, told, float(sums[SQUARED].sum()) / n, usual * (1.0 - usual), ece, far)
