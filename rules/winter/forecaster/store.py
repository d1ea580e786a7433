"""Road forecasts on PostgreSQL. An issue, its batch and the thermal map are one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from psycopg.errors import LockNotAvailable

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.memory import TreatedMemory
from rules.core.road_now.table import NowRows, RoadForecast, SensorJudged, WeatherUsed
from rules.core.road_now.thermal_map import ThermalMap
from rules.forecast_wire import (
    COPY_BEGINS,
    COPY_ENDS,
    bigint,
    copy_row,
    from_array_send,
    real,
    timestamptz,
    to_array_send,
)
from rules.winter.forecaster.ports import GritterRows, Measured, Progress, RoadRows, Stored
from rules.winter.forecaster.rows import ids_of, map_of, map_rows, salt_rows, station_readings

SQL = load_queries("rules.winter.forecaster")
ROWS_AT_ONCE = 500


class PostgresRoadForecasts:
    """:class:`rules.winter.forecaster.ports.RoadForecasts` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def progress(self) -> Progress:
        """Return where the forecaster stands."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "progress")
        event_s, issued_s, wrong = rows[0]
        return Progress(event_s, issued_s, frozenset(wrong))

    async def measured(self, from_s: float, to_s: float) -> Measured:
        """Return what was measured in a time."""
        span = {"from_s": from_s, "to_s": to_s}
        async with transaction(self._pool) as conn:
            stations = _columns(await _rows(conn, "stations", **span), 10)
            roads = await _rows(conn, "roads", **span)
            gritters = _columns(await _rows(conn, "gritters", **span), 4)
            treated = await _rows(conn, "treated")
        memory = {s: msgspec.json.decode(state, type=TreatedMemory) for s, state in treated}
        values = _columns([row[1:] for row in roads], 5)
        return Measured(
            station_readings(stations),
            RoadRows([row[0] for row in roads], *values),
            GritterRows(*gritters),
            salt_rows(memory, from_s, to_s),
        )

    async def mapped(self, segment_ids: Sequence[str]) -> ThermalMap:
        """Return the thermal map of segments."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "mapped", ids=ids_of(segment_ids))
        return map_of(rows, segment_ids)

    async def publish(self, forecast: RoadForecast, mapped: ThermalMap) -> int | None:
        """Keep a forecast and the thermal map, and hand it to the rules; all or nothing."""
        async with transaction(self._pool) as conn:
            available = (await _rows(conn, "available", issued_s=forecast.issued_s))[0][0]
            found = await _rows(conn, "add_issue", **_issue(forecast, available))
            if not found:
                return None
            number, received_at, issued_at = found[0]
            await conn.execute(SQL["ensure_day"], {"issued_at": issued_at})
            async with conn.cursor() as cursor, cursor.copy(SQL["add_rows"]) as copy:
                for block in _blocks(number, issued_at, forecast):
                    await copy.write(block)
            await conn.execute(SQL["put_map"], _map_rows(forecast.ids, mapped))
            await _batch(conn, number, received_at, available, len(forecast.ids))
            await conn.execute(SQL["tell"])
        return int(number)

    async def newest(self, at_s: float | None = None) -> Stored | None:
        """Return the forecast that was issued last."""
        async with transaction(self._pool) as conn:
            found = await _rows(conn, "newest", at_s=at_s)
            return await _stored(conn, found[0][0]) if found else None

    async def by_id(self, forecast_id: int) -> Stored | None:
        """Return a forecast by its number."""
        async with transaction(self._pool) as conn:
            return await _stored(conn, forecast_id)

    async def forget(self, before_s: float) -> int:
        """Delete forecasts that were issued before a time, but for the newest; rows of whole days go at once."""
        async with transaction(self._pool) as conn:
            gone = (await conn.execute(SQL["forget"], {"before_s": before_s})).rowcount
        with suppress(LockNotAvailable):  # somebody reads for long: the next issue tries again
            async with self._pool.connection() as conn, conn.transaction():
                await conn.execute("set local lock_timeout = '2s'")
                await conn.execute(SQL["drop_days"], {"before_s": before_s})
        return gone


def _issue(f: RoadForecast, available_s: float) -> dict[str, Any]:
    return {
        "issued_s": f.issued_s,
        "available_s": available_s,
        "weather": f.weather.kind,
        "weather_id": f.weather.forecast_id,
        "weather_source": f.weather.source,
        "weather_issued_s": f.weather.issued_s,
        "members": f.members,
        "sensors": msgspec.json.encode(f.sensors).decode(),
        "limit_c": f.limit_c,
        "segments": len(f.ids),
    }


def _blocks(number: int, issued_at: datetime, f: RoadForecast) -> Iterator[bytes]:
    """Yield the rows of a table for a binary COPY."""
    off = {s.segment_id: s.error_c for s in f.wrong}
    now, first, second = f.now, bigint(number), timestamptz(issued_at)
    rows = zip(
        f.ids, now.surface_c.tolist(), now.deviation_c.tolist(), now.source, now.condition,
        now.water_mm.tolist(), now.salt_g_m2.tolist(), to_array_send(f.whole), strict=True,
    )  # fmt: skip
    made = [
        copy_row(
            (
                first, second, segment_id.encode(), real(surface), real(deviation), source.encode(), condition.encode(),
                real(water), real(salt), None if (error := off.get(segment_id)) is None else real(error), hours,
            )
        )
        for segment_id, surface, deviation, source, condition, water, salt, hours in rows
    ]  # fmt: skip
    yield COPY_BEGINS
    for begin in range(0, len(made), ROWS_AT_ONCE):
        yield b"".join(made[begin : begin + ROWS_AT_ONCE])
    yield COPY_ENDS


async def _batch(conn: Connection, number: int, received_at: datetime, available_s: float, rows: int) -> None:
    """Add the batch of an issue; where an ingester had the same microsecond, the next one."""
    while True:
        values = {"received_at": received_at, "rows": rows, "available_s": available_s}
        if await _rows(conn, "add_batch", **values):
            return
        received_at = (await _rows(conn, "later", forecast_id=number))[0][0]


def _map_rows(ids: Sequence[str], mapped: ThermalMap) -> dict[str, Any]:
    columns = list(zip(*map_rows(ids, mapped), strict=True)) or [()] * 4
    return {name: list(of) for name, of in zip(("segments", "types", "nights", "sums"), columns, strict=True)}


async def _stored(conn: Connection, number: int) -> Stored | None:
    found = await _rows(conn, "issue", forecast_id=number)
    if not found:
        return None
    issued_s, weather, weather_id, source, weather_s, members, sensors, limit_c = found[0]
    rows = await _rows(conn, "rows", forecast_id=number)
    ids, surface, deviation, sources, conditions, water, salt, hours = zip(*rows, strict=True)
    now = NowRows(
        np.array(surface), np.array(deviation), sources, conditions, np.array(water), np.array(salt)
    )
    made = RoadForecast(
        issued_s=issued_s,
        ids=ids,
        whole=from_array_send(hours),
        now=now,
        weather=WeatherUsed(weather, weather_id, source, weather_s),
        sensors=msgspec.json.decode(sensors, type=tuple[SensorJudged, ...]),
        limit_c=limit_c,
        members=members,
    )
    return Stored(number, made)


def _columns(rows: Sequence[Sequence[Any]], count: int) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    table = np.array(rows, dtype=np.float64).reshape(len(rows), count)
    return list(np.ascontiguousarray(table.T))


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()
