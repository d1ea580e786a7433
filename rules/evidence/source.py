"""What was measured and written down, from PostgreSQL, all of one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from psycopg import IsolationLevel, sql
from psycopg.rows import DictRow, dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, lost_is_transient
from devices.contract.kind import Kind
from rules.core.evidence.contents import DampDay, DampWeek, DiaryLine, Home, MissingNumbers, Room
from rules.core.evidence.rows import Digits, Reading
from rules.evidence.ports import NoSuchError
from rules.evidence.refusals import no_home

SQL = load_queries("rules.evidence", "source.sql")
KEYS = ("ts", "received_at", "seq", "boot", "quality")


class PostgresSource:
    """:class:`rules.evidence.ports.EvidenceSource` in one transaction; see :func:`one_moment`."""

    def __init__(self, conn: Connection, kinds: Mapping[str, Kind]) -> None:
        self._conn, self._kinds = conn, kinds

    async def home(self, code: str) -> Home:
        """Return a home."""
        found = await self._rows("home", code=code)
        if not found:
            raise NoSuchError(no_home())
        rooms = await self._rows("rooms", home_id=found[0]["home_id"])
        return Home(**found[0], rooms=tuple(Room(**row) for row in rooms))

    async def stations(self) -> Sequence[Room]:
        """Return weather stations."""
        return [Room(**row) for row in await self._rows("stations")]

    def fields(self, kind: str) -> tuple[Digits, ...]:
        """Return the fields of a kind."""
        return tuple(Digits(f.name, f.decimals, f.step) for f in self._kinds[kind].fields)

    async def readings(self, kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Return readings. In text: that gives the shortest digits of a real, binary would not."""
        names = [*KEYS, *(f.name for f in self._kinds[kind].fields)]
        query = sql.SQL(
            "select {columns} from {table} where device_id = %s and ts >= %s and ts < %s order by ts, boot, seq"
        ).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            table=sql.Identifier(self._kinds[kind].table),
        )
        cursor = await self._conn.execute(query, (device_id, start, end), binary=False)
        return [Reading._make((*row[: len(KEYS)], row[len(KEYS) :])) for row in await cursor.fetchall()]

    async def reporting(
        self, kind: str, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[int]:
        """Return the devices that have readings."""
        query = sql.SQL(
            "select d from unnest(%s::integer[]) with ordinality as x(d, place) where exists"
            " (select from {table} r where r.device_id = d and r.ts >= %s and r.ts < %s) order by place"
        ).format(table=sql.Identifier(self._kinds[kind].table))
        cursor = await self._conn.execute(query, (list(device_ids), start, end))
        return [row[0] for row in await cursor.fetchall()]

    async def missing(self, device_ids: Sequence[int]) -> Sequence[MissingNumbers]:
        """Return missing numbers."""
        return [MissingNumbers(**row) for row in await self._rows("missing", device_ids=list(device_ids))]

    async def diary(self, home_id: int, start: datetime, end: datetime) -> Sequence[DiaryLine]:
        """Return diary entries."""
        return [DiaryLine(**row) for row in await self._rows("diary", home_id=home_id, start=start, end=end)]

    async def calibrations(
        self, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return the calibration log."""
        rows = await self._rows("calibrations", device_ids=list(device_ids), start=start, end=end)
        return [row["line"] for row in rows]

    async def damp_days(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampDay]:
        """Return the analyst's days."""
        rows = await self._rows(
            "damp_days", home_id=home_id, device_ids=list(device_ids), start=start, end=end
        )
        return [
            DampDay(**row | {"flags": tuple(row["flags"]), "calibrations": tuple(row["calibrations"])})
            for row in rows
        ]

    async def damp_weeks(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampWeek]:
        """Return the analyst's findings."""
        rows = await self._rows(
            "damp_weeks", home_id=home_id, device_ids=list(device_ids), start=start, end=end
        )
        return [DampWeek(**row) for row in rows]

    async def _rows(self, query: str, **params: object) -> list[DictRow]:
        cursor = self._conn.cursor(row_factory=dict_row)
        await cursor.execute(SQL[query], params)
        return await cursor.fetchall()


@asynccontextmanager
async def one_moment(conn: Connection, kinds: Mapping[str, Kind]) -> AsyncIterator[PostgresSource]:
    """Lend a source that sees the database as it is now, whatever comes meanwhile.

    Args:
        conn: in no transaction; it is left so.
        kinds: ``frog`` and ``weather`` among them.

    Raises:
        TransientError: the database does not answer.
    """
    with lost_is_transient():
        await conn.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await conn.set_read_only(True)
        async with conn.transaction():
            yield PostgresSource(conn, kinds)
