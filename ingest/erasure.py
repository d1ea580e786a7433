"""Deletes what is kept of a resident's stay in a home, in small transactions, and says what went.

Of a time in which somebody was there as well who lives there still, readings and diary stay: they are that one's
too. On TimescaleDB readings go from columnar chunks as from others; each statement is held to a stretch of time of
one device, since a deletion unpacks what it touches. The ledger keeps the numbers: what is gone does not come again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from cityops.db.flavour import detect
from cityops.db.queries import load_queries
from devices.contract.kind import Kind

SQL = load_queries("ingest", "erasure.sql")
PORTION = 2000
"""Rows of other tables deleted in one transaction."""
STRETCH_ROWS = 5000
"""Readings that a stretch of time holds at the device's own cadence."""
IN_PORTIONS = (
    "diary", "events", "decisions", "dead_letters", "lorawan_events", "alarms", "work_items", "late_windows", "damp_days",
    "moisture_events", "damp_findings",
)  # fmt: skip
WRITTEN = ("cases", "case_words", "contacts", "photos", "packs", "reminders")
"""In portions too, but only where the resident is forgotten: who deletes readings may need her photos all the more."""
AT_ONCE = (
    "alarm_lines", "alarm_words", "alarms_blanked", "alarm_members", "alarm_members_blanked", "work_item_lines",
    "work_items_blanked", "override_reasons",
)  # fmt: skip
SHADOWED = (
    "events", "decisions", "shadow_alarms", "work_items", "late_windows", "alarm_lines", "alarms_blanked", "alarm_members",
    "alarm_members_blanked", "work_item_lines", "work_items_blanked", "memory",
)  # fmt: skip
"""What a catalogue in shadow keeps too (``rules.shadow``), in tables of the same names."""
FORGET = (
    "forget_consents", "forget_revoker", "forget_reminding", "forget_stays", "forget_state", "forget_resident",
)  # fmt: skip

Row = Mapping[str, Any]
Connection = psycopg.AsyncConnection[Any]


class Erasure:
    """An ``ops_api.households.ports.Eraser``, and what ends the retention of stays that are over.

    Args:
        dsn: the owner's database.
        kinds: kinds whose devices may stand in homes.
    """

    def __init__(self, dsn: str, kinds: Mapping[str, Kind]) -> None:
        self._dsn = dsn
        self._kinds = kinds

    async def erase(
        self,
        home_id: int,
        resident_id: str,
        *,
        forget: bool,
        why: str = "asked",
        erasure_id: str | None = None,
    ) -> Mapping[str, Any]:
        """Delete a resident's time in a home; with ``forget`` her name, stays and consents too.

        Safe to repeat: what an interrupted run has left goes with the next. ``erasure_id``: of one that was asked for
        (:mod:`ingest.erasure_queue`); None begins one.

        Returns:
            erasure_id, done_at, deleted (rows by what they were), kept (intervals that stay).
        """
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="cityops-erasure", options="-c timezone=UTC"
        ) as conn:
            return await _Run(conn, self._kinds, home_id, resident_id).run(forget, why, erasure_id)

    async def forget_moved_out(self, days: int) -> int:
        """Forget every stay that ended more than ``days`` ago; return how many residents of homes that were."""
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="cityops-erasure"
        ) as conn:
            due = await (await conn.execute(SQL["moved_out"], {"days": days})).fetchall()
        for home_id, resident_id in due:
            await self.erase(home_id, str(resident_id), forget=True, why="moved out")
        return len(due)


