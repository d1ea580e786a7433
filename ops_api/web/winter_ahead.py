"""The road forecast as the board shows it: its hours by the town's clock, and how cold each route gets and when.

Pure: an issue's arrays in, values out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ops_api.web import words
from rules.core.effects import hour_of
from rules.core.road_now.table import HOURS, PER_UNIT, QUANTITIES, UNKNOWN, RoadForecast

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Coldest:
    """The coldest stretch among some: middle of the forecast [°C], when [s since 1970], which row of the issue."""

    surface_c: float
    at_s: float
    row: int


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a forecast says of a route: its coldest stretch, and where and when ice is most likely.

    Attributes:
        p_ice: the highest chance of ice of any stretch in any hour [-].
        ice_at_s: the first hour with it [s since 1970].
    """

    coldest: Coldest
    p_ice: float
    ice_at_s: float
    ice_row: int


@dataclass(frozen=True)
class Ahead:
    """An issue of the road forecast with its number."""

    forecast_id: int
    forecast: RoadForecast

    @property
    def issued_at(self) -> datetime:
        """Observations count up to it."""
        return datetime.fromtimestamp(self.forecast.issued_s, UTC)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Each stretch's row."""
        return {segment_id: i for i, segment_id in enumerate(self.forecast.ids)}

    def rows(self, segment_ids: Sequence[str]) -> Rows:
        """Return the rows of those stretches that are in it."""
        found = [self.row_of[s] for s in segment_ids if s in self.row_of]
        return np.array(found, dtype=np.int64)

    def values(self, quantity: str, rows: Rows | slice = slice(None)) -> Floats:
        """Return a quantity of some stretches: rows × hours, NaN = unknown."""
        k = QUANTITIES.index(quantity)
        whole = self.forecast.whole[rows, k]
        values = whole / PER_UNIT[k]
        values[whole == UNKNOWN] = np.nan
        return np.asarray(values, dtype=np.float64)

    def at_s(self, hour: int) -> float:
        """Return when an hour, counted from 0, ends [s since 1970]."""
        return self.forecast.issued_s + HOUR_S * (hour + 1)

    def first_hour(self, now_s: float) -> int:
        """Return the first hour that is still to come; ``HOURS`` where none is."""
        return next((k for k in range(HOURS) if self.at_s(k) > now_s), HOURS)

    def coldest_by_hour(self, rows: Rows) -> tuple[Coldest | None, ...]:
        """Return the coldest of some stretches at each hour; None where nothing is known."""
        if len(rows) == 0:
            return (None,) * HOURS
        middle = self.values("middle_c", rows)
        filled = np.where(np.isnan(middle), np.inf, middle)
        least = filled.argmin(axis=0)
        return tuple(
            Coldest(float(filled[i, k]), self.at_s(k), int(rows[i])) if np.isfinite(filled[i, k]) else None
            for k, i in enumerate(least.tolist())
        )

    def prospect(self, rows: Rows, first: int = 0) -> Prospect | None:
        """Return what it says of some stretches from an hour on; None where it says nothing."""
        known = [c for c in self.coldest_by_hour(rows)[first:] if c is not None]
        if not known:
            return None
        ice = np.nan_to_num(self.values("ice", rows)[:, first:], nan=0.0)
        # The first hour with the highest chance, and of the stretches the one that has it then.
        hour = int(ice.max(axis=0).argmax())
        row = int(ice[:, hour].argmax())
        return Prospect(
            min(known, key=lambda c: (c.surface_c, c.at_s)), float(ice[row, hour]), self.at_s(first + hour), int(rows[row])
        )  # fmt: skip

    def prospects(self, rows: Rows, first: int = 0) -> dict[int, Prospect]:
        """Return what it says of each stretch by itself, by its row; stretches that nothing is known of are left out."""
        if len(rows) == 0 or first >= HOURS:
            return {}
        middle = self.values("middle_c", rows)[:, first:]
        low = np.where(np.isnan(middle), np.inf, middle)
        ice = np.nan_to_num(self.values("ice", rows)[:, first:], nan=0.0)
        each = zip(rows.tolist(), low.argmin(axis=1).tolist(), ice.argmax(axis=1).tolist(), strict=True)
        return {
            row: Prospect(
                Coldest(float(low[i, at]), self.at_s(first + at), row),
                float(ice[i, icy]),
                self.at_s(first + icy),
                row,
            )
            for i, (row, at, icy) in enumerate(each)
            if np.isfinite(low[i, at])
        }


def hour_labels(times_s: Sequence[float], zone: ZoneInfo) -> tuple[str, ...]:
    """Return times as ``Fri 02:30``; ``Sun 01:30 BST`` where the clock shows them twice."""
    local = (datetime.fromtimestamp(t, zone) for t in times_s)
    return tuple(f"{t:%a} {hour_of(t)}" for t in local)


@dataclass(frozen=True, slots=True)
class ForecastNote:
    """Which forecast the page is by, in a sentence.

    Attributes:
        stale: whether it is missing or too old to decide by.
        weather: by which weather, as a sentence; empty without a forecast.
    """

    words: str
    stale: bool
    weather: str = ""


def note(ahead: Ahead | None, now: datetime, zone: ZoneInfo, fresh_h: float) -> ForecastNote:
    """Return which forecast the page is by, how old it is, and by which weather.

    Args:
        ahead: the newest issue.
        now: the town's time.
        zone: of the town.
        fresh_h: an older one is not decided by [h].
    """
    if ahead is None:
        return ForecastNote("No road forecast yet: what is shown is what sensors measure now.", stale=True)
    at = words.day_and_clock(ahead.issued_at, zone, now).removeprefix("today ")
    age = now - ahead.issued_at
    weather = _weather(ahead.forecast, zone, now)
    if age > timedelta(hours=fresh_h):
        said = f"No road forecast since {at} ({words.duration(age)}). Routes are decided by the sensors’ own trend."
        return ForecastNote(said, stale=True, weather=weather)
    return ForecastNote(
        f"Road forecast of {at} ({words.short_duration(age)} old).", stale=False, weather=weather
    )


def _weather(forecast: RoadForecast, zone: ZoneInfo, now: datetime) -> str:
    used = forecast.weather
    if used.kind != "forecast":
        return "No weather forecast: from stations alone, so a clearing sky may be missed."
    issued = None if used.issued_s is None else datetime.fromtimestamp(used.issued_s, UTC)
    at = "" if issued is None else f" of {words.day_and_clock(issued, zone, now).removeprefix('today ')}"
    return f"Weather: {used.source or 'a forecast'}{at}."
