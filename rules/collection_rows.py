"""Acts of crews and residents about bins as rows of a batch, for the engine (``rules.core.collection_acts.rows``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg

from rules.core.collection_acts.rows import BIN, rows_of
from rules.core.readings import Readings

# The engine takes a withdrawal as a row with the number of what is withdrawn.
_ROW: LiteralString = (
    "extract(epoch from a.counts_at)::float8, a.ref, coalesce(a.withdraws, a.act_id)::float8, a.what::float8, "
    "extract(epoch from a.at)::float8 "
)
OF_BATCHES: LiteralString = (
    "select b.rank, "
    + _ROW
    + "from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank) "
    "join collection_act a on a.received_at = b.received_at order by b.rank, a.act_id"
)
OF_TIME: LiteralString = (
    "select "
    + _ROW
    + "from collection_act a where a.counts_at >= to_timestamp(%(from_s)s) and a.counts_at < to_timestamp(%(to_s)s) "
    "order by a.counts_at, a.act_id"
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
    acts = [
        (name.removeprefix(BIN), int(act), int(what), at_s, counts_s)
        for counts_s, name, act, what, at_s in found
    ]
    return rows_of(acts) if acts else None