class _Run:
    """One erasure on one connection."""

    def __init__(self, conn: Connection, kinds: Mapping[str, Kind], home_id: int, resident_id: str) -> None:
        self._conn = conn
        self._kinds = kinds
        self._who = {"home_id": home_id, "resident_id": resident_id}
        self._deleted: Counter[str] = Counter()

    async def run(self, forget: bool, why: str, number: str | None) -> Mapping[str, Any]:
        if number is None:
            number = str((await self._one("begin", why=why))["erasure_id"])
        homes = await self._rows("home_code")
        code = homes[0]["code"] if homes else ""  # it was taken out meanwhile, and its stays with it
        spans = await self._rows("spans")
        devices = await self._rows("devices")
        for span in (s for s in spans if not s["kept"]):
            for device in devices:
                await self._readings(device, span["first"], span["last"])
            await self._others(span, code, devices, WRITTEN if forget else ())
        if forget:
            await self._forget(code)
        kept = [(s["kept_from"], s["kept_to"]) for s in spans if s["kept"]]
        told = [[None if at is None else at.isoformat() for at in span] for span in kept]
        done = await self._one(
            "done", erasure_id=number, deleted=Jsonb(dict(self._deleted)), kept=Jsonb(told)
        )
        return {
            "erasure_id": number,
            "done_at": done["done_at"],
            "deleted": dict(self._deleted),
            "kept": kept,
        }

    async def _readings(self, device: Row, first: str, last: str) -> None:
        kind = self._kinds.get(device["kind"])
        if kind is None:
            return
        table = sql.Identifier(kind.table)
        ends = sql.SQL(
            "select min(ts) as first, max(ts) as last from {table} where device_id = %(device_id)s"
            " and ts >= greatest(%(first)s::timestamptz, %(since)s::timestamptz)"
            " and ts < least(%(last)s::timestamptz, %(until)s::timestamptz)"
        ).format(table=table)
        [found] = await self._fetch(ends, {**device, "first": first, "last": last})
        if found["first"] is None:
            return
        delete = sql.SQL(
            "delete from {table} where device_id = %(device_id)s and ts >= %(start)s and ts < %(end)s"
        ).format(table=table)
        width = timedelta(seconds=device["cadence_s"] * STRETCH_ROWS)
        start, end_of_all = found["first"], found["last"] + timedelta(microseconds=1)
        while start < end_of_all:
            end = min(start + width, end_of_all)
            values = {"device_id": device["device_id"], "start": start, "end": end}
            self._deleted["readings"] += (await self._conn.execute(delete, values)).rowcount
            start = end
        await self._refresh(kind, found["first"], end_of_all)

    async def _refresh(self, kind: Kind, start: datetime, end: datetime) -> None:
        """Add up hours and days anew without what is gone; on plain PostgreSQL nothing is kept of them."""
        if (await detect(self._conn)).timescaledb is None:
            return
        for suffix, width in (("hourly", timedelta(hours=1)), ("daily", timedelta(days=1))):
            await self._conn.execute(
                "call refresh_continuous_aggregate(%s, %s::timestamptz, %s::timestamptz)",
                (f"{kind.name}_{suffix}", start - width, end + width),
            )

    async def _others(self, span: Row, code: str, devices: Sequence[Row], also: Sequence[str]) -> None:
        values = {"first": span["first"], "last": span["last"], "code": code} | {
            name: [d[of] for d in devices]
            for name, of in (("devices", "name"), ("since", "since"), ("until", "until"))
        }
        # Before, so that nothing the analyst has loaded until now is written any more; and after, since what it loads
        # meanwhile may still rest on what goes.
        await self._execute("damp_again", **values)
        for what in (*IN_PORTIONS, *also):
            gone = PORTION
            while gone == PORTION:
                gone = await self._execute(what, **values, portion=PORTION)
                self._deleted[what] += gone
        for what in AT_ONCE:
            self._deleted[what] += await self._execute(what, **values)
        await self._execute("damp_again", **values)
        await self._shadow(SHADOWED, **values, portion=PORTION)

    async def _shadow(self, queries: Sequence[str], **values: object) -> None:
        """Run queries on the tables of the catalogue in shadow, where there is one."""
        if not (await self._one("has_shadow"))["is_there"]:
            return
        try:
            async with self._conn.transaction():
                await self._execute("stay_in_shadow")
                await self._execute("enter_shadow")
                for what in queries:
                    while await self._execute(what, **values) == PORTION:
                        pass
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            return  # it was ended meanwhile, and its tables are gone

    async def _forget(self, code: str) -> None:
        async with self._conn.transaction():
            for what in FORGET:
                self._deleted[what.removeprefix("forget_")] += await self._execute(what, code=code)
        await self._shadow(("forget_state",), code=code)

    async def _execute(self, query: str, **values: object) -> int:
        return (await self._conn.execute(SQL[query], {**self._who, **values})).rowcount

    async def _rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        return await self._fetch(sql.SQL(SQL[query]), {**self._who, **values})

    async def _one(self, query: str, **values: object) -> dict[str, Any]:
        return (await self._rows(query, **values))[0]

    async def _fetch(
        self, query: sql.SQL | sql.Composed, values: Mapping[str, object]
    ) -> list[dict[str, Any]]:
        cursor = self._conn.cursor(row_factory=dict_row)
        await cursor.execute(query, values)
        return await cursor.fetchall()
