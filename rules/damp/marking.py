"""What came since the last look, marked as due: readings, diary entries, days that are settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import psycopg

from cityops.db.queries import load_queries
from cityops.errors import TransientError
from rules.core.analyst.days import day_of, due_of
from rules.core.analyst.rules import DampRules
from rules.damp.ports import Progress
from rules.damp.rows import as_json
from rules.reading_query import Batch, parse_batch

SQL = load_queries("rules.damp")

Connection = psycopg.AsyncConnection[Any]
Changed = tuple[int, int, float]
"""Home, box, oldest reading [s since 1970]."""


async def mark(conn: Connection, service: str, rules: DampRules, limit: int) -> Progress:
    """Look at what came since, and mark what it changes; in the caller's transaction.

    Where nothing came nothing is written: the transaction has no number then, and the rules, which follow
    transactions in their order, do not wait for it.
    """
    fresh = (await conn.execute(SQL["begin"], {"service": service})).rowcount == 1
    [(xid, diary_id, event_s, passed_s)] = await _rows(conn, "cursor", service=service)
    if fresh:
        event_s = await _begin(conn, rules)
        batches: list[tuple[Batch, int]] = []
    else:
        batches = await _batches(conn, xid, limit)
        event_s = await _readings(conn, [b for b, _ in batches], event_s, rules)
    diary_to = await _diary(conn, diary_id, rules)
    if event_s is not None:
        await conn.execute(SQL["mark_settled"], {"event_s": event_s})
    if fresh or batches or diary_to != diary_id:
        to_xid = max([xid, *(x for _, x in batches)])
        await _move(conn, service, (xid, diary_id), (to_xid, diary_to), event_s)
    [(waiting,)] = await _rows(conn, "waiting")
    return Progress(event_s, passed_s, len(batches) >= limit, waiting)


async def _move(
    conn: Connection, service: str, before: tuple[int, int], to: tuple[int, int], event_s: float | None
) -> None:
    values = {
        "service": service,
        "before_xid": before[0],
        "before_diary_id": before[1],
        "xid": to[0],
        "diary_id": to[1],
        "event_s": event_s,
    }
    if (await conn.execute(SQL["move"], values)).rowcount == 0:
        raise TransientError("damp: another process looks at the same batches")


async def _begin(conn: Connection, rules: DampRules) -> float | None:
    """Mark every home from its first reading on; return event time."""
    found: list[Changed] = await _rows(conn, "first_readings")
    await _rooms(conn, found, None)
    await _homes(conn, ((home, day_of(at_s, rules.zone)) for home, _, at_s in found))
    [(event_s,)] = await _rows(conn, "latest_times")
    return None if event_s is None else float(event_s)


async def _batches(conn: Connection, xid: int, limit: int) -> list[tuple[Batch, int]]:
    rows = await _rows(conn, "batches", cursor=str(xid), limit=limit)
    return [(parse_batch(received_at, kinds), number) for _, received_at, kinds, number in rows]


async def _readings(
    conn: Connection, batches: Sequence[Batch], event_s: float | None, rules: DampRules
) -> float | None:
    """Mark what readings of batches change; return event time with them."""
    times = [b.kinds[k].max_ts.timestamp() for b in batches for k in ("frog", "weather") if k in b.kinds]
    event_s = max([*times, *([] if event_s is None else [event_s])], default=None)
    p = rules.catalogue.damp_events.parameters
    changed: list[Changed] = await _of_kind(conn, "changed", "frog", batches)
    await _rooms(conn, changed, event_s)
    await _homes(conn, ((home, due_of(at_s, rules.zone, p)) for home, _, at_s in changed))
    for (from_s,) in await _of_kind(conn, "weather_from", "weather", batches):
        if from_s is not None:
            await conn.execute(SQL["mark_all"], {"day": due_of(from_s, rules.zone, p), "from_s": from_s})
    return event_s


async def _of_kind(conn: Connection, query: str, kind: str, batches: Sequence[Batch]) -> list[Any]:
    """Return what a query says of the readings of a kind in batches; nothing where they have none."""
    mine = [(b.received_at, b.kinds[kind]) for b in batches if kind in b.kinds]
    if not mine:
        return []
    return await _rows(
        conn,
        query,
        received=[at for at, _ in mine],
        first=min(at for at, _ in mine),
        last=max(at for at, _ in mine),
        min_ts=min(span.min_ts for _, span in mine),
        max_ts=max(span.max_ts for _, span in mine),
    )


async def _diary(conn: Connection, after: int, rules: DampRules) -> int:
    """Mark the days that new entries of diaries are of; return the number of the newest."""
    rows = await _rows(conn, "diary_new", after=after)
    p = rules.catalogue.damp_events.parameters
    await _homes(conn, ((home, due_of(at_s, rules.zone, p)) for _, home, at_s in rows))
    return max([after, *(int(number) for number, _, _ in rows)])


async def _rooms(conn: Connection, changed: Sequence[Changed], event_s: float | None) -> None:
    if changed:
        rows = [{"home_id": home, "device_id": device} for home, device, _ in changed]
        await conn.execute(SQL["add_rooms"], {"rows": as_json(rows), "event_s": event_s})


async def _homes(conn: Connection, due: Iterable[tuple[int, date]]) -> None:
    first: dict[int, date] = {}
    for home, day in due:
        first[home] = min(day, first.get(home, day))
    if first:
        rows = [{"home_id": home, "day": day.isoformat()} for home, day in sorted(first.items())]
        await conn.execute(SQL["mark_homes"], {"rows": as_json(rows)})


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()
