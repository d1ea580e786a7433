"""New observations for whoever listens over MQTT: which came in since, in the order in which they were committed.

Follows the ingester's batches as the rules do, by transaction and never past one that is not over; from now on, since what was
before is asked for over HTTP. Source: OGC 18-088 §14.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from devices.contract.kind import Kind
from ops_api.sensorthings.core import rows
from ops_api.sensorthings.core.kinds import MADE, OTHER
from ops_api.sensorthings.store import OPEN, Row, trusted

LOCK = 0x6369_7479_7374_6101
"""Advisory lock of the one process that tells."""
BATCHES = 200
LATE_S = 10.0
"""How long the storing of an observation that a program sends may take to be seen."""
_NEWEST = sql.SQL(
    "select coalesce(max(xid::text::bigint), 0) as xid, coalesce(max(batch_id), 0) as batch_id, clock_timestamp() as at"
    " from ingest_batch where xid < pg_snapshot_xmin(pg_current_snapshot()) and xid >= (select max(xid) from ingest_batch"
    " where xid < pg_snapshot_xmin(pg_current_snapshot()))"
)
_NEXT = sql.SQL(
    "select xid::text::bigint as xid, batch_id, received_at, kinds from ingest_batch"  # noqa: S608 - a number of ours
    " where xid < pg_snapshot_xmin(pg_current_snapshot()) and (xid, batch_id) > (%(xid)s::text::xid8, %(batch)s)"
    f" order by xid, batch_id limit {BATCHES:d}"
)
_BECOME = sql.SQL(
    "select set_config('role', %(role)s, true), set_config('search_path', %(path)s, true), set_config('statement_timeout', '10s', true)"
)


class News:
    """Observations that came in, step by step.

    Args:
        connection: in autocommit, whose role may read batches and take the role of what is open.
        kinds: kinds of device.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], kinds: Mapping[str, Kind]) -> None:
        self._connection = connection
        self._kinds = {name: kind for name, kind in kinds.items() if name not in ("frog", MADE)}
        self._xid, self._batch = 0, 0
        self._told: dict[int, datetime] = {}
        self._since: datetime | None = None

    async def begin(self) -> bool:
        """Begin now; False where another process tells."""
        [locked] = await self._run(sql.SQL("select pg_try_advisory_lock(%(lock)s) as mine"), {"lock": LOCK})
        if not locked["mine"]:
            return False
        [newest] = await self._run(_NEWEST, {})
        self._xid, self._batch, self._since = newest["xid"], newest["batch_id"], newest["at"]
        return True

    async def step(self) -> list[Row]:
        """Return what came in since the last step, each once, oldest batch first."""
        batches = await self._run(_NEXT, {"xid": str(self._xid), "batch": self._batch})
        found: list[Row] = []
        for name, kind in self._kinds.items():
            mine = [(b["received_at"], b["kinds"][name]) for b in batches if name in b["kinds"]]
            if mine:
                found += await self._readings(kind, mine)
        if batches:
            self._xid, self._batch = batches[-1]["xid"], batches[-1]["batch_id"]
        return found + await self._made()

    async def _readings(self, kind: Kind, mine: list[tuple[datetime, Mapping[str, str]]]) -> list[Row]:
        span = (
            "r.received_at = any(%(at)s) and r.ts >= %(first)s::timestamptz and r.ts <= %(last)s::timestamptz"
        )
        text = f"select o.* from sta_datastream d cross join lateral ({rows.beside(kind, span)}) o order by o.received_at, o.ts"  # noqa: S608
        params = {
            "at": [at for at, _ in mine],
            "first": min(about["min_ts"] for _, about in mine),
            "last": max(about["max_ts"] for _, about in mine),
        }
        return await self._open(text, params)

    async def _made(self) -> list[Row]:
        """Return those that programs sent; one that was slow to commit is looked back for."""
        assert self._since is not None
        inner = rows.beside(OTHER, "r.received_at > %(since)s")
        text = f"select o.*, r.received_at as came from sta_datastream d cross join lateral ({inner}) o"  # noqa: S608
        text += " join other_reading r on r.device_id = d.device_id and r.ts = o.ts order by r.received_at"
        found = await self._open(text, {"since": self._since})
        fresh = [row for row in found if row["observation_id"] not in self._told]
        for row in fresh:
            self._told[row["observation_id"]] = row["came"]
        if self._told:
            self._since = max(self._since, max(self._told.values()) - timedelta(seconds=LATE_S))
            self._told = {n: at for n, at in self._told.items() if at > self._since}
        return fresh

    async def _open(self, text: str, params: Mapping[str, object]) -> list[Row]:
        async with self._connection.transaction():
            await self._run(_BECOME, {"role": OPEN.role, "path": OPEN.path})
            return await self._run(trusted(text), params)

    async def _run(self, query: sql.SQL, params: Mapping[str, object]) -> list[Row]:
        cursor = self._connection.cursor(row_factory=dict_row)
        await cursor.execute(query, params)
        return await cursor.fetchall()


def newest_of_each(found: Iterable[Row]) -> list[Row]:
    """Return the newest observation of each datastream: what goes out where there are more than may."""
    newest: dict[int, Row] = {}
    for row in found:
        kept = newest.get(row["datastream_id"])
        if kept is None or row["ts"] >= kept["ts"]:
            newest[row["datastream_id"]] = row
    return list(newest.values())
