"""Records that the service makes itself, in PostgreSQL: one a night, appended only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from rules.core.winter_record import KeptRecord
from rules.winter.record.ports import NewRecord, Night

SQL = load_queries("rules.winter.record")


class PostgresRecords:
    """:class:`rules.winter.record.ports.RecordBook` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def due(self, nights: Sequence[Night]) -> list[date]:
        """Return the nights in which something happened and of which no record is kept."""
        params = {
            "nights": [n.night for n in nights], "from_s": [n.from_s for n in nights], "to_s": [n.to_s for n in nights],
        }  # fmt: skip
        return [r["night"] for r in await self._rows("due", params)]

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted [s since 1970]; None before the rules first ran."""
        [row] = await self._rows("counted", {})
        found: float | None = row["at_s"]
        return found

    async def kept(self, night: date) -> tuple[KeptRecord, bytes] | None:
        """Return the record that is kept of a night."""
        rows = await self._rows("record", {"night": night})
        if not rows:
            return None
        [row] = rows
        pack: bytes = row.pop("pack")
        return KeptRecord(**row), pack

    async def put(self, new: NewRecord) -> bool:
        """Keep a record; False where one of its night is kept already."""
        values = {name: getattr(new, name) for name in ("night", "pack_id", "key_id", "sha256", "pack")}
        return bool(await self._rows("put_record", values))

    async def _rows(self, query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        async with transaction(self._pool) as conn:
            cursor = conn.cursor(row_factory=dict_row)
            return await (await cursor.execute(SQL[query], params)).fetchall()
