"""Weather forecasts on PostgreSQL: one row each, its hours as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.weather_forecast import COLUMNS, HOUR_S, Place, WeatherForecast
from rules.winter.weather.ports import Added, Kept, Listed

SQL = load_queries("rules.winter.weather")


class PostgresForecasts:
    """:class:`rules.winter.weather.ports.WeatherForecasts` on a pool of connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def add(self, forecasts: Sequence[WeatherForecast], by: str) -> list[Added]:
        """Keep forecasts; see :class:`rules.winter.weather.ports.WeatherForecasts`."""
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_after_another"])
            return [await _add(conn, forecast, by) for forecast in forecasts]

    async def newest(self, at_s: float, place: str | None = None) -> list[Kept]:
        """Return the newest of each place and source by a time."""
        return [_kept(row) for row in await self._rows("newest", at_s=at_s, place=place)]

    async def by_id(self, forecast_id: int) -> Kept | None:
        """Return a forecast by its number."""
        rows = await self._rows("by_id", forecast_id=forecast_id)
        return _kept(rows[0]) if rows else None

    async def listed(
        self, place: str | None = None, limit: int = 50, before_id: int | None = None
    ) -> list[Listed]:
        """Return forecasts, the last received first."""
        rows = await self._rows("listed", place=place, limit=limit, before_id=before_id)
        return [Listed(**row) for row in rows]

    async def _rows(self, query: str, **params: object) -> list[dict[str, Any]]:
        async with transaction(self._pool) as conn:
            cursor = await conn.cursor(row_factory=dict_row).execute(SQL[query], params)
            return await cursor.fetchall()


async def _add(conn: Connection, forecast: WeatherForecast, by: str) -> Added:
    row = await (await conn.execute(SQL["add"], _params(forecast, by))).fetchone()
    if row is not None:
        return Added(row[0], is_new=True)
    row = await (await conn.execute(SQL["of_digest"], {"digest": forecast.digest})).fetchone()
    assert row is not None
    return Added(row[0], is_new=False)


def _params(forecast: WeatherForecast, by: str) -> dict[str, object]:
    place = forecast.place
    columns = {name: None if (v := getattr(forecast, name)) is None else v.tolist() for name in COLUMNS}
    return columns | {
        "place": place.name,
        "latitude_deg": place.latitude_deg,
        "longitude_deg": place.longitude_deg,
        "altitude_m": place.altitude_m,
        "source": forecast.source,
        "issued_s": forecast.issued_s,
        "from_s": float(forecast.at_s[0]),
        "hours": len(forecast.at_s),
        "digest": forecast.digest,
        "by": by,
    }


def _kept(row: dict[str, Any]) -> Kept:
    columns: dict[str, Any] = {name: None if row[name] is None else np.array(row[name]) for name in COLUMNS}
    forecast = WeatherForecast(
        place=Place(row["place"], row["latitude_deg"], row["longitude_deg"], row["altitude_m"]),
        issued_s=row["issued_s"],
        source=row["source"],
        at_s=row["from_s"] + HOUR_S * np.arange(row["hours"]),
        **columns,
    )
    return Kept(row["forecast_id"], forecast, row["received_s"], row["by"])
