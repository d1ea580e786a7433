"""The website's own login, which ``cityops db upgrade`` makes where ``api.dsn`` names one (docs/adr/028-roles.md)."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cityops.errors import ConfigurationError

ROLES = (
    "cityops_api", "cityops_registrar", "cityops_identity", "cityops_officer", "cityops_housing", "cityops_resident", "cityops_open",
)  # fmt: skip
"""What the website may take, one at a time."""
GRANTS_SAY_INHERIT = 160_000
"""Server version from which a grant itself says whether its rights are there without taking the role."""


async def make_web_login(conn: psycopg.AsyncConnection[Any], dsn: str) -> list[str]:
    """Make the login of ``dsn`` with its password, or give it what it lacks; return what was made, in words.

    A login that somebody else made keeps its password and its attributes; it is given the roles.

    Args:
        conn: as the owner, in autocommit mode.
        dsn: what the website connects with; its user may be the owner, and nothing is done then.

    Raises:
        ConfigurationError: the owner may not make it, or not give it the roles.
    """
    wanted = conninfo_to_dict(dsn)
    name, password = str(wanted.get("user") or ""), wanted.get("password")
    if name in ("", conn.info.user):
        return []
    there = await (await conn.execute("select from pg_roles where rolname = %s", [name])).fetchone()
    try:
        await _log_in(conn, name, None if password is None else str(password), made=there is not None)
        await conn.execute(_grant(name, conn.info.server_version))
        database = sql.Identifier(conn.info.dbname)
        await conn.execute(
            sql.SQL("grant connect on database {} to {}").format(database, sql.Identifier(name))
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"api.dsn: {conn.info.user} may not make the login {name} or give it its roles ({error.diag.message_primary}); "
            "a superuser can, see docs/deploy.md, A login of the website's own"
        ) from error
    return [] if there is not None else [f"login {name}"]


async def _log_in(conn: psycopg.AsyncConnection[Any], name: str, password: str | None, *, made: bool) -> None:
    """Make the role, or let it log in with this password; another's is left as it is."""
    words = sql.SQL("alter role {} login noinherit" if made else "create role {} login noinherit").format(
        sql.Identifier(name)
    )
    if password is not None:
        # Worked out here, so that the password itself is in no log of the server.
        secret = conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        words += sql.SQL(" password {}").format(sql.Literal(secret.decode()))
    try:
        await conn.execute(words)
    except psycopg.errors.InsufficientPrivilege:
        if not made:
            raise


def _grant(name: str, version: int) -> sql.Composed:
    """Return the grant of all roles, of which none is held unless it is taken."""
    roles = sql.SQL(", ").join(map(sql.Identifier, ROLES))
    how = sql.SQL(" with inherit false" if version >= GRANTS_SAY_INHERIT else "")
    return sql.SQL("grant {} to {}").format(roles, sql.Identifier(name)) + how
