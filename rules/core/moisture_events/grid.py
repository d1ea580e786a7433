"""Readings at any times → five-minute means of absolute humidity on a grid that never moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats, absolute_humidity_g_m3, vapour_pressure_pa


@dataclass(frozen=True, slots=True)
class Grid:
    """Means by bin; NaN where no reading fell into one.

    Attributes:
        at_s: middle of each bin [s since 1970]; bins are counted from 1970, so that the same
            reading falls into the same bin whatever window is looked at.
        vapour_g_m3: mean absolute humidity [g/m³].
        humidity_pct: relative humidity [%].
        outdoor_g_m3: what outdoor air would hold in this room, warmed to it [g/m³]; NaN where not known.
    """

    at_s: Floats
    vapour_g_m3: Floats
    humidity_pct: Floats
    outdoor_g_m3: Floats

    def __len__(self) -> int:
        return len(self.at_s)


@dataclass(frozen=True, slots=True)
class Outdoor:
    """Vapour pressure outdoors [Pa] at times [s since 1970], ascending; not believed over gaps of ``gap_s`` [s].

    Pressure, for it stays when air is warmed; grams per cubic metre fall by a twentieth from 5 to 20 °C.
    """

    at_s: Floats
    vapour_pa: Floats
    gap_s: float = 2 * 3600.0

    def at(self, wanted_s: Floats) -> Floats:
        """Return the pressure at each time [Pa], straight between neighbours; NaN further than ``gap_s`` from one."""
        known = np.isfinite(self.vapour_pa)
        at, value = self.at_s[known], self.vapour_pa[known]
        if len(at) == 0:
            return np.full(len(wanted_s), np.nan)
        right = np.clip(np.searchsorted(at, wanted_s), 0, len(at) - 1)
        left = np.maximum(right - 1, 0)
        away = np.minimum(np.abs(at[right] - wanted_s), np.abs(wanted_s - at[left]))
        return np.where(away <= self.gap_s, np.interp(wanted_s, at, value), np.nan)


def absolute_g_m3(temperature_c: Floats, humidity_pct: Floats) -> Floats:
    """Return the absolute humidity of readings [g/m³]; NaN where either is NaN."""
    return absolute_humidity_g_m3(temperature_c, vapour_pressure_pa(temperature_c, humidity_pct))


def grid_of(
    at_s: Floats, temperature_c: Floats, humidity_pct: Floats, bin_s: float, outdoor: Outdoor | None = None
) -> Grid:
    """Return the means by bin, from the first reading's bin to the last one's.

    Args:
        at_s: times of the readings [s since 1970], in any order.
        temperature_c: air [°C]; NaN leaves the reading out.
        humidity_pct: relative humidity [%]; NaN leaves the reading out.
        bin_s: width of a bin [s].
        outdoor: vapour pressure outdoors.
    """
    vapour = absolute_g_m3(temperature_c, humidity_pct)
    good = np.isfinite(vapour)
    if not good.any():
        return Grid(np.empty(0), np.empty(0), np.empty(0), np.empty(0))
    number = np.floor(at_s[good] / bin_s).astype(np.int64)
    first = int(number.min())
    count = np.bincount(number - first)

    def mean(values: Floats) -> Floats:
        total = np.bincount(number - first, weights=values[good])
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    middle = np.asarray((first + np.arange(len(count)) + 0.5) * bin_s, dtype=np.float64)
    if outdoor is None:
        return Grid(middle, mean(vapour), mean(humidity_pct), np.full(len(middle), np.nan))
    around = absolute_humidity_g_m3(mean(temperature_c), outdoor.at(middle))
    return Grid(middle, mean(vapour), mean(humidity_pct), around)
