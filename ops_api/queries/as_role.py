"""Queries and writes that run as a database role of their own: what the website's role may not.

A role is taken for one transaction with ``set_config(…, true)`` and is gone at its end, whatever comes between. The
roles and their rights are in ``cityops/db/routines/zz_rights.sql``. Where the website has logins of its own, a role that its
first login may not take has connections of another (:func:`stand_beside`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, sql

from ops_api.queries import Db, Pool, Transaction

Role = Literal["cityops_registrar", "cityops_identity", "cityops_officer", "cityops_housing", "cityops_open"]
BECOME = sql.SQL("select set_config('role', %(role)s, true), set_config('search_path', 'public', true)")
_BESIDE: WeakKeyDictionary[Pool, dict[str, Pool]] = WeakKeyDictionary()
"""Of a pool whose login may not take every role: who lends connections that may."""


def stand_beside(pool: Pool, role: Role, other: Pool) -> None:
    """Say that what is asked of ``pool`` as ``role`` is for the connections of ``other``."""
    _BESIDE.setdefault(pool, {})[role] = other


def _lender(pool: Pool, role: Role) -> Pool:
    # Looked through, not looked up: a site that is made for its routes alone has no connections to look up by.
    return next((others[role] for of, others in _BESIDE.items() if of is pool and role in others), pool)


class RoleDb(Db):
    """A :class:`Db` whose every transaction is a role's.

    Args:
        of: whose connections, named queries and time-out are used.
        role: taken for each transaction.
    """

    def __init__(self, of: Db, role: Role) -> None:
        self._pool = _lender(of._pool, role)
        self._timeout_s = of._timeout_s
        self._sql = of._sql
        self._role = role

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Lend a transaction of the role's; see :meth:`Db.transaction`."""
        async with super().transaction() as transaction:
            await transaction.fetch(BECOME, {"role": self._role})
            yield transaction

    def lend(self) -> RolePool:
        """Return the connections behind it, as the role's."""
        return RolePool(self._pool, self._role, self._timeout_s)


class RolePool:
    """Connections on which every transaction is a role's: for what is not a :class:`Db`.

    Args:
        pool: lends connections that are not in autocommit.
        role: taken for each transaction.
        timeout_s: wait for a connection where the borrower names none; None: as the pool has it.
    """

    def __init__(self, pool: Pool, role: Role, timeout_s: float | None = None) -> None:
        self._pool, self._role, self._timeout_s = _lender(pool, role), role, timeout_s

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109  as the pool has it
    ) -> AsyncIterator[AsyncConnection[Any]]:
        """Lend a connection that has begun a transaction as the role; see :class:`ops_api.queries.Pool`."""
        wait_s = self._timeout_s if timeout is None else timeout
        async with self._pool.connection(wait_s) as connection:
            await connection.execute(BECOME, {"role": self._role})
            yield connection
