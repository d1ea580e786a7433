"""Weather forecasts in memory: the twin of the store on PostgreSQL, for tests and for what needs no database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.ports import Added, Kept, Listed


class MemoryForecasts:
    """:class:`rules.winter.weather.ports.WeatherForecasts` in a list.

    Args:
        now: the time on the wall [s since 1970].
    """

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self._kept: list[Kept] = []
        self._by_digest: dict[str, int] = {}

    async def add(self, forecasts: Sequence[WeatherForecast], by: str) -> list[Added]:
        """Keep forecasts; see :class:`rules.winter.weather.ports.WeatherForecasts`."""
        return [self._add(forecast, by) for forecast in forecasts]

    def _add(self, forecast: WeatherForecast, by: str) -> Added:
        known = self._by_digest.get(forecast.digest)
        if known is not None:
            return Added(known, is_new=False)
        number = len(self._kept) + 1
        self._kept.append(Kept(number, forecast, self._now(), by))
        self._by_digest[forecast.digest] = number
        return Added(number, is_new=True)

    async def newest(self, at_s: float, place: str | None = None) -> list[Kept]:
        """Return the newest of each place and source by a time."""
        best: dict[tuple[str, str], Kept] = {}
        for kept in self._of(place):
            f = kept.forecast
            if f.issued_s > at_s:
                continue
            before = best.get((f.place.name, f.source))
            if before is None or f.issued_s >= before.forecast.issued_s:
                best[f.place.name, f.source] = kept
        return sorted(
            best.values(), key=lambda k: (k.forecast.place.name, -k.forecast.issued_s, k.forecast.source)
        )

    async def by_id(self, forecast_id: int) -> Kept | None:
        """Return a forecast by its number."""
        return self._kept[forecast_id - 1] if 1 <= forecast_id <= len(self._kept) else None

    async def listed(
        self, place: str | None = None, limit: int = 50, before_id: int | None = None
    ) -> list[Listed]:
        """Return forecasts, the last received first."""
        wanted = (k for k in reversed(self._of(place)) if before_id is None or k.forecast_id < before_id)
        return [_listed(kept) for kept in islice(wanted, limit)]

    def _of(self, place: str | None) -> list[Kept]:
        return [k for k in self._kept if place is None or k.forecast.place.name == place]


def _listed(kept: Kept) -> Listed:
    f = kept.forecast
    return Listed(
        forecast_id=kept.forecast_id,
        place=f.place.name,
        source=f.source,
        issued_s=f.issued_s,
        from_s=float(f.at_s[0]),
        to_s=float(f.at_s[-1]),
        received_s=kept.received_s,
        by=kept.by,
    )
