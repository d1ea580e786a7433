"""Rows of a night in PostgreSQL, for its record."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from cityops.db.queries import load_queries
from cityops.errors import TransientError
from rules.core.memory import SECTIONS, TreatedMemory
from rules.winter.orders.store import Lender
from rules.winter.record.ports import NightRows, Row

SQL = load_queries("rules.winter.record")
FORECASTS = ("weather_forecast", "road_forecast_issue")
"""Tables of forecasts; an installation may have none of them."""

Connection = psycopg.AsyncConnection[Any]


class PostgresNights:
    """:class:`rules.winter.record.ports.NightSource` on anything that lends connections: one moment for all of it."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        span = {"from_s": from_s, "to_s": to_s}
        try:
            async with self._pool.connection() as conn, conn.transaction():
                await conn.execute("set transaction isolation level repeatable read, read only")
                decisions = await _rows(conn, "decisions", **span)
                ids = sorted({d["catalogue_id"] for d in decisions if d["catalogue_id"] is not None})
                return NightRows(
                    decisions=decisions,
                    alarms=await _rows(conn, "alarms", **span),
                    treated=await _treated(conn, from_s, to_s),
                    catalogues=await _rows(conn, "catalogues", ids=ids),
                    forecasts={
                        name: [r["forecast"] for r in await _rows(conn, name, **span)]
                        for name in FORECASTS
                        if await _is_there(conn, name)
                    },
                    readings={
                        **_lines(await _rows(conn, "road_readings", **span)),
                        **_lines(await _rows(conn, "weather_readings", **span)),
                    },
                )
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise TransientError(f"database: {' '.join(str(error).split())}") from error


async def _treated(conn: Connection, from_s: float, to_s: float) -> list[Row]:
    rows = await _rows(conn, "treated", version=SECTIONS["treated"].version)
    passes = [
        {"segment_id": r["subject"], **msgspec.to_builtins(_named(p))}
        for r in rows
        for p in msgspec.json.decode(r["state"], type=TreatedMemory).passes
        if from_s <= p.at_s < to_s
    ]
    return sorted(passes, key=lambda p: (p["at_s"], p["segment_id"]))


def _named(spread: Any) -> dict[str, Any]:
    return {name: getattr(spread, name) for name in spread.__struct_fields__}


def _lines(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return readings as lines of CSV by device, all columns that any of them has."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append(row["reading"])
    return {name: _csv(readings) for name, readings in found.items()}


def _csv(readings: Sequence[Row]) -> list[str]:
    names = sorted({name for r in readings for name in r}, key=lambda n: (n != "ts", n))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if r.get(n) is None else r[n] for n in names] for r in readings])
    return out.getvalue().splitlines()


async def _is_there(conn: Connection, name: str) -> bool:
    [row] = await _rows(conn, "there", name=name)
    return next(iter(row.values())) is True


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
