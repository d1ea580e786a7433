"""The book of collection acts on PostgreSQL: what is checked and written is one transaction."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.collection_acts.ports import RefusedActError, RequestUsedError, UnusableTextError
from rules.core.collection_acts.chain import FIRST, link_of
from rules.core.collection_acts.open_reports import OpenReport, open_reports
from rules.core.collection_acts.record import BIN, CODES, WHAT, Act, NewAct, What, reaches_engine, same, wrong

SQL = load_queries("rules.collection_acts")
TOLD = msgspec.json.encode({"kinds": ["bin"], "alarms": []}).decode()


class PostgresActs:
    """:class:`rules.collection_acts.ports.CollectionActs` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def append(self, new: NewAct) -> Act:
        """Write an act down; see the port."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            if new.request_id is not None:
                known = await _acts(conn, "acts", request_id=new.request_id, reference=None)
                if known:
                    if not same(new, known[0]):
                        raise RequestUsedError("That request was used for something else.")
                    return known[0]
            if (why := wrong(new)) is not None:
                raise RefusedActError(why)
            return await _write(conn, new)

    async def by_reference(self, reference: str) -> Act | None:
        """Return the act with a reference."""
        async with self._transaction() as conn:
            found = await _acts(conn, "acts", request_id=None, reference=reference)
            return found[0] if found else None

    async def of_ref(self, ref: str, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what was said of a bin or household."""
        async with self._transaction() as conn:
            return await _acts(conn, "of_ref", ref=ref, from_s=from_s, to_s=to_s)

    async def of_lorries(self, from_s: float, to_s: float) -> tuple[Act, ...]:
        """Return what crews said on their rounds."""
        async with self._transaction() as conn:
            return await _acts(conn, "of_lorries", from_s=from_s, to_s=to_s)

    async def open_missed(self, since_s: float) -> tuple[OpenReport, ...]:
        """Return the missed collections that still wait."""
        async with self._transaction() as conn:
            return open_reports(await _acts(conn, "missed", since_s=since_s))

    async def newest(self, what: What, limit: int) -> tuple[Act, ...]:
        """Return the newest acts of one kind."""
        async with self._transaction() as conn:
            return await _acts(conn, "newest", what=CODES[what], limit=limit)

    async def chain(self) -> tuple[Act, ...]:
        """Return every act there is."""
        async with self._transaction() as conn:
            return await _acts(conn, "acts", request_id=None, reference=None)

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


async def _write(conn: Connection, new: NewAct) -> Act:
    last = await _rows(conn, "last")
    number, before = (last[0]["act_id"] + 1, last[0]["link"]) if last else (1, FIRST)
    fields = {f: getattr(new, f) for f in NewAct.__struct_fields__}
    seen = msgspec.json.decode(msgspec.json.encode({**new.seen, **await _seen(conn, new)}))
    act = Act(act_id=number, **{**fields, "at_s": round(new.at_s, 3), "seen": seen})
    act = msgspec.structs.replace(act, link=link_of(before, act))
    counts_s = await _event_time(conn) if reaches_engine(act) else None
    received = None if counts_s is None else await _batch(conn, counts_s)
    values = {
        **{f: getattr(act, f) for f in Act.__struct_fields__}, "what": CODES[act.what],
        "seen": msgspec.json.encode(seen).decode(), "received_at": received, "counts_s": counts_s,
    }  # fmt: skip
    [row] = await _rows(conn, "add_act", **values)
    await conn.execute(SQL["tell_listeners"], {"payload": TOLD})
    return msgspec.structs.replace(act, recorded_s=row["recorded_s"])


async def _seen(conn: Connection, new: NewAct) -> dict[str, Any]:
    """Return what is known of what an act is about; RefusedActError where that is not there."""
    if new.withdraws is not None:
        [row] = await _rows(conn, "is_of", act_id=new.withdraws, ref=new.ref)
        if not row["found"]:
            raise RefusedActError(f"There is no act {new.withdraws} of {new.ref}.")
    if not new.ref.startswith(BIN):
        return {}
    bin_id = new.ref.removeprefix(BIN)
    rows = await _rows(conn, "bin", bin_id=bin_id)
    if not rows:
        raise RefusedActError(f"There is no bin {bin_id!r}.")
    return {"bin": msgspec.json.decode(rows[0]["seen"])}


async def _event_time(conn: Connection) -> float | None:
    rows = await _rows(conn, "event_time")
    return rows[0]["at_s"] if rows else None


async def _batch(conn: Connection, counts_s: float) -> datetime:
    """Add a batch and return its time of receipt, which no other has."""
    at = datetime.now(UTC)
    while True:
        found = await conn.execute(SQL["add_batch"], {"received_at": at, "counts_s": counts_s})
        if await found.fetchone() is not None:
            return at
        at += timedelta(microseconds=1)


async def _acts(conn: Connection, query: str, **params: object) -> tuple[Act, ...]:
    rows = await _rows(conn, query, **params)
    return tuple(Act(**{**row, "what": WHAT[row["what"]]}) for row in rows)


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
