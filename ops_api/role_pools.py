"""Connections of the website's other logins, beside those that answer requests (docs/adr/035-logins-by-what-is-reached.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from cityops.db.pool import open_pool
from cityops.settings import Settings
from ops_api.queries import Pool
from ops_api.queries.as_role import Role, stand_beside
from ops_api.web_login import APART, login_beside


@asynccontextmanager
async def roles_apart(settings: Settings, pool: Pool) -> AsyncIterator[None]:
    """Have what is asked of ``pool`` as people's, accounts' or housing's role answered on logins of their own.

    Where ``api.dsn`` is empty or names the owner, ``pool``'s login takes every role itself: it reaches all tables anyway.

    Raises:
        TransientError: one of them can't be connected with.
    """
    async with AsyncExitStack() as stack:
        for name, roles in APART.items() if settings.api.dsn and not await is_owners(pool) else ():
            # One is always kept: by it an upgrade sees that this website needs nothing of the first login.
            least = max(1, settings.db.pool_min)
            own = settings.db.model_copy(
                update={"dsn": login_beside(settings.api.dsn, name), "pool_min": least}
            )
            other = await open_pool(
                own,
                application_name=f"cityops-{name}",
                role=roles[0],
                statement_s=settings.api.statement_s,
            )
            stack.push_async_callback(other.close)
            for role in roles:
                stand_beside(pool, cast("Role", role), other)
        yield


@asynccontextmanager
async def residents_apart(settings: Settings, pool: Pool) -> AsyncIterator[Pool]:
    """Lend connections that answer residents and nobody else; ``pool`` where its login is the owner's.

    A session keeps what an injected statement leaves in it, as prepared statements: whoever comes next would hand it her token.

    Raises:
        TransientError: they can't be connected with.
    """
    dsn = settings.api.resident_dsn
    if not dsn and settings.api.dsn and not await is_owners(pool):
        dsn = settings.api.dsn
    if not dsn:
        yield pool
        return
    own = settings.db.model_copy(update={"dsn": dsn})
    hers = await open_pool(own, application_name="cityops-pages", statement_s=settings.api.statement_s)
    try:
        yield hers
    finally:
        await hers.close()


async def is_owners(pool: Pool) -> bool:
    """Whether the login of ``pool`` is the owner of the tables, or may become it."""
    async with pool.connection() as connection:
        asked = await connection.execute(
            "select pg_has_role(session_user, relowner, 'MEMBER') from pg_class where oid = to_regclass('home')"
        )
        row = await asked.fetchone()
    return row is not None and bool(row[0])
