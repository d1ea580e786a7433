"""What the handover says of other services: tonight's gritting routes, today's rounds of bin lorries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from rules.core.incidents.handover import RoundsNow, RouteNow, Shift
from rules.incidents.rows import ORDER_WORDS

BACK_S = 36 * 3600.0
"""A decision on a route counts for the shift so long [s]: a night, and the day before it."""
SQL = load_queries("rules.incidents", "handing.sql")


class PostgresShift:
    """:class:`rules.incidents.ports.ShiftBook` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def shift(self, now_s: float, zone: ZoneInfo) -> Shift:
        """Return what the other services stand at."""
        today = datetime.fromtimestamp(now_s, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        span = {"from_s": today.timestamp(), "to_s": (today + timedelta(days=1)).timestamp()}
        async with transaction(self._pool) as conn, conn.cursor(row_factory=dict_row) as cursor:

            async def rows(query: str, **params: object) -> list[dict[str, Any]]:
                return await (await cursor.execute(SQL[query], params)).fetchall()

            routes = await rows("routes", now_s=now_s, back_s=BACK_S)
            found = await rows("rounds", day=f"{today:%Y-%m-%d}", **span)
            out = tuple(r["lorry"] for r in await rows("out"))
        rounds = RoundsNow(**found[0], out=out) if found else None
        return Shift(routes=tuple(_route(r) for r in routes), rounds=rounds)


def _route(row: dict[str, Any]) -> RouteNow:
    what = row.pop("what")
    return RouteNow(**row, answer="" if what is None else ORDER_WORDS.get(what, what))
