"""Closures and notes on PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.closing.ports import ClosureRefusedError, NewWhatIf, NoSuchWhatIfError, UnusableTextError, WhatIf
from rules.core.closing.model import Closure, NewClosure, Opening
from rules.core.closing.opening import opened_by, refused_words, unknown_words

SQL = load_queries("rules.closing")


class _OnDatabase:
    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


class PostgresClosures(_OnDatabase):
    """:class:`rules.closing.ports.ClosureBook` on anything that lends connections."""

    async def between(self, from_s: float, to_s: float) -> Sequence[Closure]:
        """Return the closures of a time."""
        async with self._transaction() as conn:
            found = await _closures(conn, from_s)
        return [c for c in found if any(c.closes(s, from_s, to_s) for s in c.segments)]

    async def close(self, new: NewClosure) -> Closure:
        """Keep a closure."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            known = await _rows(conn, "known", request_id=new.request_id)
            if not known:
                unknown = await _rows(conn, "unknown", segments=list(new.segments))
                if unknown:
                    raise ClosureRefusedError(unknown_words([r["segment_id"] for r in unknown]))
                known = await _rows(
                    conn, "add", **(msgspec.structs.asdict(new) | {"segments": list(new.segments)})
                )
                await conn.execute(SQL["tell_listeners"])
            [found] = await _closures(conn, None, known[0]["closure_id"])
        return found

    async def open(self, opening: Opening, closure_id: int | None = None) -> Sequence[Closure]:
        """Open stretches."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            found = await _closures(conn, opening.at_s, closure_id)
            holding = [c for c in found if any(c.closes(s, opening.at_s, math.inf) for s in c.segments)]
            if words := refused_words(holding, opening):
                raise ClosureRefusedError(words)
            parts = [(c, part) for c in holding if (part := opened_by(c, opening)) is not None]
            for c, part in parts:
                row = msgspec.structs.asdict(part) | {
                    "segments": list(part.segments),
                    "closure_id": c.closure_id,
                }
                await conn.execute(SQL["add_opening"], row)
            await conn.execute(SQL["tell_listeners"])
            return [(await _closures(conn, None, c.closure_id))[0] for c, _ in parts]


class PostgresWhatIfs(_OnDatabase):
    """:class:`rules.closing.ports.WhatIfBook` on anything that lends connections."""

    async def keep(self, new: NewWhatIf) -> WhatIf:
        """Keep a note."""
        async with self._transaction() as conn:
            text = msgspec.json.encode(new.document).decode()
            rows = await _rows(conn, "keep", **(msgspec.structs.asdict(new) | {"document": text}))
            which = {"what_if_id": rows[0]["what_if_id"]} if rows else {"request_id": new.request_id}
            [found] = await _what_ifs(conn, **which)
        return found

    async def what_if(self, what_if_id: int) -> WhatIf:
        """Return a note."""
        async with self._transaction() as conn:
            found = await _what_ifs(conn, what_if_id=what_if_id)
        if not found:
            raise NoSuchWhatIfError(f"There is no what-if {what_if_id}.")
        return found[0]

    async def newest(self, most: int) -> Sequence[WhatIf]:
        """Return the newest notes."""
        async with self._transaction() as conn:
            return await _what_ifs(conn, most=most)


async def _closures(conn: Connection, from_s: float | None, closure_id: int | None = None) -> list[Closure]:
    rows = await _rows(conn, "closures", from_s=from_s, closure_id=closure_id)
    return [_closure(row) for row in rows]


def _closure(row: Mapping[str, Any]) -> Closure:
    opened = msgspec.json.decode(row["opened"], type=tuple[Opening, ...])
    return Closure(**{**row, "segments": tuple(row["segments"]), "opened": opened})


async def _what_ifs(
    conn: Connection, *, what_if_id: int | None = None, request_id: str | None = None, most: int = 1
) -> list[WhatIf]:
    rows = await _rows(conn, "what_ifs", what_if_id=what_if_id, request_id=request_id, most=most)
    return [WhatIf(**row) for row in rows]


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
