"""Who serves which shard, as session-level advisory locks of PostgreSQL.

One connection per worker carries everything, and everything ends with it: an exclusive
lock per shard held, and a shared one that says "I am here" to the workers that serve the
same list of shards. ``pg_locks`` is the common view that :func:`ingest.core.share.share` is
applied to.

A killed worker's connection ends at once. A frozen or cut-off one's would stay, so the
server itself ends a session that was silent for ``lease_s`` (``idle_session_timeout``), and
those who remain end the transaction that such a worker may have left open. Our own clock
runs from before each question was sent, the server's from after its answer:
:attr:`AdvisoryLeases.valid` turns false first.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import zlib
from collections.abc import Collection
from typing import Any, LiteralString

import psycopg
import structlog

from cityops.clock import Clock, SystemClock
from cityops.db.pool import connect
from cityops.errors import TransientError
from ingest.core.share import share
from ingest.ports import Holding
from ingest.store import STORE_SESSIONS, STORE_TIMEOUT_S

log = structlog.get_logger(__name__)

LOCK_CLASS = 0x43495459
"""First key of a shard's lock; the second is the shard."""

PRESENCE_CLASS = 0x43495457
"""First key of the shared lock of those present; the second stands for their list of shards."""

LEASE_S = 10.0
CHECKS_PER_LEASE = 5
ANSWERS_PER_LEASE = 2
"""A question every fifth of a lease, answered within half of it: 0.7 of a lease until we stop by ourselves."""

_LOOK: LiteralString = """
select classid::bigint, objid::bigint, pid, pg_backend_pid() from pg_locks
where locktype = 'advisory' and objsubid = 2 and granted and classid::bigint = any(%s)
    and database = (select oid from pg_database where datname = current_database())
"""

# A frozen worker's transaction holds the ledger rows that its successor needs, for ever where it stands in a
# COPY: no timeout of the server's ends that one (measured on 18, transaction_timeout included). A COPY that is
# only slow looks the same, in pg_stat_progress_copy too: that counts whole messages, of up to 4 MB (measured:
# 0 bytes for all of ten seconds). But the worker tells them apart: one that is not frozen keeps its lease
# session, which silence ends. Its transactions are ended only when it has given them up itself.
_END_FROZEN: LiteralString = """
select count(*) filter (where pg_terminate_backend(s.pid)) from pg_stat_activity s
where s.datname = current_database() and s.usename = current_user
    and split_part(s.application_name, '/', 1) = %(store)s
    and s.xact_start is not null and s.wait_event = 'ClientRead'
    and s.state_change < clock_timestamp() - make_interval(secs => case when exists (
            select from pg_stat_activity l
            where l.datname = s.datname and l.usename = s.usename
                and l.application_name = %(leases)s || '/' || nullif(split_part(s.application_name, '/', 2), '')
        ) then %(store_s)s else %(lease_s)s end)
"""

LEASE_SESSIONS = "cityops-ingest-leases"
"""Application name of the leases' sessions, before ``/`` and the worker."""


