"""How good chances were: Brier's score (1950), and by how much they are off where they were said (expected calibration error)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

BANDS = 10


class Band(NamedTuple):
    """Chances within a tenth: how many, what was said on average, and how often it came."""

    times: int
    said: float
    came: float


def brier(p: Floats, happened: NDArray[np.bool_]) -> float:
    """Return the mean square of chance less outcome: 0 is perfect."""
    return float(np.mean((p - happened) ** 2))


def reliability(p: Floats, happened: NDArray[np.bool_], bands: int = BANDS) -> tuple[Band, ...]:
    """Return the bands in which chances were said, of equal width, without the empty ones."""
    at = np.minimum((p * bands).astype(np.int64), bands - 1)
    found = []
    for band in range(bands):
        those = at == band
        if those.any():
            found.append(Band(int(those.sum()), float(p[those].mean()), float(happened[those].mean())))
    return tuple(found)


def calibration_error(p: Floats, happened: NDArray[np.bool_], bands: int = BANDS) -> float:
    """Return the expected calibration error: the bands' distances between said and come, by how many they are."""
    found = reliability(p, happened, bands)
    return float(sum(b.times * abs(b.said - b.came) for b in found) / max(sum(b.times for b in found), 1))
