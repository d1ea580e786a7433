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
from rules.core.bin_ledger.driven import Track, measured, planned
from rules.core.bin_ledger.values import Bin, Complaint, Driven, Emptied, SensorWork, Trace
from rules.core.bin_level.geometry import shape_of
from rules.core.collection_acts.record import WHAT
from rules.core.parameters import BinParameters
from rules.core.rounds.codec import from_json
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.plan import RoundPlan

SQL = load_queries("rules.bin_ledger")
LORRY = "round"
"""Name of the round of a day, where lorries are not told apart."""
MOVING_M_S = 0.5
"""A lorry that is faster drives."""


class PostgresLedger:
    """:class:`rules.bin_ledger.ports.LedgerSource` on anything that lends connections.

    Args:
        pool: lends them.
        p: how the rules filter.
        zone: of the town's service days.
    """

    def __init__(self, pool: Lender, p: BinParameters, zone: str) -> None:
        self._pool, self._p, self._zone = pool, p, zone

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
        """Return what lorries measured, else what was planned, else, of before there were plans, what old decisions have of km."""
        plans = await self._planned(first, last)
        planned_on = {d.day for d in plans}
        decided = [
            Driven(day=r["day"], lorry=LORRY, km=r["km"], bins=tuple(r["bins"]), stops=len(r["bins"]))
            for r in await self._rows("rounds", first=first, last=last)
            if r["day"] not in planned_on
        ]
        device_of = await self._devices()
        values = {"zone": self._zone, "devices": sorted(device_of.values()), "moving_m_s": MOVING_M_S}
        tracks = [Track(**r) for r in await self._rows("tracks", first=first, last=last, **values)]
        measured_on = {t.day for t in tracks}
        found = measured(plans, tracks, device_of)
        left = [d for d in decided if d.day not in measured_on]
        return tuple(sorted((*found, *left), key=lambda d: (d.day, d.lorry))) or None

    async def _planned(self, first: date, last: date) -> tuple[Driven, ...]:
        by_day: dict[date, list[tuple[float, RoundPlan]]] = {}
        for r in await self._rows("plans", first=first, last=last):
            by_day.setdefault(r["day"], []).append((r["at_s"], from_json(r["plan"])))
        return tuple(d for plans in by_day.values() for d in planned(plans))

    async def _devices(self) -> dict[str, str]:
        """Return what reports from each lorry of the fleet; empty where no fleet is written down."""
        rows = await self._rows("fleet")
        if not rows:
            return {}
        return {x.id: x.reports_as for x in msgspec.json.decode(rows[0]["fleet"], type=RoundFleet).lorry}

    async def complaints(self, from_s: float, to_s: float) -> tuple[Complaint, ...] | None:
        """Return what residents and officers reported of bins, without what was taken back."""
        rows = await self._rows("complaints", from_s=from_s, to_s=to_s)
        return tuple(Complaint(t_s=r["t_s"], what=WHAT[r["what"]], bin_id=r["bin_id"]) for r in rows)

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