class AdvisoryLeases:
    """A :class:`ingest.ports.ShardLeases` on a connection of its own.

    Args:
        dsn: the database itself: a pooler that changes sessions between statements won't do.
        clock: for the age of what we know.
        lease_s: silence after which the server gives our shards to others [s].
        worker: whose they are, the same as of its sink; a new name where None.
        store_s: a worker that still has its leases has given up by itself what it stores for so long [s].
    """

    def __init__(
        self,
        dsn: str,
        clock: Clock | None = None,
        lease_s: float = LEASE_S,
        worker: str | None = None,
        store_s: float = STORE_TIMEOUT_S,
    ) -> None:
        self._dsn = dsn
        self._session = f"{LEASE_SESSIONS}/{new_worker() if worker is None else worker}"
        self._store_s = store_s
        self._clock = SystemClock() if clock is None else clock
        self._lease_s = lease_s
        self._answer_s = lease_s / ANSWERS_PER_LEASE
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._valid_until_s: float | None = None
        self._lock = asyncio.Lock()
        self.check_s = lease_s / CHECKS_PER_LEASE

    @property
    def valid(self) -> bool:
        """See :class:`ingest.ports.ShardLeases`. Time in which the machine itself slept is not seen."""
        return self._valid_until_s is not None and self._clock.monotonic() < self._valid_until_s

    async def hold(self, shards: Collection[int]) -> Holding:
        """See :class:`ingest.ports.ShardLeases`."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._answer_s):
                    return await self._hold(shards)
            except (psycopg.Error, TransientError, TimeoutError) as e:
                await self._drop()
                raise TransientError(f"shard leases: {self._why(e)}") from e

    async def release(self, shards: Collection[int]) -> None:
        """See :class:`ingest.ports.ShardLeases`."""
        async with self._lock:
            if self._connection is None:
                raise TransientError("shard leases: lost before they were given back")
            try:
                async with asyncio.timeout(self._answer_s):
                    await self._connection.execute(
                        "select pg_advisory_unlock(%s, s) from unnest(%s::int[]) s",
                        [LOCK_CLASS, sorted(shards)],
                    )
            except (psycopg.Error, TimeoutError) as e:
                await self._drop()
                raise TransientError(f"shard leases: {self._why(e)}") from e

    async def close(self) -> None:
        """Give all leases back; once this returns another worker gets them."""
        # A server notices the end of a connection in its own time, so the locks are undone first.
        async with self._lock:
            conn = self._connection
            if conn is not None and not conn.closed:
                with contextlib.suppress(psycopg.Error, TimeoutError):
                    async with asyncio.timeout(self._answer_s):
                        await conn.execute("select pg_advisory_unlock_all()")
            await self._drop()

    async def _hold(self, shards: Collection[int]) -> Holding:
        began_s = self._clock.monotonic()
        conn = await self._connected(shards)
        me, workers, holders = await self._look(conn, shards)
        told = share(shards, workers, holders, me)
        await self._end_frozen(conn)
        left = told.room
        for shard in told.take:
            if left == 0:
                break
            if await self._try(conn, shard):
                holders[shard] = me
                left -= 1
        self._valid_until_s = began_s + self._lease_s
        return Holding(
            held=frozenset(s for s, worker in holders.items() if worker == me),
            give_up=told.give_up,
            workers=len(workers),
            all_served=len(holders) == len(set(shards)),
            settled=left == 0 and not told.give_up,
        )

    async def _look(
        self, conn: psycopg.AsyncConnection[Any], shards: Collection[int]
    ) -> tuple[int, set[int], dict[int, int]]:
        """Return our own number, the workers present and the holder of each shard that has one."""
        cursor = await conn.execute(_LOOK, [[LOCK_CLASS, PRESENCE_CLASS]])
        rows = await cursor.fetchall()
        me = rows[0][3] if rows else 0
        workers = {pid for kind, key, pid, _ in rows if (kind, key) == (PRESENCE_CLASS, _group(shards))}
        if me not in workers:
            raise TransientError(
                "the database forgot that we are here; leases need a session of their own, "
                "so give db.dsn without a pooler in transaction mode"
            )
        return me, workers, {key: pid for kind, key, pid, _ in rows if kind == LOCK_CLASS and key in shards}

    async def _end_frozen(self, conn: psycopg.AsyncConnection[Any]) -> None:
        """End transactions whose worker owes the server the next word and is gone, or has given them up."""
        names = {"store": STORE_SESSIONS, "leases": LEASE_SESSIONS}
        cursor = await conn.execute(_END_FROZEN, names | {"lease_s": self._lease_s, "store_s": self._store_s})
        row = await cursor.fetchone()
        if row is not None and row[0] != 0:
            log.warning("ended the open transaction of a worker that froze", sessions=row[0])

    async def _try(self, conn: psycopg.AsyncConnection[Any], shard: int) -> bool:
        cursor = await conn.execute("select pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, shard])
        row = await cursor.fetchone()
        return row is not None and bool(row[0])

    async def _connected(self, shards: Collection[int]) -> psycopg.AsyncConnection[Any]:
        if self._connection is None or self._connection.closed:
            conn = await connect(self._dsn, application_name=self._session)
            self._connection = conn
            await conn.execute(
                "select set_config('idle_session_timeout', %s, false), pg_advisory_lock_shared(%s, %s)",
                [f"{round(self._lease_s * 1000)}ms", PRESENCE_CLASS, _group(shards)],
            )
        return self._connection

    async def _drop(self) -> None:
        self._valid_until_s = None
        conn, self._connection = self._connection, None
        if conn is not None:
            await conn.close()

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._answer_s:g} s"
        return " ".join(str(error).split())


def new_worker() -> str:
    """Return a name that no other worker has."""
    return secrets.token_hex(4)


def _group(shards: Collection[int]) -> int:
    """Return the number that workers with this list of shards meet under: positive, 31 bits."""
    return zlib.crc32(bytes(sorted(set(shards)))) & 0x7FFFFFFF


class SoleLeases:
    """Leases for a worker that is alone: it gets every shard it asks for."""

    check_s = 2.0
    valid = True

    async def hold(self, shards: Collection[int]) -> Holding:
        """Return ``shards``."""
        return Holding(frozenset(shards))

    async def release(self, shards: Collection[int]) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""
