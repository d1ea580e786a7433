"""Outdoors hour by hour: the median of the town's weather stations. Where none measured it is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.analyst.days import HOUR_S
from rules.core.analyst.model import Stations
from rules.core.moisture_events.grid import Outdoor
from rules.core.psychrometrics import Floats, vapour_pressure_pa


@dataclass(frozen=True, slots=True)
class Outdoors:
    """Hour after hour from ``start_s`` [s since 1970]; NaN where not known."""

    start_s: float
    temperature_c: Floats
    vapour_pa: Floats

    def at(self, hour_s: Floats) -> tuple[Floats, Floats]:
        """Return temperature [°C] and vapour pressure [Pa] of the hours that begin at ``hour_s``."""
        n = len(self.temperature_c)
        number = np.floor((hour_s + 0.5 * HOUR_S - self.start_s) / HOUR_S).astype(np.int64)
        inside = (number >= 0) & (number < n)
        if n == 0:
            unknown = np.full(len(hour_s), np.nan)
            return unknown, unknown
        number = np.clip(number, 0, n - 1)
        return (
            np.where(inside, self.temperature_c[number], np.nan),
            np.where(inside, self.vapour_pa[number], np.nan),
        )

    def as_outdoor(self) -> Outdoor:
        """Return it as the search for events takes it: at the middle of each hour."""
        at_s = self.start_s + (np.arange(len(self.vapour_pa)) + 0.5) * HOUR_S
        return Outdoor(np.asarray(at_s, dtype=np.float64), self.vapour_pa)


def outdoors_of(stations: Stations, from_s: float, to_s: float) -> Outdoors:
    """Return the hours within [``from_s``, ``to_s``), the median over the stations of each hour's means."""
    first = int(np.floor(from_s / HOUR_S))
    hours = max(int(np.ceil(to_s / HOUR_S)) - first, 0)
    number = np.floor(stations.at_s / HOUR_S).astype(np.int64) - first
    names, row = np.unique(stations.station, return_inverse=True)
    good = (number >= 0) & (number < hours)
    vapour = vapour_pressure_pa(stations.temperature_c, stations.humidity_pct)
    shape = (len(names), hours)
    columns = [
        median_of(_means(shape, row[good], number[good], values[good]))
        for values in (stations.temperature_c, vapour)
    ]
    return Outdoors(first * HOUR_S, *columns)


def median_of(rows: Floats) -> Floats:
    """Return the median of each column over the rows that have it; NaN where none has."""
    found = np.full(rows.shape[1], np.nan)
    known = np.isfinite(rows).any(axis=0) if rows.shape[0] else np.zeros(rows.shape[1], dtype=bool)
    if known.any():
        found[known] = np.nanmedian(rows[:, known], axis=0)
    return found


def _means(
    shape: tuple[int, int],
    row: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    hour: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    values: Floats,
) -> Floats:
    good = np.isfinite(values)
    cell = row[good] * shape[1] + hour[good]
    size = shape[0] * shape[1]
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, weights=values[good], minlength=size)
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.asarray(means.reshape(shape), dtype=np.float64)
