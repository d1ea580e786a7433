"""Windows of late readings, and what was decided, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg_pool import AsyncConnectionPool

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, transaction
from rules.core.late import LateSpan
from rules.core.reopen import LateWindow
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed, made
from rules.core.would_differ import Mark
from rules.reopen.ports import Asked, Due, Judged, Kept, Past, Verdict

SQL = load_queries("rules.reopen")
TELL_IDS = 200
"""A notification carries at most so many alarm ids: its payload is limited to 8 kB."""

Row = tuple[Any, ...]


class PostgresLateWindows:
    """:class:`rules.reopen.ports.LateWindows` on a pool of connections; ``service`` names the engine's cursor."""

    def __init__(self, pool: AsyncConnectionPool[Any], service: str = "rules") -> None:
        self._pool, self._service = pool, service

    async def due(self, rested_s: float) -> Due:
        """Return the open windows to which nothing was added for ``rested_s``."""
        async with transaction(self._pool) as conn:
            settled = await (await conn.execute(SQL["settled"], {"service": self._service})).fetchone()
            rows = await (await conn.execute(SQL["due"], {"rested_s": rested_s})).fetchall()
        return Due(None if settled is None else settled[0], tuple(_window(row) for row in rows))

    async def checkpoint(self, before_s: float) -> Kept | None:
        """Return the newest checkpoint before a time."""
        values = {"service": self._service, "before_s": before_s}
        async with transaction(self._pool) as conn:
            row = await (await conn.execute(SQL["checkpoint"], values)).fetchone()
        return None if row is None else Kept(row[0], bytes(row[1]))

    async def past(self, asked: Asked) -> Past:
        """Return what the tables hold of a time. Only reads, so it takes no transaction id."""
        span = {"from_s": asked.from_s, "to_s": asked.to_s, "catalogue_id": asked.catalogue_id}
        async with transaction(self._pool) as conn:
            up = await _alarms(conn, asked.begin_s, asked.begin_s)
            alarms = await _alarms(conn, asked.from_s, asked.to_s)
            decisions = await _decisions(conn, "decisions", span, asked.widths_m)
            standing = await _decisions(conn, "standing", span, asked.widths_m)
            other = await (await conn.execute(SQL["other_catalogue"], span)).fetchone()
        stored = Replayed(from_s=asked.from_s, to_s=asked.to_s, alarms=alarms, decisions=decisions)
        return Past(up, standing, stored, None if other is None else other[0])

    async def close(self, judged: Judged) -> int:
        """Write marks and verdicts in one transaction."""
        windows = [v.window.window_id for v in judged.verdicts]
        alarms = [_row(m) for m in judged.marks if m.key[0] == "alarm"]
        decisions = [_row(m) for m in judged.marks if m.key[0] == "decision"]
        async with transaction(self._pool) as conn:
            told = await _mark_alarms(conn, alarms, windows, judged.at_s)
            values = {"rows": _json(decisions), "windows": _json(windows)}
            marked = await (await conn.execute(SQL["mark_decisions"], values)).fetchall()
            await conn.execute(SQL["close"], {"rows": _json([_closed(v) for v in judged.verdicts])})
            if told or marked:
                payload = {"kinds": ["decision"] if marked else [], "alarms": told[:TELL_IDS]}
                await conn.execute(SQL["tell_listeners"], {"payload": _json(payload)})
        return len(told) + sum(text is not None for (text,) in marked)


async def _alarms(conn: Connection, from_s: float, at_s: float) -> tuple[AlarmSpan, ...]:
    rows = await (await conn.execute(SQL["alarms"], {"from_s": from_s, "at_s": at_s})).fetchall()
    return tuple(_alarm(row) for row in rows)


async def _decisions(
    conn: Connection, query: str, span: Mapping[str, Any], widths_m: Mapping[str, float]
) -> tuple[DecisionMade, ...]:
    rows = await (await conn.execute(SQL[query], span)).fetchall()
    return tuple(
        made(rule_id, kind, subject, at_s, outcome, reason, result, widths_m)
        for rule_id, kind, subject, at_s, outcome, reason, result in rows
    )


async def _mark_alarms(
    conn: Connection, rows: Sequence[Mapping[str, Any]], windows: Sequence[int], at_s: float
) -> list[int]:
    """Mark alarms and return those with a new mark; their logs say so."""
    if not rows:
        return []
    values = {"rows": _json(rows), "windows": _json(windows)}
    await conn.execute(SQL["lock_alarms"], values)
    changed = await (await conn.execute(SQL["mark_alarms"], values)).fetchall()
    lines = [{"alarm_id": number, "text": text} for number, text in changed if text is not None]
    await conn.execute(SQL["add_log"], {"rows": _json(lines), "at_s": at_s})
    return sorted(number for number, text in changed if text is not None)


def _window(row: Row) -> LateWindow:
    number, kind, scope, from_s, to_s, devices, readings, looked = row
    return LateWindow(number, LateSpan(kind, scope, from_s, to_s, tuple(devices), readings), looked)


def _alarm(row: Row) -> AlarmSpan:
    names = (
        "rule_id", "subject_kind", "subject", "severity", "raised_s", "cleared_s", "title", "reason", "members",
    )  # fmt: skip
    return AlarmSpan(**dict(zip(names, (*row[:-1], tuple(row[-1])), strict=True)))


def _row(mark: Mark) -> dict[str, Any]:
    _, rule_id, kind, subject, at_s = mark.key
    return {
        "rule_id": rule_id,
        "subject_kind": kind,
        "subject": subject,
        "at_s": at_s,
        "would_differ": mark.would_differ,
    }


def _closed(verdict: Verdict) -> dict[str, Any]:
    window = verdict.window
    return {
        "late_window_id": window.window_id,
        "readings": window.span.readings,
        "state": verdict.state,
        "result": verdict.result,
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
