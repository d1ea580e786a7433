"""A street of homes in the database, each with a frog and a resident who is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from ops_api.households.codes import token_hash
from ops_api.queries import Db
from ops_api.queries.resident import ResidentDb

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTES = 200
"""Readings of each frog, one a minute up to ``NOW``."""


@dataclass(frozen=True)
class Street:
    """Homes 1 to ``homes``; home n has the frog ``frog-n``, the code ``home-code-n`` and the token ``token-n``."""

    dsn: str
    homes: int
    conn: psycopg.AsyncConnection[Any]
    residents: dict[int, str]

    async def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner."""
        cursor = await self.conn.execute(statement, values)  # type: ignore[call-overload]
        return await cursor.fetchall() if cursor.description else []

    async def home(self, n: int) -> int:
        """Return the id of home n."""
        return int((await self.sql("select home_id from home where code = %s", f"home-code-{n}"))[0][0])

    async def device(self, n: int) -> int:
        """Return the id of frog n."""
        return int((await self.sql("select device_id from device where name = %s", f"frog-{n}"))[0][0])

    async def moves_in(self, home: int, name: str, token: str, from_at: object = "-infinity") -> str:
        """Let somebody live in a home and be signed in; return their id."""
        [(resident,)] = await self.sql("insert into resident (name) values (%s) returning resident_id", name)
        await self.sql(
            "insert into household_member (home_id, resident_id, from_at, joined_by) values (%s, %s, %s, 'label')",
            await self.home(home),
            resident,
            from_at,
        )
        await self.sql(
            "insert into resident_session (resident_id, token_hash, expires_at) values (%s, %s, now() + interval '1 day')",
            resident,
            token_hash(token),
        )
        return str(resident)

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[AsyncConnectionPool[Any]]:
        """Lend a pool of one connection, so that each borrower gets what the last one left."""
        async with AsyncConnectionPool(self.dsn, min_size=1, max_size=1, open=False) as pool:
            yield pool

    @asynccontextmanager
    async def as_resident(self, token: str) -> AsyncIterator[ResidentDb]:
        """Lend the database as the resident of a token may see it."""
        async with self.pool() as pool:
            yield ResidentDb(Db(pool), pool, token)


@asynccontextmanager
async def street(dsn: str, homes: int = 10) -> AsyncIterator[Street]:
    """Build a street."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        await conn.execute("select ensure_partitions(%s, %s)", (NOW - timedelta(days=1), NOW))
        for n in range(1, homes + 1):
            await conn.execute(
                "with d as (insert into device (name, kind, shard, cadence_s, installed_at)"
                " values (%s, 'frog', 0, 60, now() - interval '1 year') returning device_id),"
                " h as (insert into home (code, label) values (%s, %s) returning home_id)"
                " insert into home_device (device_id, home_id, room) select device_id, home_id, 'bedroom' from d, h",
                (f"frog-{n}", f"home-code-{n}", f"{n} Frog Lane"),
            )
        await conn.execute(
            "insert into frog_reading (ts, device_id, boot, seq, temperature_c, humidity_pct, received_at)"
            " select %s::timestamptz - n * interval '1 minute', device_id, 1, n, 18, 60, now()"
            " from device, generate_series(0, %s - 1) n",
            (NOW, MINUTES),
        )
        await conn.execute(
            "insert into diary_entry (home_id, at, activity) select home_id, %s, 'shower' from home", (NOW,)
        )
        await conn.execute(
            "insert into subject_state select 'home', code, %s, '{\"risk\": \"high\"}' from home", (NOW,)
        )
        built = Street(dsn, homes, conn, {})
        for n in range(1, homes + 1):
            built.residents[n] = await built.moves_in(n, f"Resident {n}", f"token-{n}")
        await conn.execute("analyze")
        yield built
