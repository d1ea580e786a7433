"""What is kept of who has moved out, for who asks by letter: of the time that she lived there, and nothing of before or after.

No session can be hers any more, so the owner reads it: in one transaction, which ends by undoing it, the tables that the download
reads are views of her stays (``past.sql``), under the same names. What reads them is what reads her own page's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from cityops.db.queries import load_queries
from ops_api.households.model import LivesIn, Member
from ops_api.queries import Db, OneConnection
from ops_api.queries.resident import ResidentDb

SQL = load_queries("ops_api.privacy", "past.sql")
_FIRST = sql.SQL("set local search_path = pg_temp, public")


class PastDb(ResidentDb):
    """A :class:`ResidentDb` of stays that are over, in a transaction in which their views are made.

    Args:
        conn: the owner's, in that transaction.
    """

    def __init__(self, conn: AsyncConnection[Any]) -> None:
        of = Db(OneConnection(conn))
        super().__init__(of, OneConnection(conn), "")
        self._sql = {**of._sql, "my_audit": SQL["my_audit"]}

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Lend a transaction within the one there is."""
        async with Db.transaction(self) as found:
            yield found


@asynccontextmanager
async def as_who_left(
    conn: AsyncConnection[Any], home: LivesIn, resident_id: str, name: str
) -> AsyncIterator[Member]:
    """Lend what reads a resident's stays in a home that are over; nothing of it is there afterwards.

    Args:
        conn: the owner's, outside of a transaction.
        home: where she lived.
        resident_id: who.
        name: as the others of the home called her.
    """
    async with conn.transaction():
        await conn.execute("set transaction isolation level repeatable read")
        there = {"resident_id": resident_id, "home_id": home.home_id}
        for query in ("begin_past", "begin_measured", "begin_written"):
            await conn.execute(psycopg.sql.SQL(SQL[query]), there)
        for query in (name_ for name_ in SQL if name_.startswith("view_")):
            await conn.execute(psycopg.sql.SQL(SQL[query]))
        await conn.execute(_FIRST)
        yield Member(resident_id, "", name, (home,), "", PastDb(conn))
        raise psycopg.Rollback
