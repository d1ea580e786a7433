"""Timetables, premises, tracks and reminders on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from cityops.errors import CityopsError
from rules.bin_days.memory import WAITING_MOST
from rules.bin_days.ports import Reminder
from rules.core.bin_days.model import Change, Premises, Round
from rules.core.bin_days.published import Revision, Timetable
from rules.core.bin_days.search import by_house, words_of
from rules.core.bin_days.track import Track, track_of

SQL = load_queries("rules.bin_days")
SORTED_MOST = 500
"""So many are read to be put into people's order; a query that finds more is refused anyway."""


class UnusableAddressError(CityopsError):
    """A text that no column can hold."""

    exit_code = 2


class PostgresBinDays:
    """:class:`rules.bin_days.ports.BinDays`, ``Tracks`` and ``Reminders`` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def timetable(self, rounds: Sequence[str] | None = None) -> Timetable:
        """Return the timetable, or what of it concerns some rounds."""
        async with self._transaction() as conn:
            return await _timetable(conn, rounds)

    async def premises(self, uprn: int) -> Premises | None:
        """Return a household's premises."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "one_premises", uprn=uprn)
            return msgspec.convert(rows[0], Premises) if rows else None

    async def many(self, uprns: Sequence[int]) -> tuple[Premises, ...]:
        """Return those of some premises that there are."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "many_premises", uprns=list(uprns))
            return tuple(msgspec.convert(r, Premises) for r in rows)

    async def find(self, words: Sequence[str], limit: int) -> tuple[Premises, ...]:
        """Return premises whose address has all of these words."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "find", words=list(words), limit=SORTED_MOST)
        found = [msgspec.convert(r, Premises) for r in rows]
        return tuple(sorted(found, key=lambda p: (by_house(p.address), p.uprn))[:limit])

    async def all_words(self) -> frozenset[str]:
        """Return the words of all addresses."""
        async with self._transaction() as conn:
            return frozenset(r["word"] for r in await _rows(conn, "all_words"))

    async def count(self) -> int:
        """Return how many premises there are."""
        async with self._transaction() as conn:
            [row] = await _rows(conn, "count")
            return int(row["premises"])

    async def replace(
        self, revise: Callable[[Timetable], Timetable], premises: Sequence[Premises] | None
    ) -> Timetable:
        """Put a timetable in the place of the one that is there."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            table = revise(await _timetable(conn))
            await _put(conn, table)
            if premises is not None:
                rows = _json([{**msgspec.structs.asdict(p), "words": words_of(p.address)} for p in premises])
                await conn.execute(SQL["drop_premises"], {"rows": rows})
                await conn.execute(SQL["put_premises"], {"rows": rows})
            return table

    async def track(self, lorries: Sequence[str], from_s: float, to_s: float) -> Track:
        """Return the reports of some lorries; none where this installation has no such devices."""
        async with self._transaction() as conn:
            [row] = await _rows(conn, "has_lorries")
            if not row["there"]:
                return track_of([])
            span = {"lorries": list(lorries), "from_s": from_s, "to_s": to_s}
            return track_of(await (await conn.execute(SQL["track"], span)).fetchall())

    async def ask(
        self, uprn: int, channel: str, address: str, *, evening: bool, morning: bool, code: str, now_s: float
    ) -> Reminder | None:
        """Write down that somebody wants to be reminded."""
        whom: dict[str, object] = {"uprn": uprn, "channel": channel, "address": address}
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            known = await _rows(conn, "known_reminder", **whom)
            [row] = await _rows(conn, "waiting_for", **whom)
            if not known and row["waiting"] >= WAITING_MOST:
                return None
            [made] = await _rows(
                conn, "ask", **whom, evening=evening, morning=morning, code=code, now_s=now_s
            )
            return Reminder(**made)

    async def by_code(self, code: str) -> Reminder | None:
        """Return the reminder with a code."""
        return await self._one("by_code", code=code)

    async def confirm(self, code: str, now_s: float) -> Reminder | None:
        """Confirm one."""
        return await self._one("confirm", code=code, now_s=now_s)

    async def end(self, code: str) -> bool:
        """Forget one with its address."""
        async with self._transaction() as conn:
            return bool(await _rows(conn, "end", code=code))

    async def confirmed(self) -> tuple[Reminder, ...]:
        """Return all that are confirmed."""
        async with self._transaction() as conn:
            return tuple(Reminder(**r) for r in await _rows(conn, "confirmed"))

    async def forget_unconfirmed(self, before_s: float) -> int:
        """Forget those that nobody has confirmed."""
        async with self._transaction() as conn:
            return len(await _rows(conn, "forget_unconfirmed", before_s=before_s))

    async def _one(self, query: str, **params: object) -> Reminder | None:
        async with self._transaction() as conn:
            rows = await _rows(conn, query, **params)
            return Reminder(**rows[0]) if rows else None

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableAddressError)


async def _timetable(conn: Connection, of: Sequence[str] | None = None) -> Timetable:
    some = {"rounds": None if of is None else list(of)}
    rounds = await _rows(conn, "rounds", **some)
    made_s = {r["round_id"]: r.pop("made_s") for r in rounds}
    return Timetable(
        rounds=tuple(msgspec.convert(r, Round) for r in rounds),
        changes=tuple(msgspec.convert(r, Change) for r in await _rows(conn, "changes", **some)),
        revisions=tuple(msgspec.convert(r, Revision) for r in await _rows(conn, "revisions", **some)),
        made_s=made_s,
    )


async def _put(conn: Connection, table: Timetable) -> None:
    await conn.execute(SQL["drop_changes"])
    await conn.execute(SQL["drop_revisions"])
    await conn.execute(SQL["drop_rounds"], {"rounds": [r.round_id for r in table.rounds]})
    rounds = [{**msgspec.structs.asdict(r), "made_s": table.made_s[r.round_id]} for r in table.rounds]
    await conn.execute(SQL["put_rounds"], {"rows": _json(rounds)})
    await conn.execute(SQL["put_changes"], {"rows": _json(table.changes)})
    await conn.execute(SQL["put_revisions"], {"rows": _json(table.revisions)})


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    done = await cursor.execute(SQL[query], params)
    found: list[dict[str, Any]] = await done.fetchall()
    return found
