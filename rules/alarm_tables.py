"""Alarms, their members and their log in PostgreSQL: a step's effects in a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, LiteralString

import msgspec
import psycopg

from cityops.db.queries import load_queries
from rules.core.alarm_book import AlarmBook, AlarmRow, OpenAlarm
from rules.core.effects import AlarmEffect, RaiseAlarm

SQL = load_queries("rules")
Connection = psycopg.AsyncConnection[Any]


async def open_alarms(conn: Connection) -> tuple[OpenAlarm, ...]:
    """Return the alarms that are up."""
    return _opened(await (await conn.execute(SQL["open_alarms"])).fetchall())


async def write_alarms(conn: Connection, effects: Sequence[AlarmEffect]) -> list[int]:
    """Write what happened to alarms, within the caller's transaction; return the ids touched.

    The alarms' rows are locked first, in one order, and stay locked until the transaction ends.
    """
    if not effects:
        return []
    keys = {(e.rule_id, e.subject_kind, e.subject) for e in effects}
    names = ("rule_id", "subject_kind", "subject")
    rows = _json([dict(zip(names, key, strict=True)) for key in sorted(keys)])
    locked = await (await conn.execute(SQL["lock_alarms"], {"rows": rows})).fetchall()
    raises = sum(isinstance(e, RaiseAlarm) for e in effects)
    ids = await (await conn.execute(SQL["alarm_ids"], {"n": raises})).fetchall() if raises else []
    book = AlarmBook(_opened(locked), iter([number for (number,) in ids]))
    for effect in effects:
        book.play(effect)
    await _write(conn, book)
    return [row.alarm_id for row in book.alarms]


async def _write(conn: Connection, book: AlarmBook) -> None:
    """Old rows first: they must be cleared before the same subject is raised again."""
    await _put(conn, SQL["change_alarms"], [_changed(r) for r in book.alarms if r.raised is None])
    await _put(conn, SQL["add_alarms"], [_new(r, r.raised) for r in book.alarms if r.raised is not None])
    await _put(conn, SQL["change_members"], [asdict(m) for m in book.members if not m.is_new])
    await _put(conn, SQL["add_members"], [asdict(m) for m in book.members if m.is_new])
    log = [
        {"n": n, "alarm_id": e.alarm_id, "at_s": e.at_s, "what": e.what, "detail": e.detail}
        for n, e in enumerate(book.log)
    ]
    await _put(conn, SQL["add_log"], log)


async def _put(conn: Connection, query: LiteralString, rows: list[dict[str, Any]]) -> None:
    if rows:
        await conn.execute(query, {"rows": _json(rows)})


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _opened(rows: Iterable[tuple[Any, ...]]) -> tuple[OpenAlarm, ...]:
    return tuple(
        OpenAlarm(number, rule_id, kind, subject, severity, raised_s, flapping, _members(members))
        for number, rule_id, kind, subject, severity, raised_s, flapping, members in rows
    )


def _members(text: str) -> dict[tuple[str, str], float]:
    return {(kind, name): joined_s for kind, name, joined_s in msgspec.json.decode(text)}


def _changed(row: AlarmRow) -> dict[str, Any]:
    return {
        "alarm_id": row.alarm_id, "severity": row.severity, "title": row.title, "reason": row.reason,
        "inputs": row.inputs, "flapping": row.flapping, "cleared_at_s": row.cleared_at_s,
    }  # fmt: skip


def _new(row: AlarmRow, raised: RaiseAlarm) -> dict[str, Any]:
    return {
        **_changed(row), "rule_id": raised.rule_id, "rule_version": raised.rule_version,
        "subject_kind": raised.subject_kind, "subject": raised.subject, "raised_at_s": raised.at_s,
        "is_group": raised.is_group, "held_since_s": raised.held_since_s, "would_change": raised.would_change,
    }  # fmt: skip
