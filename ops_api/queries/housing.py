"""What the housing team reads: homes that show it something, its own cases, wards, what was reminded.

Reads of households run as the role ``cityops_housing``, which has no right on any table: it has the functions of
``cityops/db/routines/housing.sql`` alone, and these write who looked and why into the household's log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import psycopg
from psycopg import AsyncConnection, sql

from ops_api.queries import Db, Row, Transaction

How = Literal["page", "home", "file", "program", "terminal"]
Audience = Literal["resident", "officer"]

NAME_MOST, PURPOSE_MOST = 100, 300
DAILY_DAYS = 28

_BECOME = sql.SQL(
    "select set_config('role', 'cityops_housing', true), set_config('search_path', 'public', true)"
)


@dataclass(frozen=True, slots=True)
class Asks:
    """Who looks, and why; both are written into the log of every household that is looked at."""

    name: str
    purpose: str


class HousingDb(Db):
    """A :class:`Db` as the housing team's role. ``of``: whose connections are used."""

    def __init__(self, of: Db) -> None:
        self._pool = of._pool
        self._timeout_s = of._timeout_s
        self._sql = of._sql

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a transaction of the team's; see :meth:`Db.transaction`."""
        async with super().transaction() as transaction:
            await transaction.fetch(_BECOME, {})
            yield transaction


class OfficerPool:
    """Connections for the council's own cases: of the owner, for officers write into cases that they were shown."""

    def __init__(self, of: Db) -> None:
        self._pool, self._timeout_s = of._pool, of._timeout_s

    def connection(self, timeout: float | None = None) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """Lend a connection; see :class:`ops_api.queries.Pool`."""
        return self._pool.connection(self._timeout_s if timeout is None else timeout)


async def shared_homes(db: Db, asks: Asks, how: How, home_id: int | None = None) -> list[Row]:
    """Return homes that show something, each with what it shows; the look is written down with them."""
    return await HousingDb(db).rows(
        "housing_read", who=asks.name, purpose=asks.purpose, how=how, home_id=home_id
    )


async def shared_days(db: Db, asks: Asks, home_id: int, now: datetime) -> list[Row]:
    """Return daily means of the last four weeks, the newest first; none where they are not shared."""
    since, until = now - timedelta(days=DAILY_DAYS), now + timedelta(days=1)
    values = {"who": asks.name, "purpose": asks.purpose, "home_id": home_id, "since": since, "until": until}
    try:
        return await HousingDb(db).rows("housing_daily", **values)
    except psycopg.errors.UndefinedFunction:  # no frog has ever been installed here
        return []


async def rest(db: Db) -> Row:
    """Return the council's cases of homes that show nothing, and how many such homes there are (None below five)."""
    return await HousingDb(db).one("housing_rest")


async def is_shown(db: Db, home_id: int, case_id: int) -> bool:
    """Whether a case is the council's own, of this home, and the home shows something."""
    return bool((await db.one("housing_is_shown", home_id=home_id, case_id=case_id))["shown"])


async def ward_counts(db: Db) -> list[Row]:
    """Return homes and homes at risk by ward, counted once for the week of the newest findings.

    Not to be shown like that: see :mod:`ops_api.housing.wards`.
    """
    return await db.rows("ward_counts")


async def case_reminders(db: Db, case_id: int, audience: Audience) -> list[Row]:
    """Return what was reminded of a case, in the order in which it was planned."""
    return await db.rows("case_reminders", case_id=case_id, audience=audience)
