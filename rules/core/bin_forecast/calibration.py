"""Chances put right by what happened: a logistic regression on the chance's own log odds and a little beside it (Platt 1999).

A chance that a model gives is rarely as often right as it says. What it said and what came are compared, and what it says
next is moved by that. The fit is penalised (ridge), so that few days move little.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

RIDGE = 3.0
"""Penalty on the squares of the weights of features that are scaled to one standard deviation; our own default."""
LEAST = 1e-4
"""No chance is nearer to 0 or 1 before it is put right."""
ROUNDS, ENOUGH = 50, 1e-8


class Calibration(NamedTuple):
    """Weights of the scaled features, the first is the constant's; what the features are scaled by."""

    weights: Floats
    middle: Floats
    spread: Floats


def log_odds(p: Floats) -> Floats:
    """Return the log odds of chances, which are kept off 0 and 1 by ``LEAST``."""
    kept = np.clip(p, LEAST, 1.0 - LEAST)
    return np.log(kept) - np.log1p(-kept)


def fitted(features: Floats, happened: NDArray[np.bool_], ridge: float = RIDGE) -> Calibration:
    """Return the calibration that what happened asks for: Newton's method on the penalised likelihood.

    Args:
        features: n × k, without a constant.
        happened: n.
        ridge: penalty.
    """
    middle, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    x = _scaled(features, middle, spread)
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0.0
    weights = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = _chance(x @ weights)
        slope = x.T @ (happened - p) - penalty * weights
        curve = (x * (p * (1.0 - p))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        weights = weights + np.clip(step, -4.0, 4.0)
        if float(np.abs(step).max()) < ENOUGH:
            break
    return Calibration(weights, middle, spread)


def put_right(c: Calibration, features: Floats) -> Floats:
    """Return the chances of ``features``, n × k; none is nearer to 0 or 1 than ``LEAST``."""
    right = _chance(_scaled(features, c.middle, c.spread) @ c.weights)
    return np.asarray(np.clip(right, LEAST, 1.0 - LEAST), dtype=np.float64)


def _scaled(features: Floats, middle: Floats, spread: Floats) -> Floats:
    return np.column_stack([np.ones(len(features)), (features - middle) / spread])


def _chance(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0))), dtype=np.float64)
