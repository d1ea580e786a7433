"""Road forecasts in memory with the behaviour of the database's: for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rules.core.readings import ReadingBatch, Readings
from rules.core.road_now.model import StationReadings
from rules.core.road_now.table import RoadForecast
from rules.core.road_now.thermal_map import ThermalMap
from rules.forecast_query import readings_of
from rules.winter.forecaster.ports import GritterRows, Measured, Progress, RoadRows, SaltRows, Stored
from rules.winter.forecaster.rows import ids_of, map_of, map_rows, station_readings

STATION = (
    "air_temperature_c", "humidity_pct", "wind_speed_m_s", "shortwave_w_m2", "longwave_w_m2", "cloud_oktas",
    "precipitation_mm_h", "precipitation_type", "pressure_hpa",
)  # fmt: skip
ROAD = ("surface_temperature_c", "air_temperature_c", "humidity_pct", "water_film_mm")
GRITTER = ("latitude_deg", "longitude_deg", "surface_temperature_c")


@dataclass
class MemoryRoadForecasts:
    """:class:`rules.winter.forecaster.ports.RoadForecasts` of readings given.

    Attributes:
        readings: by kind; ``weather``, ``road`` and ``gritter`` are looked at.
        hand_on: told of each issue as a batch of the rules.
        salt: what gritters spread.
    """

    readings: dict[str, Readings] = field(default_factory=dict)
    hand_on: Callable[[ReadingBatch], None] = lambda batch: None
    salt: SaltRows = field(default_factory=lambda: SaltRows([], np.empty(0), np.empty(0)))
    issues: dict[int, RoadForecast] = field(default_factory=dict)
    map_of: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    last_id: int = 0

    async def progress(self) -> Progress:
        """Return where the forecaster stands."""
        newest = await self.newest()
        wrong = () if newest is None else newest.forecast.wrong
        issued_s = None if newest is None else newest.forecast.issued_s
        return Progress(self._event_s(), issued_s, frozenset(s.device for s in wrong))

    async def measured(self, from_s: float, to_s: float) -> Measured:
        """Return what was measured in a time."""
        w, r, g = (self._of(kind, from_s, to_s) for kind in ("weather", "road", "gritter"))
        return Measured(
            self._stations(w),
            RoadRows(() if r is None else list(r.device), *_fields(r, ROAD)),
            _passes(g),
            _within(self.salt, from_s, to_s),
        )

    async def mapped(self, segment_ids: Sequence[str]) -> ThermalMap:
        """Return the thermal map of segments."""
        asked = set(ids_of(segment_ids))
        return map_of(((*key, *row) for key, row in self.map_of.items() if key[0] in asked), segment_ids)

    async def publish(self, forecast: RoadForecast, mapped: ThermalMap) -> int | None:
        """Keep a forecast and the thermal map, and hand it on."""
        if any(f.issued_s == forecast.issued_s for f in self.issues.values()):
            return None
        self.last_id += 1
        self.issues[self.last_id] = forecast
        for name, kind, weight, sum_c in map_rows(forecast.ids, mapped):
            self.map_of[name, kind] = weight, sum_c
        available_s = max(forecast.issued_s, self._event_s() or forecast.issued_s)
        self.hand_on({"forecast": readings_of(forecast, available_s)})
        return self.last_id

    async def newest(self, at_s: float | None = None) -> Stored | None:
        """Return the forecast that was issued last."""
        by = np.inf if at_s is None else at_s
        found = [(f.issued_s, number) for number, f in self.issues.items() if f.issued_s <= by]
        return await self.by_id(max(found)[1]) if found else None

    async def by_id(self, forecast_id: int) -> Stored | None:
        """Return a forecast by its number."""
        found = self.issues.get(forecast_id)
        return None if found is None else Stored(forecast_id, found)

    async def forget(self, before_s: float) -> int:
        """Delete forecasts that were issued before a time, but for the newest."""
        newest_s = max((f.issued_s for f in self.issues.values()), default=0.0)
        gone = [n for n, f in self.issues.items() if f.issued_s < before_s and f.issued_s < newest_s]
        for number in gone:
            del self.issues[number]
        return len(gone)

    def _event_s(self) -> float | None:
        times = [
            float(r.ts_s[(r.quality & 2) == 0].max(initial=-np.inf))
            for kind, r in self.readings.items()
            if kind in ("road", "weather")
        ]
        newest_s = max(times, default=-np.inf)
        return None if newest_s == -np.inf else newest_s

    def _of(self, kind: str, from_s: float, to_s: float) -> Readings | None:
        found = self.readings.get(kind)
        if found is None:
            return None
        return found.where((found.ts_s > from_s) & (found.ts_s <= to_s) & ((found.quality & 2) == 0))

    def _stations(self, w: Readings | None) -> StationReadings:
        columns = _fields(w, STATION)
        columns[6] = columns[6] / 8.0
        return station_readings(columns)


def _fields(r: Readings | None, names: Sequence[str]) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return times and fields."""
    return [np.empty(0)] * (1 + len(names)) if r is None else [r.ts_s, *(r.column(n) for n in names)]


def _passes(g: Readings | None) -> GritterRows:
    found = GritterRows(*_fields(g, GRITTER))
    there = ~np.isnan(found.surface_c)
    return GritterRows(*(getattr(found, n)[there] for n in GritterRows.__dataclass_fields__))


def _within(salt: SaltRows, from_s: float, to_s: float) -> SaltRows:
    inside = (salt.at_s > from_s) & (salt.at_s <= to_s)
    ids = [salt.segment_id[i] for i in np.flatnonzero(inside).tolist()]
    return replace(salt, segment_id=ids, at_s=salt.at_s[inside], salt_g_m2=salt.salt_g_m2[inside])
