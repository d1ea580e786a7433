"""The road forecast as a table of segments by hours, in whole numbers: what is stored, sent, and decided by.

Whole numbers (hundredths of a degree and the like) so that who reads it from a database, from a file or straight from
the model has the very same values, and in a fifth of the space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

HOURS = 24
QUANTITIES = (
    "low_c", "middle_c", "high_c", "below_zero", "ice", "film_mm", "deposit_mm", "rain_mm_h", "snow_mm_h",
)  # fmt: skip
"""By hour: 10, 50 and 90 % of the surface temperature [°C]; P(surface < 0 °C), P(ice, snow, hoar or freezing film);
water on the road, liquid or ice, middle of the members, and hoar, their mean [mm of water]; rain and snow of the hour that ends then [mm/h, water equivalent]."""
PER_UNIT = np.array([100, 100, 100, 10_000, 10_000, 1000, 1000, 100, 100], dtype=np.float64)
"""Whole numbers per unit of each quantity."""
UNKNOWN = -32_768
MOST = 32_767
Shorts = NDArray[np.int16]


def packed(values: Floats) -> Shorts:
    """Return values as whole numbers, segments × quantities × hours; NaN becomes ``UNKNOWN``, what is too large the limit.

    Args:
        values: quantities × hours × segments.
    """
    scaled = np.round(np.moveaxis(values, 2, 0) * PER_UNIT[None, :, None])
    whole = np.clip(np.nan_to_num(scaled, nan=UNKNOWN), UNKNOWN, MOST)
    return np.ascontiguousarray(whole, dtype=np.int16)


def unpacked(whole: Shorts) -> Floats:
    """Return the values of a table: segments × quantities × hours, NaN = unknown."""
    values = whole.astype(np.float64)
    values[whole == UNKNOWN] = np.nan
    return np.asarray(values / PER_UNIT[None, :, None], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SensorJudged:
    """What its neighbours say of a road sensor; ``error_c`` None: it can't be judged."""

    device: str
    segment_id: str
    error_c: float | None
    wrong: bool


FRESH_S = 9 * 3600.0
"""A weather forecast issued so long before comes after all that are fresher, whatever its source, and an issue that is made
by it adds to what the rules ask for but takes nothing back."""


@dataclass(frozen=True, slots=True)
class WeatherUsed:
    """By which weather an issue was made.

    Attributes:
        kind: ``forecast`` or ``stations`` (nobody forecast: yesterday's course from now on).
        forecast_id, source, issued_s: of the forecast.
    """

    kind: str
    forecast_id: int | None = None
    source: str = ""
    issued_s: float | None = None


@dataclass(frozen=True, slots=True)
class NowRows:
    """Each segment now: see ``estimate.Now``; ``source`` and ``condition`` in words, salt left [g/m²], water [mm]."""

    surface_c: Floats
    deviation_c: Floats
    source: tuple[str, ...]
    condition: tuple[str, ...]
    water_mm: Floats
    salt_g_m2: Floats


@dataclass(frozen=True, slots=True)
class RoadForecast:
    """One issue.

    Attributes:
        issued_s: observations count up to it; hour k of the table ends at ``issued_s + 3600 (k + 1)`` [s since 1970].
        ids: of the segments.
        whole: segments × ``QUANTITIES`` × ``HOURS``.
        now: each segment at ``issued_s``.
        weather: by which it was made.
        sensors: what was judged of each road sensor that has been heard of.
        limit_c: beyond which a sensor is wrong [°C].
        members: of the ensemble.
    """

    issued_s: float
    ids: tuple[str, ...]
    whole: Shorts
    now: NowRows
    weather: WeatherUsed
    sensors: tuple[SensorJudged, ...]
    limit_c: float
    members: int

    def values(self) -> Floats:
        """Return the table's values: segments × quantities × hours."""
        return unpacked(self.whole)

    @property
    def by_forecast(self) -> bool:
        """Whether somebody has forecast the weather of it lately: what it takes for the rules to give something up."""
        said_s = self.issued_s if self.weather.issued_s is None else self.weather.issued_s
        return self.weather.kind == "forecast" and self.issued_s - said_s <= FRESH_S

    @property
    def wrong(self) -> tuple[SensorJudged, ...]:
        """The sensors that were left out."""
        return tuple(s for s in self.sensors if s.wrong)
