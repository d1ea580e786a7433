"""Acts of crews and residents about bins as rows of a batch, for the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg

KIND = "collection"
"""What the rows are called among the kinds of a batch."""
_VALUES: dict[str, LiteralString] = {
    "act": "a.act_id::float8",
    "what": "a.what::float8",
    "at_s": "extract(epoch from a.at)::float8",
}
"""What a row can tell: the act's number and code, and when it happened [s since 1970]."""
_OF_BATCHES: LiteralString = """
select b.rank, extract(epoch from a.counts_at)::float8, a.ref, 0{values}
from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank)
join collection_act a on a.received_at = b.received_at
order by b.rank, a.act_id
"""


async def of_batches(
    conn: psycopg.AsyncConnection[Any], received: Sequence[datetime], fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return rank of the batch, time, name (``bin:<id>``), quality and ``fields``, in columns; empty without rows."""
    values: LiteralString = ""
    for field in fields:
        values += ", " + _VALUES[field]
    found = await conn.execute(_OF_BATCHES.replace("{values}", values), {"received": list(received)})
    return list(zip(*await found.fetchall(), strict=True))
