"""Acts of crews and residents about bins as rows of a batch, for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import numpy as np
import psycopg

from rules.core.readings import Readings

KIND = "collection"
"""What the rows are called among the kinds of a batch."""
_VALUES: dict[str, LiteralString] = {
    "act": "coalesce(a.withdraws, a.act_id)::float8",
    "what": "a.what::float8",
    "at_s": "extract(epoch from a.at)::float8",
}
"""What a row can tell: the act's number, of one that withdraws that of the other; its code; when it happened [s since 1970]."""
_OF_BATCHES: LiteralString = """
select b.rank, extract(epoch from a.counts_at)::float8, a.ref, 0{values}
from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank)
join collection_act a on a.received_at = b.received_at
order by b.rank, a.act_id
"""
_OF_TIME: LiteralString = """
select extract(epoch from a.counts_at)::float8, a.ref{values}
from collection_act a
where a.counts_at >= to_timestamp(%(from_s)s) and a.counts_at < to_timestamp(%(to_s)s)
order by a.counts_at, a.act_id
"""


async def of_batches(
    conn: psycopg.AsyncConnection[Any], received: Sequence[datetime], fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return rank of the batch, time, name (``bin:<id>``), quality and ``fields``, in columns; empty without rows."""
    found = await conn.execute(_with(_OF_BATCHES, fields), {"received": list(received)})
    return list(zip(*await found.fetchall(), strict=True))


def of_time(
    conn: psycopg.Connection[Any], from_s: float, to_s: float, fields: Sequence[str]
) -> Readings | None:
    """Return the acts that count from ``from_s`` to before ``to_s``; None where there are none."""
    rows = conn.execute(_with(_OF_TIME, fields), {"from_s": from_s, "to_s": to_s}).fetchall()
    if not rows:
        return None
    ts_s, names, *values = zip(*rows, strict=True)
    return Readings(
        position=np.arange(len(rows), dtype=np.int64), ts_s=np.array(ts_s, dtype=np.float64), device=list(names),
        quality=np.zeros(len(rows), dtype=np.int64),
        fields={n: np.array(v, dtype=np.float64) for n, v in zip(fields, values, strict=True)},
    )  # fmt: skip


def _with(statement: LiteralString, fields: Sequence[str]) -> LiteralString:
    values: LiteralString = ""
    for field in fields:
        values += ", " + _VALUES[field]
    return statement.replace("{values}", values)
