"""The outbox on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, lost_is_transient
from rules.core.notify.digest import Numbered, digest
from rules.core.notify.model import Notification, Sent
from rules.notify.outcome import falls_back, state_after
from rules.notify.ports import Claimed, Note, note_nothing
from rules.notify.sift import marked, numbered, sift

SQL = load_queries("rules.notify")

LOOKED_AT = 100
"""Due messages that are judged at a time: of a storm that is over, hundreds are not sent for one that is."""

Pool = AsyncConnectionPool[Any]
Connection = psycopg.AsyncConnection[DictRow]


async def put(conn: psycopg.AsyncConnection[Any], notifications: Sequence[Notification]) -> int:
    """Add notifications in the transaction of whoever plans them; return how many were new."""
    if not notifications:
        return 0
    done = await conn.execute(SQL["put"], {"rows": msgspec.json.encode(notifications).decode()})
    return done.rowcount


class PostgresOutbox:
    """:class:`rules.notify.ports.Outbox` on a pool of connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def put(self, notifications: Sequence[Notification]) -> int:
        """Add those that are new."""
        async with connection(self._pool) as conn:
            return await put(conn, notifications)

    async def withdraw(self, kind: str, keep: Sequence[str], why: str) -> int:
        """Suppress what is no news any more; see :class:`rules.notify.ports.Outbox`."""
        async with connection(self._pool) as conn:
            done = await conn.execute(SQL["withdraw"], {"kind": kind, "keep": list(keep), "why": why})
            return done.rowcount

    async def bundle(self, channel: str, now_s: float, note: Note = note_nothing) -> int:
        """Bundle what waited; see :class:`rules.notify.ports.Outbox`. One transaction."""
        given = {"channel": channel, "now_s": now_s}
        async with connection(self._pool) as conn:
            waiting = numbered([row async for row in await conn.execute(SQL["to_bundle"], given)])
            found = await sift(conn, waiting, now_s)
            bundles = _by_recipient(marked(found), now_s)
            for mine in bundles:
                made = digest(mine, now_s)
                await put(conn, [made])
                await conn.execute(SQL["bundle"], {"key": made.key, "ids": [number for number, _ in mine]})
        for code in found.codes:
            note(code)
        return sum(map(len, bundles))

    async def claim(
        self,
        channel: str,
        worker: str,
        lease_s: float,
        limit: int,
        now_s: float,
        note: Note = note_nothing,
    ) -> Sequence[Claimed]:
        """Take what is due; see :class:`rules.notify.ports.Outbox`."""
        given = {"channel": channel, "worker": worker, "lease_s": lease_s, "now_s": now_s}
        codes: list[str] = []
        taken: list[int] = []
        over: set[int] = set()
        async with connection(self._pool) as conn:
            await conn.execute(SQL["expire"], given)
            while len(taken) < limit:
                asked = max(LOOKED_AT, limit - len(taken))
                due = {"channel": channel, "now_s": now_s, "limit": asked, "taken": taken}
                page = numbered([row async for row in await conn.execute(SQL["due"], due)])
                found = await sift(conn, page, now_s)
                taken += [number for number, _ in found.kept][: limit - len(taken)]
                over |= found.over
                codes += found.codes
                if len(page) < asked:
                    break
            rows = (
                await (await conn.execute(SQL["claim"], given | {"taken": taken})).fetchall() if taken else []
            )
        for code in codes:
            note(code)
        return [_claimed(row, over) for row in rows]

    async def record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        """Record an attempt and what follows; see :class:`rules.notify.ports.Outbox`."""
        given = {
            "notification_id": claimed.notification_id,
            "attempt": claimed.attempt,
            "state": state_after(sent, next_s),
            "verdict": sent.verdict,
            "error": sent.error,
            "reference": sent.reference,
            "now_s": now_s,
            "next_s": next_s,
            "took_s": None,
        }
        async with connection(self._pool) as conn:
            done = await conn.execute(SQL["record"], given)
            await conn.execute(SQL["attempted"], given)
            if done.rowcount == 1 and falls_back(sent, claimed.notification.severity, next_s):
                await conn.execute(SQL["fall_back"], given)

    async def outstanding(self, channel: str, limit: int) -> Sequence[Claimed]:
        """Return what was sent and not confirmed."""
        async with connection(self._pool) as conn:
            found = await conn.execute(SQL["outstanding"], {"channel": channel, "limit": limit})
            return [_claimed(row, ()) async for row in found]

    async def hand_over(self, channel: str, reason: str, now_s: float, note: Note = note_nothing) -> int:
        """Give what is urgent to the next channels."""
        given = {"channel": channel, "now_s": now_s}
        async with connection(self._pool) as conn:
            urgent = numbered([row async for row in await conn.execute(SQL["to_hand_over"], given)])
            found = await sift(conn, urgent, now_s)
            ids = [number for number, _ in found.kept]
            if ids:
                await conn.execute(SQL["hand_over"], {"ids": ids, "reason": reason, "now_s": now_s})
        for code in found.codes:
            note(code)
        return len(ids)

    async def next_due_s(self, channel: str) -> float | None:
        """Return when something is due."""
        async with connection(self._pool) as conn:
            found = await conn.execute(SQL["next_due"], {"channel": channel})
            row = await found.fetchone()
        return None if row is None else next(iter(row.values()))

    async def waiting_channels(self, now_s: float) -> Sequence[str]:
        """Return the channels with something due."""
        async with connection(self._pool) as conn:
            return [r["channel"] async for r in await conn.execute(SQL["waiting_channels"], {"now_s": now_s})]

    async def listed(self, state: str | None, limit: int) -> list[dict[str, Any]]:
        """Return the newest, for people: without addresses and texts."""
        async with connection(self._pool) as conn:
            return await (await conn.execute(SQL["list"], {"state": state, "limit": limit})).fetchall()

    async def try_again(self, notification_id: int, now_s: float) -> str | None:
        """Make a message that was not delivered due again.

        Returns:
            Its state where it stays as it is; ``pending`` where it is due; None: there is no such one.
        """
        given = {"notification_id": notification_id, "now_s": now_s}
        async with connection(self._pool) as conn:
            if (await conn.execute(SQL["try_again"], given)).rowcount:
                return "pending"
            row = await (await conn.execute(SQL["state_of"], given)).fetchone()
        return None if row is None else str(row["state"])


@asynccontextmanager
async def connection(pool: Lender) -> AsyncIterator[Connection]:
    """Lend a connection whose rows are dictionaries, as one transaction.

    Raises:
        TransientError: the database does not answer.
    """
    with lost_is_transient():
        async with pool.connection() as conn:
            usual, conn.row_factory = conn.row_factory, dict_row
            try:
                yield conn
            finally:
                conn.row_factory = usual


def _by_recipient(found: Sequence[Numbered], now_s: float) -> list[list[Numbered]]:
    """Return what is to be one message each: several of one recipient, of which one is due."""
    by: dict[str, list[Numbered]] = {}
    for number, n in found:
        by.setdefault(n.recipient, []).append((number, n))
    return [mine for mine in by.values() if len(mine) > 1 and any(n.not_before_s <= now_s for _, n in mine)]


def _claimed(row: DictRow, over: Collection[int]) -> Claimed:
    number = row.pop("notification_id")
    own = {name: row.pop(name) for name in ("reference", "maybe_sent", "sent_s")}
    attempt = row.pop("attempts")
    found = msgspec.convert(row, Notification)
    return Claimed(number, found, attempt, over=number in over, **own)
