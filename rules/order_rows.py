"""Acts of the duty officer as rows of a batch, for the engine (``rules.core.winter_orders.rows``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from rules.core.readings import Readings
from rules.core.winter_orders.rows import table

_ROWS: LiteralString = """
       extract(epoch from a.counts_at)::float8, n.name, a.act_id::float8, a.thread::float8,
       extract(epoch from a.answers_at)::float8, coalesce((a.treatment ->> 'g_m2')::float8, 0),
       coalesce((a.treatment ->> 'passes')::float8, 0), (a.treatment ->> 'by_s')::float8,
       (a.treatment ->> 'start_s')::float8
"""
_NAMES: LiteralString = """
cross join lateral (
    select 0 as place, 'route:' || a.route_id as name
    union all
    select s.place, 'segment:' || s.name
    from jsonb_array_elements_text(a.treatment -> 'segments') with ordinality as s(name, place)) n
"""
OF_BATCHES: LiteralString = (
    "select b.rank,"
    + _ROWS
    + "from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank) "
    "join treatment_act a on a.received_at = b.received_at" + _NAMES + "order by b.rank, a.act_id, n.place"
)
OF_TIME: LiteralString = (
    "select" + _ROWS + "from treatment_act a" + _NAMES + "where a.counts_at >= to_timestamp(%(from_s)s) "
    "and a.counts_at < to_timestamp(%(to_s)s) order by a.counts_at, a.act_id, n.place"
)


async def of_batches(
    conn: psycopg.AsyncConnection[Any], received: Sequence[datetime]
) -> list[tuple[Any, ...]]:
    """Return rank of the batch, time, name, quality and the fields, in columns; empty without rows."""
    found = await (await conn.execute(OF_BATCHES, {"received": list(received)})).fetchall()
    return list(zip(*((rank, at_s, name, 0, *rest) for rank, at_s, name, *rest in found), strict=True))


def of_time(conn: psycopg.Connection[Any], from_s: float, to_s: float) -> Readings | None:
    """Return the acts that count from ``from_s`` to before ``to_s``; None where there are none."""
    found = conn.execute(OF_TIME, {"from_s": from_s, "to_s": to_s}).fetchall()
    return table([r[1] for r in found], [(r[0], *r[2:]) for r in found]) if found else None
