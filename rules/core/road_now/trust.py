"""Which road sensors are wrong: by their neighbours, not by themselves.

The model runs freely under every sensor, each with its own sky, traffic and height: what a sensor measures beyond that,
less what its stretch is known to differ by, is the weather's and the model's error, and neighbours share it. A sensor
whose median over the dark hours lies far from its neighbours' weighted median is wrong. One at a
time, the worst first, because a wrong one makes its neighbours look wrong too.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.parameters import TrustParameters

USUAL_SD_C = 0.35
"""Good sensors differ by this much at least: what is not in the model [°C]."""
TO_NORMAL = 1.4826
"""Standard deviation of normal values over their median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What was judged of each sensor.

    Attributes:
        error_c: measured minus what its neighbours say [°C]; NaN: can't be judged.
        wrong: whether it is left out.
        limit_c: beyond which one is wrong [°C].
    """

    error_c: Floats
    wrong: NDArray[np.bool_]
    limit_c: float


def judged(
    beyond_c: Floats, weight: Floats, p: TrustParameters, least_n: int, before: Set[int] = frozenset()
) -> Trust:
    """Return which sensors are wrong.

    Args:
        beyond_c: measured minus model and thermal map, in the dark steps looked at: steps × sensors, NaN = unknown.
        weight: sensors × sensors, how much each says of another.
        p: limits.
        least_n: steps that must be known of a sensor.
        before: places of those that were wrong at the last look: they must come clearly back.
    """
    known = (~np.isnan(beyond_c)).sum(axis=0) >= least_n
    middle = np.full(beyond_c.shape[1], np.nan)
    if known.any():
        middle[known] = np.nanmedian(beyond_c[:, known], axis=0)
    good, was = known.copy(), np.zeros(len(known), dtype=bool)
    was[[i for i in before if i < len(was)]] = True
    error, limit = _errors(middle, good, weight, p), np.inf
    most = int(p.most_share * known.sum())
    while True:
        limit = max(p.wrong_c, p.wrong_sd * _deviation_c(error[good]))
        excess = np.abs(error) / np.where(was, p.right_share, 1.0) - limit
        left = np.where(good & ~np.isnan(excess), excess, -np.inf)
        if left.size == 0 or left.max() <= 0.0 or (known & ~good).sum() >= most:
            break
        good[int(np.argmax(left))] = False
        error = _errors(middle, good, weight, p)
    _forgive(middle, known, good, np.where(was, p.right_share, 1.0) * limit, weight, p)
    return Trust(_errors(middle, good, weight, p), known & ~good, limit)


def _forgive(
    middle: Floats,
    known: NDArray[np.bool_],
    good: NDArray[np.bool_],
    limit_c: Floats,
    weight: Floats,
    p: TrustParameters,
) -> None:
    """Take back into ``good`` those that looked wrong only beside one that is."""
    for i in np.flatnonzero(known & ~good).tolist():
        if abs(_errors(middle, good, weight, p)[i]) <= limit_c[i]:
            good[i] = True


def _errors(middle: Floats, good: NDArray[np.bool_], weight: Floats, p: TrustParameters) -> Floats:
    """Return by how much each sensor lies beyond the weighted median of the other good ones."""
    error = np.full(len(middle), np.nan)
    for i in np.flatnonzero(~np.isnan(middle)).tolist():
        others = good.copy()
        others[i] = False
        if others.sum() >= p.neighbours:
            error[i] = middle[i] - weighted_median(middle[others], weight[i, others])
    return error


def weighted_median(values: Floats, weight: Floats) -> float:
    """Return the value with half of the weight on either side."""
    order = np.argsort(values, kind="stable")
    summed = np.cumsum(weight[order])
    if summed[-1] <= 0.0:
        return float(np.median(values))
    return float(values[order][np.searchsorted(summed, 0.5 * summed[-1])])


def _deviation_c(error: Floats) -> float:
    real = error[~np.isnan(error)]
    return max(USUAL_SD_C, TO_NORMAL * float(np.median(np.abs(real)))) if len(real) else USUAL_SD_C
