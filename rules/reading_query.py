"""Fetch the readings of some batches, kind by kind, as columns in receive order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import psycopg
from psycopg import sql

from rules import collection_rows, forecast_query
from rules.core import forecast_rule
from rules.core.engine import FIELDS_OF_KIND
from rules.core.readings import ReadingBatch, Readings
from rules.core.winter_orders.rows import KIND as ORDERS
from rules.order_rows import of_batches

_KIND = re.compile(r"^[a-z][a-z0-9_]{0,30}$")


class KindSpan(msgspec.Struct, frozen=True):
    """What ``ingest_batch.kinds`` says of a kind: the times its readings lie between."""

    rows: int
    min_ts: datetime
    max_ts: datetime


_SPANS = msgspec.json.Decoder(dict[str, KindSpan])

SELECT = """
select b.rank, extract(epoch from r.ts)::float8, d.name, r.quality{fields}
from unnest(%(received)s::timestamptz[]) with ordinality as b(received_at, rank)
join {table} r on r.received_at = b.received_at
join device d on d.device_id = r.device_id
where r.received_at between %(first)s and %(last)s and r.ts between %(min_ts)s and %(max_ts)s
order by b.rank, r.ts, r.device_id, r.seq
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """A row of ``ingest_batch``."""

    received_at: datetime
    kinds: Mapping[str, KindSpan]


def parse_batch(received_at: datetime, kinds: str) -> Batch:
    """Return a batch; kinds with names that no kind can have are left out."""
    spans = _SPANS.decode(kinds)
    return Batch(received_at, {k: s for k, s in spans.items() if _KIND.match(k) and s.rows > 0})


async def fetch_readings(conn: psycopg.AsyncConnection[Any], batches: Sequence[Batch]) -> ReadingBatch:
    """Return the readings of ``batches`` by kind, with their place in receive order.

    Within a batch readings are ordered by time: the ingester stored them at once.
    """
    kinds = sorted({k for b in batches for k in b.kinds})
    columns = {kind: await _columns(conn, kind, [b for b in batches if kind in b.kinds]) for kind in kinds}
    # The rank counts within a kind's batches: make it the place among all batches.
    ranks, times, owner = [], [], []
    for number, kind in enumerate(kinds):
        places = np.array([i for i, b in enumerate(batches) if kind in b.kinds], dtype=np.int64)
        rows = columns[kind]
        ranks.append(places[np.array(rows[0], dtype=np.int64) - 1] if rows else np.empty(0, np.int64))
        times.append(np.array(rows[1] if rows else (), dtype=np.float64))
        owner.append(np.full(len(times[-1]), number))
    if not kinds:
        return {}
    rank, ts_s, kind_no = np.concatenate(ranks), np.concatenate(times), np.concatenate(owner)
    order = np.lexsort((kind_no, ts_s, rank))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    starts = np.cumsum([0, *(len(t) for t in times)])
    return {
        kind: _readings(kind, columns[kind], position[starts[i] : starts[i + 1]])
        for i, kind in enumerate(kinds)
        if columns[kind]
    }


async def _columns(
    conn: psycopg.AsyncConnection[Any], kind: str, batches: Sequence[Batch]
) -> list[tuple[Any, ...]]:
    """Return rank, time, device, quality and the rule's fields of a kind; empty without rows."""
    received = [b.received_at for b in batches]
    if kind == forecast_rule.KIND:
        found = await conn.execute(forecast_query.BY_BATCH, {"received": received})
        return list(zip(*await found.fetchall(), strict=True))
    if kind == ORDERS:
        return await of_batches(conn, received)
    if kind == collection_rows.KIND:
        return await collection_rows.of_batches(conn, received, FIELDS_OF_KIND.get(kind, ()))
    spans = [b.kinds[kind] for b in batches]
    fields = [sql.SQL(", r.{}::float8").format(sql.Identifier(f)) for f in FIELDS_OF_KIND.get(kind, ())]
    statement = sql.SQL(SELECT).format(fields=sql.Composed(fields), table=sql.Identifier(f"{kind}_reading"))
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(
            statement,
            {
                "received": received,
                "first": min(received),
                "last": max(received),
                "min_ts": min(s.min_ts for s in spans),
                "max_ts": max(s.max_ts for s in spans),
            },
        )
        rows = await cursor.fetchall()
    return list(zip(*rows, strict=True))


def _readings(kind: str, columns: list[tuple[Any, ...]], position: Any) -> Readings:
    if kind == forecast_rule.KIND:
        return forecast_query.readings_of_columns(columns, position)
    _, ts_s, device, quality, *values = columns
    names = FIELDS_OF_KIND.get(kind, ())
    return Readings(
        position=position,
        ts_s=np.array(ts_s, dtype=np.float64),
        device=device,
        quality=np.array(quality, dtype=np.int64),
        fields={n: np.array(v, dtype=np.float64) for n, v in zip(names, values, strict=True)},
    )
