"""Offsets applied to readings as they are read; what is stored stays as it came."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.analyst.model import Calibration, Series
from rules.core.psychrometrics import Floats, relative_humidity_pct, vapour_pressure_pa


def calibrated(raw: Series, calibrations: Sequence[Calibration]) -> Series:
    """Return readings with the offsets that held when they were taken, in the order of their numbers.

    Of a box that warms itself the vapour pressure is right: it is worked out first, then temperature is
    corrected, then humidity follows.
    """
    t, rh, wall = raw.temperature_c, raw.humidity_pct, raw.wall_c
    for c in sorted(calibrations, key=lambda c: c.calibration_id):
        on = (raw.at_s >= c.from_s) & (raw.at_s < (np.inf if c.to_s is None else c.to_s))
        if c.field == "temperature_c":
            rh = _kept_vapour(on, t, rh, c.offset) if c.keeps_vapour else rh
            t = np.where(on, t + c.offset, t)
        elif c.field == "humidity_pct":
            rh = np.where(on, np.clip(rh + c.offset, 0.0, 100.0), rh)
        else:
            wall = np.where(on, wall + c.offset, wall)
    return Series(raw.at_s, t, rh, wall)


def applied(calibrations: Sequence[Calibration], from_s: float, to_s: float) -> tuple[int, ...]:
    """Return the numbers of those that hold at some time within [``from_s``, ``to_s``)."""
    return tuple(
        sorted(
            c.calibration_id for c in calibrations if c.from_s < to_s and (c.to_s is None or c.to_s > from_s)
        )
    )


def _kept_vapour(
    on: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], t: Floats, rh: Floats, offset: float
) -> Floats:
    vapour = vapour_pressure_pa(t, rh)
    return np.where(on, np.minimum(relative_humidity_pct(t + offset, vapour), 100.0), rh)
