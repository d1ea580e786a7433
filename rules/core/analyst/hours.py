"""A room hour by hour: the mean of the readings' own vapour pressures, never that of mean temperature and humidity.

Hours are kept as 4-byte figures; they are rounded to them before anything is made of them, so that a day that is
worked out again from kept ones comes out the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.analyst.days import HOUR_S
from rules.core.analyst.model import Day, Series
from rules.core.psychrometrics import Floats, relative_humidity_pct, vapour_pressure_pa


@dataclass(frozen=True, slots=True)
class RoomHours:
    """Hours that begin at ``at_s`` [s since 1970]; NaN where not known."""

    at_s: Floats
    room_c: Floats
    vapour_pa: Floats
    wall_c: Floats

    @property
    def humidity_pct(self) -> Floats:
        """Relative humidity that vapour pressure and temperature make [%]."""
        return relative_humidity_pct(self.room_c, self.vapour_pa)

    def part(self, from_s: float, to_s: float) -> RoomHours:
        """Return the hours that begin within [``from_s``, ``to_s``)."""
        a, b = np.searchsorted(self.at_s, (from_s, to_s))
        return RoomHours(self.at_s[a:b], self.room_c[a:b], self.vapour_pa[a:b], self.wall_c[a:b])


def kept(values: Floats) -> Floats:
    """Return figures as they are kept: rounded to 4 bytes."""
    return values.astype(np.float32).astype(np.float64)


def kept_one(value: float) -> float:
    """Return a figure as it is kept."""
    return float(np.float32(value))


def hours_of(readings: Series, begins_s: float, hours: int) -> RoomHours:
    """Return the hours of a day."""
    number = np.floor((readings.at_s - begins_s) / HOUR_S).astype(np.int64)
    good = (number >= 0) & (number < hours)
    t, rh = readings.temperature_c[good], readings.humidity_pct[good]
    both = np.isfinite(t) & np.isfinite(rh)
    columns = (
        np.where(both, t, np.nan),
        vapour_pressure_pa(t, rh),
        readings.wall_c[good],
    )
    at_s = np.asarray(begins_s + np.arange(hours) * HOUR_S, dtype=np.float64)
    return RoomHours(at_s, *(kept(_mean(number[good], v, hours)) for v in columns))


def hours_kept(days: Sequence[Day]) -> RoomHours:
    """Return the hours of kept days, one after the other; those whose hours have gone are unknown."""
    parts: list[list[Floats]] = [[], [], [], []]
    for day in days:
        if day.hour_c is None or day.hour_pa is None or day.hour_wall_c is None:
            continue
        columns = [_floats(v) for v in (day.hour_c, day.hour_pa, day.hour_wall_c)]
        parts[0].append(np.asarray(day.begins_s + np.arange(len(columns[0])) * HOUR_S, dtype=np.float64))
        for part, column in zip(parts[1:], columns, strict=True):
            part.append(column)
    return RoomHours(*(np.concatenate(p) if p else np.empty(0) for p in parts))


def joined(a: RoomHours, b: RoomHours) -> RoomHours:
    """Return hours and later ones together."""
    return RoomHours(
        np.concatenate([a.at_s, b.at_s]),
        np.concatenate([a.room_c, b.room_c]),
        np.concatenate([a.vapour_pa, b.vapour_pa]),
        np.concatenate([a.wall_c, b.wall_c]),
    )


def plain(values: Floats) -> tuple[float | None, ...]:
    """Return figures with None where not known."""
    return tuple(None if v != v else v for v in values.tolist())


def mean_or_none(values: Floats) -> float | None:
    """Return the mean of the known values as it is kept; None of none."""
    good = values[np.isfinite(values)]
    return kept_one(float(good.mean())) if len(good) else None


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _mean(number: np.ndarray[tuple[int, ...], np.dtype[np.int64]], values: Floats, hours: int) -> Floats:
    good = np.isfinite(values)
    count = np.bincount(number[good], minlength=hours)
    total = np.bincount(number[good], weights=values[good], minlength=hours)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), dtype=np.float64)
