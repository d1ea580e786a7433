"""What a statement is made from, in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from devices.registry import BinModel, BinSite
from rules.bin_ledger.levels import trace_of
from rules.core.bin_ledger.values import Bin, Complaint, Driven, Emptied, SensorWork, Trace
from rules.core.bin_level.geometry import shape_of
from rules.core.parameters import BinParameters

SQL = load_queries("rules.bin_ledger")
LORRY = "round"
"""Name of the round of a day, where lorries are not told apart."""


class PostgresLedger:
    """:class:`rules.bin_ledger.ports.LedgerSource` on anything that lends connections; ``p``: how the rules filter."""

    def __init__(self, pool: Lender, p: BinParameters) -> None:
        self._pool, self._p = pool, p

    async def bins(self) -> tuple[Bin, ...]:
        """Return all bins."""
        return tuple(
            Bin(bin_id=s.bin_id, label=s.label, stream=s.stream, capacity_l=s.capacity_l, device=s.device)
            for s, _ in await self._sites()
        )

    async def traces(self, from_s: float, to_s: float, emptyings: Sequence[Emptied]) -> tuple[Trace, ...]:
        """Return filtered fills, bin by bin: all readings at once would not fit everywhere."""
        found = []
        for site, model in await self._sites():
            async with transaction(self._pool) as conn:
                span = {"bin_id": site.bin_id, "from_s": from_s, "to_s": to_s}
                rows = await (await conn.execute(SQL["readings"], span)).fetchall()
            own = [e for e in emptyings if e.bin_id == site.bin_id]
            shape = shape_of(site, model, self._p.filter)
            trace = await asyncio.to_thread(trace_of, site.bin_id, shape, rows, own, self._p)
            found += [] if trace is None else [trace]
        return tuple(found)

    async def emptyings(self, from_s: float, to_s: float) -> tuple[Emptied, ...]:
        """Return what was detected."""
        rows = await self._rows("emptyings", from_s=from_s, to_s=to_s)
        return tuple(Emptied(**{**r, "evidence": tuple(r["evidence"])}) for r in rows)

    async def rounds(self, first: date, last: date) -> tuple[Driven, ...] | None:
        """Return what the rules decided to have driven: that is planned, not measured."""
        rows = await self._rows("rounds", first=first, last=last)
        if not rows:
            return None
        return tuple(
            Driven(day=r["day"], lorry=LORRY, km=r["km"], bins=tuple(r["bins"]), stops=len(r["bins"]))
            for r in rows
        )

    async def complaints(self, from_s: float, to_s: float) -> tuple[Complaint, ...] | None:
        """Return None: no table holds what people say of bins."""
        return None

    async def work(self, from_s: float, to_s: float) -> tuple[SensorWork, ...]:
        """Return work orders of bins' sensors; what they cost goes by the tariff."""
        rows = await self._rows("work", from_s=from_s, to_s=to_s)
        return tuple(
            SensorWork(
                ref=str(r["work_item_id"]), bin_id=r["bin_id"], opened_s=r["opened_s"], closed_s=r["closed_s"],
                done=r["done"], what=r["title"],
            )
            for r in rows
        )  # fmt: skip

    async def _sites(self) -> list[tuple[BinSite, BinModel | None]]:
        rows = [(r.pop("of"), r) for r in await self._rows("bins")]
        return [(BinSite(**site), msgspec.convert(of, BinModel | None)) for of, site in rows]

    async def _rows(self, query: str, **params: object) -> list[dict[str, Any]]:
        async with transaction(self._pool) as conn:
            cursor = conn.cursor(row_factory=dict_row)
            return await (await cursor.execute(SQL[query], params)).fetchall()
