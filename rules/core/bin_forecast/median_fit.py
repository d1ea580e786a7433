"""The median of what came, by what was said and a little beside it: least absolute deviations, penalised (Koenker & Bassett 1978).

Solved by iterated weighted least squares (Schlossmacher 1973): each deviation is divided by its own size. The scale is the
logarithm, so that what is said stays above 0, and rows can count more: weighted by what was said, deviations are nearly hours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.psychrometrics import Floats

RIDGE = 1.0
"""Penalty on the squares of the weights of features that are scaled to one standard deviation; our own default."""
ROUNDS, ENOUGH, LEAST = 40, 1e-4, 0.02
"""Rounds at most, the change that ends them, and the deviation (of the logarithm) below which rows count alike."""


class MedianFit(NamedTuple):
    """Weights of the scaled features, the first is the constant's; what the features are scaled by."""

    weights: Floats
    middle: Floats
    spread: Floats


def fitted_median(features: Floats, value: Floats, counts: Floats, ridge: float = RIDGE) -> MedianFit:
    """Return the fit of the median of ``value`` (above 0).

    Args:
        features: n × k, without a constant.
        value: n, above 0.
        counts: what each row counts, n.
        ridge: penalty.
    """
    middle, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    x, y = _scaled(features, middle, spread), np.log(value)
    penalty = np.diag(np.concatenate([[1e-9], np.full(features.shape[1], ridge)]))
    weights: Floats = np.zeros(x.shape[1])
    near = counts
    for _ in range(ROUNDS):
        pulled = x * near[:, None]
        new = np.asarray(np.linalg.solve(pulled.T @ x + penalty, pulled.T @ y), dtype=np.float64)
        moved, weights = float(np.abs(new - weights).max()), new
        near = counts / np.maximum(np.abs(y - x @ weights), LEAST)
        if moved < ENOUGH:
            break
    return MedianFit(weights, middle, spread)


def median_of(fit: MedianFit, features: Floats) -> Floats:
    """Return the medians of ``features``, n × k."""
    return np.asarray(np.exp(_scaled(features, fit.middle, fit.spread) @ fit.weights), dtype=np.float64)


def _scaled(features: Floats, middle: Floats, spread: Floats) -> Floats:
    return np.column_stack([np.ones(len(features)), (features - middle) / spread])
