"""Rows of a night in PostgreSQL, for its record."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.winter_kept import KeptDays
from rules.winter.kept import gone_of, lines_of
from rules.winter.record.ports import NightRows, Row

SQL = load_queries("rules.winter.record")
FORECASTS = ("weather_forecast", "road_forecast_issue")
"""Tables of forecasts; an installation may have none of them."""
HOURS = "segment_id,at,low_c,middle_c,high_c,p_below_zero,p_ice,film_mm,deposit_mm,rain_mm_h,snow_mm_h"
"""Columns of a road forecast's hours; ``at``: seconds since 1970."""


class PostgresNights:
    """:class:`rules.winter.record.ports.NightSource` on anything that lends connections: one moment for all of it."""

    def __init__(self, pool: Lender, kept: KeptDays | None = None, zone: tzinfo = UTC) -> None:
        self._pool, self._zone = pool, zone
        self._kept = KeptDays() if kept is None else kept

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        span = {"from_s": from_s, "to_s": to_s}
        async with transaction(self._pool) as conn:
            await conn.execute("set transaction isolation level repeatable read, read only")
            decisions = await _rows(conn, "decisions", **span)
            ids = sorted({d["catalogue_id"] for d in decisions if d["catalogue_id"] is not None})
            return NightRows(
                decisions=decisions,
                alarms=await _rows(conn, "alarms", **span),
                treated=await lines_of(conn, from_s, to_s),
                catalogues=await _rows(conn, "catalogues", ids=ids),
                forecasts={
                    name: [r["forecast"] for r in await _rows(conn, name, **span)]
                    for name in FORECASTS
                    if await _is_there(conn, name)
                },
                readings={
                    **_lines(await _rows(conn, "road_readings", **span)),
                    **_lines(await _rows(conn, "weather_readings", **span)),
                    **_lines(await _rows(conn, "gritter_readings", **span)),
                },
                hours={r["issued"]: f"{HOURS}\n{r['lines']}\n" for r in await _rows(conn, "hours", **span)},
                gone=await gone_of(conn, from_s, to_s, self._kept, self._zone),
            )


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
