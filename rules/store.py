"""The rules' store on PostgreSQL. Everything a step writes is one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, lost_is_transient
from devices.registry import Registry, parse
from rules.alarm_tables import open_alarms, write_alarms
from rules.core.effects import AlarmEffect, Decision, Effect, Event, LateReadings, SubjectState
from rules.core.memory import Row, from_rows, outdated
from rules.core.readings import ReadingBatch
from rules.core.treatment_log import PassLine
from rules.late_store import put_checkpoint, put_late
from rules.ports import Change, CursorMovedError, Fetched, Resumed
from rules.reading_query import fetch_readings, parse_batch
from rules.work_store import put_work

SQL = load_queries("rules")
NOTIFY_IDS = 200
"""A notification carries at most so many alarm ids: its payload is limited to 8 kB."""


class PostgresRuleStore:
    """:class:`rules.ports.RuleStore` on a pool of connections.

    ``service`` names the cursor: one per independent reader of the batches. ``tells``: whether
    listeners hear of what was written.
    """

    def __init__(self, pool: Lender, service: str = "rules", *, tells: bool = True) -> None:
        self._pool = pool
        self._service = service
        self._tells = tells

    async def registry(self) -> Registry:
        """Return what is installed, without retired devices."""
        async with self._connection() as conn:
            row = await (await conn.execute(SQL["registry"])).fetchone()
        assert row is not None
        return parse(row[0].encode())

    async def resume(self) -> Resumed:
        """Return where the service stands."""
        async with self._connection() as conn, conn.transaction():
            await conn.execute(SQL["start_cursor"], {"service": self._service})
            row = await (await conn.execute(SQL["cursor"], {"service": self._service})).fetchone()
            rows = await (await conn.execute(SQL["memory"])).fetchall()
            alarms = await open_alarms(conn)
            assert row is not None
            cursor, seen_s, settled_s, waiting_from = row
            since = {} if waiting_from is None else await _between(conn, waiting_from, cursor)
        memory = [Row(section, subject, version, state.encode()) for section, subject, version, state in rows]
        state = from_rows(memory, seen_s, settled_s)
        return Resumed(state, cursor, alarms, outdated(memory), waiting_from, since)

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        """Return the next batches after ``cursor``, and all of a transaction once one is taken."""
        async with self._connection() as conn:
            found = await conn.execute(SQL["batches"], {"cursor": str(cursor), "limit": limit})
            rows = await found.fetchall()
            if not rows:
                return None
            readings = await _readings(conn, rows)
        return Fetched(max(r[3] for r in rows), len(rows), max(r[0] for r in rows), readings)

    async def pending(self, cursor: int) -> bool:
        """Whether batches after ``cursor`` are stored, also such as are not final yet."""
        async with self._connection() as conn:
            row = await (await conn.execute(SQL["pending"], {"cursor": str(cursor)})).fetchone()
        return row is not None and row[0] is True

    async def settle_wanted(self, cursor: int) -> bool:
        """Whether it was asked not to wait, up to ``cursor``."""
        async with self._connection() as conn:
            found = await conn.execute(
                SQL["settle_wanted"], {"cursor": str(cursor), "service": self._service}
            )
            row = await found.fetchone()
        return row is not None and row[0] is True

    async def commit(self, change: Change) -> None:
        """Write one step; see :class:`rules.ports.RuleStore`."""
        async with self._connection() as conn, conn.transaction():
            await self._move(conn, change)
            if change.catalogue_id is not None:
                await conn.execute(SQL["name_catalogue"], {"catalogue_id": change.catalogue_id})
            await _add(conn, "add_decisions", [e for e in change.effects if isinstance(e, Decision)])
            await _add(conn, "add_events", [e for e in change.effects if isinstance(e, Event)])
            alarms = await write_alarms(conn, [e for e in change.effects if isinstance(e, AlarmEffect)])
            await put_work(conn, change.effects)
            states = [e for e in change.effects if isinstance(e, SubjectState)]
            await _add(conn, "put_states", states)
            if change.gone:
                gone = msgspec.json.encode(change.gone).decode()
                await conn.execute(SQL["drop_memory"], {"rows": gone})
                await conn.execute(SQL["drop_states"], {"rows": gone})
            await _put_memory(conn, change.rows)
            await _add_passes(conn, change.passes)
            await put_late(conn, change.effects)
            await put_checkpoint(conn, self._service, change)
            if change.effects and self._tells:
                payload = {"kinds": _kinds(change.effects), "alarms": alarms[:NOTIFY_IDS]}
                text = msgspec.json.encode(payload).decode()
                await conn.execute(SQL["tell_listeners"], {"payload": text})

    async def _move(self, conn: Connection, change: Change) -> None:
        moved = await conn.execute(
            SQL["move_cursor"],
            {
                "service": self._service,
                "from_cursor": str(change.from_cursor),
                "to_cursor": str(change.to_cursor),
                "seen_s": change.seen_s,
                "settled_s": change.settled_s,
                "from_settled_s": change.from_settled_s,
                "waiting_from": None if change.waiting_from is None else str(change.waiting_from),
                "everything": change.everything,
                "catalogue_id": change.catalogue_id,
            },
        )
        if moved.rowcount != 1:
            raise CursorMovedError(
                f"cursor of {self._service!r} is no longer where it was at {change.from_cursor}: another instance of the "
                "rules service is running, or an earlier commit was not answered"
            )

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        with lost_is_transient():
            async with self._pool.connection() as conn:
                yield conn


async def _between(conn: Connection, after: int, cursor: int) -> ReadingBatch:
    """Return the readings of batches after ``after``, up to ``cursor``."""
    found = await conn.execute(SQL["waiting_batches"], {"after": str(after), "cursor": str(cursor)})
    return await _readings(conn, await found.fetchall())


async def _readings(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> ReadingBatch:
    """Return the readings of batches; those of one transaction in their order of receipt."""
    found = sorted(rows, key=lambda row: (row[3], row[1]))
    return await fetch_readings(conn, [parse_batch(received_at, kinds) for _, received_at, kinds, _ in found])


async def _add(conn: Connection, query: str, effects: Iterable[Effect]) -> None:
    rows = [_flat(e) for e in effects]
    if rows:
        await conn.execute(SQL[query], {"rows": msgspec.json.encode(rows).decode()})


async def _put_memory(conn: Connection, rows: tuple[Row, ...]) -> None:
    if not rows:
        return
    # The rows' JSON goes in as it is, not decoded and encoded again.
    listed = [
        {"section": r.section, "subject": r.subject, "version": r.version, "state": msgspec.Raw(r.state)}
        for r in rows
    ]
    await conn.execute(SQL["put_memory"], {"rows": msgspec.json.encode(listed).decode()})


async def _add_passes(conn: Connection, passes: Sequence[PassLine]) -> None:
    if passes:
        rows = [
            {"what": p.what, "segment_id": p.segment_id}
            | {name: getattr(p.one, name) for name in p.one.__struct_fields__}
            for p in passes
        ]
        await conn.execute(SQL["add_passes"], {"rows": msgspec.json.encode(rows).decode()})


def _flat(effect: Effect) -> dict[str, Any]:
    """Return an effect's fields; ``dataclasses.asdict`` would copy every nested value."""
    return {f.name: getattr(effect, f.name) for f in dataclasses.fields(effect)}


def _kinds(effects: Iterable[Effect]) -> list[str]:
    """Return the kinds of subjects touched, and ``decision`` where there is a new one."""
    kinds = {e.subject_kind for e in effects if not isinstance(e, LateReadings)}
    if any(isinstance(e, Decision) for e in effects):
        kinds.add("decision")
    return sorted(kinds)
