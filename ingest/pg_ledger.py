"""The sequence ledger in PostgreSQL.

In one statement per batch: lock the rows of the batch's devices and boots in key order,
say which of its sequences they held, add the others. PostgreSQL 18 does it as a MERGE
that returns old and new; older servers lock and add in two statements.
"""

# ruff: noqa: S608 - put together from constants

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from cityops.errors import TransientError
from ingest.core.ledger import Keys, Range, parse_multirange, receipt_ranges
from ingest.pg_arrays import Int4Array, Int8Array
from ingest.ports import KeyReceipt

MERGE_SINCE = 180000
"""First server whose MERGE returns the row as it was before."""

# One run per key, as almost always: nothing to group. k is the key's number.
_ONE_RUN: LiteralString = """
    select d as device_id, b as boot, k, int8multirange(int8range(f, l, '[]')) as ranges
    from unnest(%(device)s, %(boot)s, %(first)s, %(last)s, %(key)s) u(d, b, f, l, k)
"""
_SEVERAL_RUNS: LiteralString = """
    select d as device_id, b as boot, min(k) as k, range_agg(int8range(f, l, '[]')) as ranges
    from unnest(%(device)s, %(boot)s, %(first)s, %(last)s, %(key)s) u(d, b, f, l, k) group by d, b
"""
# What a row's set is: its ends, and in full only where it has gaps.
_STATE: LiteralString = """
    lower(n.received), upper(n.received) - 1,
    case when n.received <> int8multirange(range_merge(n.received)) then n.received::text end
"""


def _merge(source: LiteralString) -> LiteralString:
    return (
        "merge into device_sequence t using (" + source + " order by 1, 2) n"
        " on t.device_id = n.device_id and t.boot = n.boot"
        " when matched then update set received = t.received + n.ranges"
        " when not matched then insert (device_id, boot, received) values (n.device_id, n.boot, n.ranges)"
        " returning n.k, case when old.received && n.ranges then (old.received * n.ranges)::text end,"
        + _STATE.replace("n.received", "new.received")
    )


def _lock(source: LiteralString) -> LiteralString:
    return (
        "select n.k, case when t.received && n.ranges then (t.received * n.ranges)::text end"
        " from (" + source + ") n join device_sequence t on t.device_id = n.device_id and t.boot = n.boot"
        " order by t.device_id, t.boot for update of t"
    )


def _add(source: LiteralString) -> LiteralString:
    return (
        "insert into device_sequence as n (device_id, boot, received)"
        " select device_id, boot, ranges from (" + source + ") s order by 1, 2"
        " on conflict (device_id, boot) do update set received = n.received + excluded.received"
        " returning n.device_id, n.boot, n.xmax <> 0, " + _STATE
    )


_Row = tuple[int, str | None, int, int, str | None]
"""Key index, what it held of the batch before, lowest and highest sequence now, the set where it has gaps."""


@dataclass(frozen=True, slots=True)
class LedgerAnswer:
    """What the ledger held of the batch before, per key index, and the receipts now."""

    overlaps: list[tuple[int, list[Range]]]
    receipts: list[KeyReceipt]


async def add_to_ledger(cursor: psycopg.AsyncCursor[Any], keys: Keys, server_version: int) -> LedgerAnswer:
    """Record the batch's sequences; the rows stay locked until the transaction ends.

    Raises:
        TransientError: another ingester made a row of the batch at the same moment.
    """
    if len(keys.device_id) == 0:
        return LedgerAnswer([], [])
    single = len(keys.run_key) == len(keys.device_id)
    arguments = {
        "device": Int4Array(keys.device_id[keys.run_key]),
        "boot": Int8Array(keys.boot[keys.run_key]),
        "first": Int8Array(keys.run_first),
        "last": Int8Array(keys.run_last),
        "key": Int4Array(keys.run_key),
    }
    source = _ONE_RUN if single else _SEVERAL_RUNS
    if server_version >= MERGE_SINCE:
        await cursor.execute(_merge(source), arguments)
        rows = await cursor.fetchall()
    else:
        rows = await _lock_and_add(cursor, keys, source, arguments)
    key, held, first, last, gaps = zip(*rows, strict=True)
    overlaps = [(k, parse_multirange(text)) for k, text in _texts(key, held)]
    return LedgerAnswer(overlaps, _receipts(keys, key, zip(first, last, strict=True), gaps))


async def _lock_and_add(
    cursor: psycopg.AsyncCursor[Any], keys: Keys, source: LiteralString, arguments: dict[str, Any]
) -> list[_Row]:
    await cursor.execute(_lock(source), arguments)
    locked = dict(await cursor.fetchall())
    await cursor.execute(_add(source), arguments)
    pairs = zip(keys.device_id.tolist(), keys.boot.tolist(), strict=True)
    number = {pair: key for key, pair in enumerate(pairs)}
    rows: list[_Row] = []
    for device_id, boot, existed, first, last, gaps in await cursor.fetchall():
        key = number[(device_id, boot)]
        if existed and key not in locked:
            raise TransientError("another ingester stores readings of the same devices")
        rows.append((key, locked.get(key), first, last, gaps))
    return rows


def _texts(keys: Sequence[int], texts: Sequence[str | None]) -> list[tuple[int, str]]:
    """Return what is not null, with its key."""
    if texts.count(None) == len(texts):
        return []
    return [(key, text) for key, text in zip(keys, texts, strict=True) if text is not None]


def _receipts(
    keys: Keys, answered: Sequence[int], whole: Iterable[Range], gaps: Sequence[str | None]
) -> list[KeyReceipt]:
    """Return the receipts of the keys that were ``answered``.

    Args:
        keys: the batch.
        answered: key indices; the others are in the same order.
        whole: lowest and highest sequence held.
        gaps: the whole set where it has gaps.
    """
    device_id, boot = keys.device_id[list(answered)], keys.boot[list(answered)]
    ranges: list[tuple[Range, ...]] = list(zip(whole, strict=True))
    place = {key: at for at, key in enumerate(answered)} if (broken := _texts(answered, gaps)) else {}
    for key, text in broken:
        ranges[place[key]] = receipt_ranges(parse_multirange(text), keys.runs_of(key))
    told = map(KeyReceipt._make, zip(device_id.tolist(), boot.tolist(), ranges, strict=True))
    if len(boot) and int(boot.min()) < 0:  # numbered by the server; the device knows nothing of it
        return [receipt for receipt in told if receipt.boot >= 0]
    return list(told)
