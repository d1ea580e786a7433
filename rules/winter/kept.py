"""What of a night is still kept in PostgreSQL: passes of gritters, and why what is not there is not."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from rules.core.treatment import Pass
from rules.core.treatment_log import PassLine
from rules.core.winter_kept import Gone, KeptDays, alarms_gone, passes_gone, roads_gone, weather_gone

SQL = load_queries("rules.winter")

Connection = psycopg.AsyncConnection[Any]


async def lines_of(conn: Connection, from_s: float, to_s: float) -> list[PassLine]:
    """Return the log of what gritters spread in a time, in its order."""
    cursor = conn.cursor(row_factory=dict_row)
    rows = await (await cursor.execute(SQL["passes"], {"from_s": from_s, "to_s": to_s})).fetchall()
    return [
        PassLine(r["what"], r["segment_id"], Pass(**{name: r[name] for name in Pass.__struct_fields__}))
        for r in rows
    ]


async def gone_of(conn: Connection, from_s: float, to_s: float, kept: KeptDays, zone: tzinfo) -> Gone:
    """Return what is no longer kept of a night."""
    cursor = conn.cursor(row_factory=dict_row)
    row = await (await cursor.execute(SQL["kept"], {"from_s": from_s, "to_s": to_s})).fetchone()
    assert row is not None
    now_s: float = row["now_s"]
    return Gone(
        passes=passes_gone(to_s, now_s, kept.passes, logged_s=row["logged_s"], decided_s=row["decided_s"]),
        alarms=alarms_gone(to_s, now_s, kept.alarms),
        weather=weather_gone(to_s, now_s, kept.weather),
        roads=roads_gone(row["used_s"], row["there_s"], kept.roads, zone),
    )
