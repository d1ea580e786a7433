"""The time it is in the town, as the rules' cursor in PostgreSQL tells it."""

from __future__ import annotations

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection
from rules.core.town_time import town_now_s

SQL = load_queries("rules")


async def town_now_on(conn: Connection, wall_s: float) -> float:
    """Return the time it is in the town [s since 1970]; see :mod:`rules.core.town_time`."""
    row = await (await conn.execute(SQL["town"])).fetchone()
    assert row is not None
    return town_now_s(wall_s, row[0], row[1])
