"""Where weather forecasts are kept. Two implementations; one suite of tests runs on both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rules.core.weather_forecast import WeatherForecast


@dataclass(frozen=True, slots=True)
class Kept:
    """A forecast as it is kept: never changed, never replaced.

    Attributes:
        forecast_id: its number, rising in the order of keeping.
        forecast: what it says.
        received_s: when it came here, by the wall clock [s since 1970].
        by: who or what brought it.
    """

    forecast_id: int
    forecast: WeatherForecast
    received_s: float
    by: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A forecast in a list: all but its hours."""

    forecast_id: int
    place: str
    source: str
    issued_s: float
    from_s: float
    to_s: float
    received_s: float
    by: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one forecast that was given.

    Attributes:
        forecast_id: its number.
        is_new: False: the very same was there already and nothing was written.
    """

    forecast_id: int
    is_new: bool


class WeatherForecasts(Protocol):
    """Forecasts by place, source and time of issue.

    One that says something else for the same place, source and issue (a correction) is kept beside the first and
    counts as the newer one; one that says the same is there already.
    """

    async def add(self, forecasts: Sequence[WeatherForecast], by: str) -> list[Added]:
        """Keep forecasts, all of them or, where it fails, none; the answer is in their order."""
        ...

    async def newest(self, at_s: float, place: str | None = None) -> list[Kept]:
        """Return for each place and source the newest forecast that was issued by a time [s since 1970].

        The last issued counts, of the same issue the last received. In order of place, then the newest issue
        first, then source. Empty where there is none.
        """
        ...

    async def by_id(self, forecast_id: int) -> Kept | None:
        """Return a forecast by its number."""
        ...

    async def listed(
        self, place: str | None = None, limit: int = 50, before_id: int | None = None
    ) -> list[Listed]:
        """Return forecasts, the last received first; ``before_id``: those before that one."""
        ...
