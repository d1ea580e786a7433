"""The temperature factor of a wall from a probe on it."""

from __future__ import annotations

import numpy as np

from rules.core.damp_cause.hours import HomeHours, lagged_c

BLOCK_H = 12
LEAST_DIFFERENCE_C = 5.0
LEAST_BLOCKS = 10


def factor_of_wall(
    h: HomeHours, wall_c: np.ndarray[tuple[int, ...], np.dtype[np.float64]], lag_h: float
) -> tuple[float, float] | None:
    """Return fRsi and twice its standard error, from the probe; None with too few cold half days.

    Tsi - Te on Ti - Te through 0, over means of 12 h with more than 5 K between indoors and
    outdoors, so that what the wall's mass holds back does not count. The probe's own bias
    (0.5 °C typical of a DS18B20) comes on top: the band is never below 0.02.

    Args:
        h: the hours.
        wall_c: temperature of the probe in the same hours [°C]; NaN where not measured.
        lag_h: time constant of the wall [h].
    """
    behind = lagged_c(h.outdoor_c, lag_h)
    blocks = len(wall_c) // BLOCK_H * BLOCK_H
    room = (h.room_c - behind)[:blocks].reshape(-1, BLOCK_H).mean(axis=1)
    wall = (wall_c - behind)[:blocks].reshape(-1, BLOCK_H).mean(axis=1)
    good = np.isfinite(room) & np.isfinite(wall) & (room > LEAST_DIFFERENCE_C)
    n = int(good.sum())
    if n < LEAST_BLOCKS:
        return None
    x, y = room[good], wall[good]
    factor = float(x @ y / (x @ x))
    error = float(np.sqrt(((y - factor * x) ** 2).sum() / (n - 1) / (x @ x)))
    return factor, max(2.0 * error, 0.02)
