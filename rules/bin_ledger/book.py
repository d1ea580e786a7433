"""Settings and statements of the ledger in PostgreSQL: appended only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from rules.bin_ledger.ports import Month, NewStatement, Setting
from rules.bin_ledger.settings import Compared, shipped_tariffs
from rules.core.bin_ledger.tariffs import Tariffs

SQL = load_queries("rules.bin_ledger")


class _Rows:
    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def _rows(self, query: str, **params: object) -> list[dict[str, Any]]:
        async with transaction(self._pool) as conn:
            cursor = conn.cursor(row_factory=dict_row)
            return await (await cursor.execute(SQL[query], params)).fetchall()


class PostgresSettings(_Rows):
    """:class:`rules.bin_ledger.ports.LedgerSettings` on anything that lends connections."""

    async def compared(self) -> Compared | None:
        """Return the newest schedule."""
        rows = await self._rows("newest", what="schedule")
        return msgspec.json.decode(rows[0]["content"], type=Compared) if rows else None

    async def tariffs(self) -> Tariffs:
        """Return the newest tariffs, else those that are shipped."""
        rows = await self._rows("newest", what="tariffs")
        return msgspec.json.decode(rows[0]["content"], type=Tariffs) if rows else shipped_tariffs()

    async def put(self, value: Compared | Tariffs, *, by: str, why: str) -> None:
        """Append one."""
        what = "schedule" if isinstance(value, Compared) else "tariffs"
        content = msgspec.json.encode(value).decode()
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["put_setting"], {"what": what, "by": by, "why": why, "content": content})

    async def log(self) -> Sequence[Setting]:
        """Return who set what when and why, newest first."""
        return [Setting(**r) for r in await self._rows("settings")]


class PostgresStatements(_Rows):
    """:class:`rules.bin_ledger.ports.StatementBook` on anything that lends connections."""

    async def due(self, months: Sequence[Month]) -> list[date]:
        """Return the months of which none is kept and in which bins were measured."""
        rows = await self._rows(
            "due", months=[m.first for m in months], from_s=[m.from_s for m in months], to_s=[m.to_s for m in months]
        )  # fmt: skip
        return [r["month"] for r in rows]

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted [s since 1970]."""
        [row] = await self._rows("counted")
        found: float | None = row["at_s"]
        return found

    async def kept(self, month: date) -> bytes | None:
        """Return the document that is kept of a month."""
        rows = await self._rows("statement", month=month)
        return bytes(rows[0]["document"]) if rows else None

    async def months(self) -> Sequence[tuple[date, str]]:
        """Return the months of which one is kept, with its answer."""
        return [(r["month"], r["answer"]) for r in await self._rows("statements")]

    async def put(self, new: NewStatement) -> bool:
        """Keep a statement; False where one of its month is kept already."""
        values = {
            n: getattr(new, n) for n in ("month", "digest", "sha256", "answer", "statement", "document")
        }
        return bool(await self._rows("put_statement", **values))
