"""Rounds and the town on PostgreSQL."""

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
from rules.core.cab.model import Service
from rules.core.crew.model import Fix, SeenBin
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Place
from rules.core.rounds.plan import RoundPlan
from rules.rounds.ports import (
    Decided,
    FleetKept,
    NewRounds,
    NoRoundsError,
    NoSuchRoundsError,
    Rounds,
    RoundsMovedError,
)

SQL = load_queries("rules.rounds")
RULES = load_queries("rules")


class UnusableRoundsError(NoRoundsError):
    """The database can't store a text that came with a plan."""


class _OnDatabase:
    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=UnusableRoundsError)


class PostgresRounds(_OnDatabase):
    """:class:`rules.rounds.ports.RoundBook` on anything that lends connections."""

    async def newest(self, day: str) -> Rounds | None:
        """Return the newest plan of a day."""
        return await self._one("newest", day=day)

    async def rounds(self, version: int) -> Rounds:
        """Return a plan."""
        found = await self._one("one", version=version)
        if found is None:
            raise NoSuchRoundsError(f"There are no rounds {version}.")
        return found

    async def numbers(self, day: str) -> Sequence[int]:
        """Return the numbers of a day's plans, ascending."""
        async with self._transaction() as conn:
            return [row["version"] for row in await _rows(conn, "numbers", day=day)]

    async def known(self, request_id: str) -> Rounds | None:
        """Return the plan that a request made."""
        return await self._one("known", request_id=request_id)

    async def add(self, new: NewRounds) -> Rounds:
        """Keep a plan; see :class:`rules.rounds.ports.RoundBook`."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            [heads] = await _rows(conn, "heads", day=new.day)
            if heads["of_day"] != new.after:
                raise RoundsMovedError("somebody else has made the day's next plan meanwhile")
            if heads["fleet"] != new.fleet_id:
                raise RoundsMovedError("the lorries have changed meanwhile")
            version = 1 + (heads["last"] or 0)
            fields = {f: getattr(new, f) for f in NewRounds.__struct_fields__}
            text = msgspec.json.encode(new.plan).decode()
            await conn.execute(SQL["add"], {**fields, "version": version, "plan": text})
            payload = msgspec.json.encode({"kinds": ["rounds"], "alarms": []}).decode()
            await conn.execute(SQL["tell_listeners"], {"payload": payload})
        return Rounds(version=version, **fields)

    async def fleet(self) -> FleetKept | None:
        """Return the lorries that count."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "fleet")
        return _fleet(rows[0]) if rows else None

    async def put_fleet(self, fleet: RoundFleet, by: str, reason: str) -> FleetKept:
        """Keep lorries."""
        text = msgspec.json.encode(fleet).decode()
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            [row] = await _rows(conn, "add_fleet", fleet=text, by=by, reason=reason)
        return FleetKept(fleet_id=row["fleet_id"], fleet=fleet)

    async def put_service(self, service: Service) -> None:
        """Keep that a lorry is out of service, or back."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"])
            await conn.execute(SQL["add_service"], msgspec.structs.asdict(service))
            payload = msgspec.json.encode({"kinds": ["rounds"], "alarms": []}).decode()
            await conn.execute(SQL["tell_listeners"], {"payload": payload})

    async def said(self, request_id: str) -> Service | None:
        """Return what a request said of a lorry."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "said", request_id=request_id)
        return Service(**rows[0]) if rows else None

    async def out(self) -> Mapping[str, Service]:
        """Return the lorries that are out of service."""
        async with self._transaction() as conn:
            return {row["lorry"]: Service(**row) for row in await _rows(conn, "out")}

    async def _one(self, query: str, **params: object) -> Rounds | None:
        async with self._transaction() as conn:
            rows = await _rows(conn, query, **params)
        return await asyncio.to_thread(_plan, rows[0]) if rows else None


class PostgresRoundTown(_OnDatabase):
    """:class:`rules.rounds.ports.RoundTown` on anything that lends connections."""

    async def registry(self) -> Registry:
        """Return what is installed."""
        async with self._transaction() as conn:
            row = await (await conn.execute(RULES["registry"])).fetchone()
        assert row is not None
        return parse(row[0].encode())

    async def decided(self, from_s: float, to_s: float) -> Decided | None:
        """Return the newest decision of ``bins.round`` in a time."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "decided", from_s=from_s, to_s=to_s)
        if not rows:
            return None
        candidates = msgspec.json.decode(rows[0]["candidates"], type=tuple[dict[str, Any], ...])
        return Decided(decision_id=rows[0]["decision_id"], at_s=rows[0]["at_s"], candidates=candidates)


class PostgresReports(_OnDatabase):
    """:class:`rules.rounds.ports.RoundReports` on anything that lends connections."""

    async def tracks(self, devices: Sequence[str], from_s: float, to_s: float) -> Mapping[str, Sequence[Fix]]:
        """Return by device its reports in a time; none where this installation has no lorries that report."""
        async with self._transaction() as conn:
            [has] = await _rows(conn, "has_lorries")
            if not has["there"]:
                return {}
            rows = await _rows(conn, "tracks", devices=list(devices), from_s=from_s, to_s=to_s)
        found: dict[str, list[Fix]] = {}
        for row in rows:
            place = Place(row["latitude_deg"], row["longitude_deg"])
            found.setdefault(row["name"], []).append(
                Fix(row["at_s"], place, row["speed_m_s"], row["load_kg"])
            )
        return found

    async def seen(self, from_s: float, to_s: float) -> Sequence[SeenBin]:
        """Return what bins' series showed in a time."""
        async with self._transaction() as conn:
            rows = await _rows(conn, "seen", from_s=from_s, to_s=to_s)
        return [SeenBin(row["subject"], row["at_s"], row["emptied"]) for row in rows]


def _plan(row: Mapping[str, Any]) -> Rounds:
    return Rounds(**{**row, "plan": msgspec.json.decode(row["plan"], type=RoundPlan)})


def _fleet(row: Mapping[str, Any]) -> FleetKept:
    return FleetKept(fleet_id=row["fleet_id"], fleet=msgspec.json.decode(row["fleet"], type=RoundFleet))


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
