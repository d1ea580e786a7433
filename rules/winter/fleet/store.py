"""Plans and the town on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from devices.registry import Registry, parse
from rules.core.cab.model import Contents, NewPlan, Plan, Service
from rules.core.fleet.roster import Roster
from rules.core.memory import SECTIONS, TreatedMemory
from rules.core.treatment import Pass
from rules.winter.fleet.ports import Marks, NoSuchPlanError, PlanMovedError, Seen
from rules.winter.orders.ports import UnusableTextError

SQL = load_queries("rules.winter.fleet")
RULES = load_queries("rules")


class _OnDatabase:
    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableTextError)


class PostgresPlans(_OnDatabase):
    """:class:`rules.winter.fleet.ports.PlanBook` on anything that lends connections."""

    async def newest(self, night: str) -> Plan | None:
        """Return the newest plan of a night."""
        return await self._one("newest", night=night)

    async def before(self, night: str) -> Plan | None:
        """Return the newest plan of an earlier night."""
        return await self._one("before", night=night)

    async def plan(self, version: int) -> Plan:
        """Return a plan."""
        found = await self._one("one", version=version)
        if found is None:
            raise NoSuchPlanError(f"There is no plan {version}.")
        return found

    async def versions(self, night: str) -> Sequence[Plan]:
        """Return the plans of a night, oldest first."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "of_night", night=night)
        return [await asyncio.to_thread(_plan, row) for row in rows]

    async def numbers(self, night: str) -> Sequence[int]:
        """Return the numbers of a night's plans, ascending."""
        async with self._transaction() as conn:
            return [row["version"] for row in await _rows(conn, "numbers", night=night)]

    async def known(self, request_id: str) -> Plan | None:
        """Return the plan that a request made."""
        return await self._one("known", request_id=request_id)

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "said", request_id=request_id)
        return Service(**rows[0]) if rows else None

    async def marks(self) -> Marks:
        """Return what a plan that is kept later must have been made from."""
        async with self._transaction() as conn:
            return await _marks(conn)

    async def add(self, new: NewPlan, marks: Marks) -> Plan:
        """Keep a plan; see :class:`rules.winter.fleet.ports.PlanBook`."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            [heads] = await _rows(conn, "heads", night=new.night)
            if heads["of_night"] != new.after:
                raise PlanMovedError("somebody else has made the night's next plan meanwhile")
            if await _marks(conn) != marks:
                raise PlanMovedError("lorries or their service have changed meanwhile")
            version = 1 + (heads["last"] or 0)
            fields = {f: getattr(new, f) for f in NewPlan.__struct_fields__}
            text = msgspec.json.encode(new.contents).decode()
            await conn.execute(SQL["add"], {**fields, "version": version, "contents": text})
            await _tell(conn)
        return Plan(version=version, **fields)

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            await conn.execute(SQL["add_service"], msgspec.structs.asdict(service))
            await _tell(conn)

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service."""
        async with self._transaction() as conn:
            return {row["lorry"]: Service(**row) for row in await _rows(conn, "out")}

    async def roster(self) -> Roster | None:
        """Return the newest roster."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "roster")
        return msgspec.json.decode(rows[0]["roster"], type=Roster) if rows else None

    async def put_roster(self, roster: Roster, by: str, reason: str) -> None:
        """Keep a roster."""
        text = msgspec.json.encode(roster).decode()
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            await conn.execute(SQL["add_roster"], {"roster": text, "by": by, "reason": reason})

    async def _one(self, query: str, **params: object) -> Plan | None:
        async with self._transaction() as conn:
            rows = await _rows(conn, query, **params)
        return await asyncio.to_thread(_plan, rows[0]) if rows else None


class PostgresTown(_OnDatabase):
    """:class:`rules.winter.fleet.ports.Town` on anything that lends connections."""

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed."""
        async with self._transaction() as conn:
            return tuple(await (await conn.execute(SQL["stamp"])).fetchone() or ())

    async def registry(self) -> Registry:
        """Return what is installed."""
        async with self._transaction() as conn:
            row = await (await conn.execute(RULES["registry"])).fetchone()
        assert row is not None
        return parse(row[0].encode())

    async def readings(self, devices: Sequence[str], from_s: float, to_s: float) -> Sequence[Seen]:
        """Return gritters' readings in a time, by time."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "readings", devices=list(devices), from_s=from_s, to_s=to_s)
        return [Seen(**row) for row in rows]

    async def heard(self, devices: Sequence[str], from_s: float, to_s: float) -> object:
        """Return how many readings there are, and of when the last is."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "heard", devices=list(devices), from_s=from_s, to_s=to_s)
        return tuple(rows[0].values())

    async def treated(self) -> Mapping[str, Sequence[Pass]]:
        """Return what gritters have spread."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "treated", version=SECTIONS["treated"].version)
        return {r["subject"]: msgspec.json.decode(r["state"], type=TreatedMemory).passes for r in rows}


def _plan(row: Mapping[str, Any]) -> Plan:
    return Plan(**{**row, "contents": msgspec.json.decode(row["contents"], type=Contents)})


async def _marks(conn: Connection) -> Marks:
    [row] = await _rows(conn, "marks")
    return Marks(**row)


async def _tell(conn: Connection) -> None:
    payload = msgspec.json.encode({"kinds": ["plan"], "alarms": []}).decode()
    await conn.execute(SQL["tell_listeners"], {"payload": payload})


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
