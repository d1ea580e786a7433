"""The website's own logins, which ``cityops db upgrade`` makes where ``api.dsn`` names one (docs/adr/035-logins-by-what-is-reached.md).

A statement that is injected may take every role that its login is a member of. So the login that answers requests is a member
of those alone that show nothing of a home, and what signs people in, joins them to homes or reads for the housing team has
logins of its own: other connections, which no statement of another can reach.
"""

from __future__ import annotations

import hmac
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.errors import ConfigurationError

WEB_ROLES = ("cityops_api", "cityops_resident", "cityops_open")
"""What the login of ``api.dsn`` may take, one at a time. As a resident nothing is there without a session's token."""
APART = {
    "people": ("cityops_registrar",),
    "accounts": ("cityops_identity",),
    "housing": ("cityops_housing", "cityops_officer"),
}
"""Roles of the other logins, by what stands behind its name."""
ROLES = (*WEB_ROLES, *(role for roles in APART.values() for role in roles))
"""All roles of the website."""
GRANTS_SAY_INHERIT = 160_000
"""Server version from which a grant itself says whether its rights are there without taking the role."""


def login_beside(dsn: str, beside: str) -> str:
    """Return the connection string of another login of the website's: its name and password follow from those of ``dsn``.

    The password is the HMAC-SHA256 of the new name under the one of ``dsn``, in hexadecimal; none where that has none.

    Args:
        dsn: ``api.dsn``.
        beside: a key of :data:`APART`.
    """
    given = conninfo_to_dict(dsn)
    name = f"{given.get('user') or ''}_{beside}"
    password = given.get("password")
    if not password:
        return make_conninfo(dsn, user=name)
    mark = hmac.digest(str(password).encode(), name.encode(), "sha256").hex()
    return make_conninfo(dsn, user=name, password=mark)


def login_of(dsn: str, role: str) -> str:
    """Return the connection string of the login that may take ``role``; ``dsn``: ``api.dsn``."""
    return next((login_beside(dsn, key) for key, roles in APART.items() if role in roles), dsn)


async def make_web_login(conn: psycopg.AsyncConnection[Any], dsn: str) -> list[str]:
    """Make the login of ``dsn`` and those beside it, or give them what they lack; return what was made, in words.

    A login that somebody else made keeps its password and its attributes; it is given its roles, and loses the others', but
    not under an older website that still runs on it: that one signs in and joins on the same login.

    Args:
        conn: as the owner, in autocommit mode.
        dsn: what the website connects with; its user may be the owner, and nothing is done then.

    Raises:
        ConfigurationError: the owner may not make one, or not give it its roles; or one would have the name of a role.
    """
    name = str(conninfo_to_dict(dsn).get("user") or "")
    if name in ("", conn.info.user):
        return []
    if {name, *(f"{name}_{key}" for key in APART)} & set(ROLES):
        raise ConfigurationError(
            f"api.dsn: {name} can't be the website's login, whose others are named after it; say cityops_web"
        )
    wanted = {dsn: WEB_ROLES} | {login_beside(dsn, key): roles for key, roles in APART.items()}
    made = [f"login {new}" for one, roles in wanted.items() for new in await _make(conn, one, roles)]
    await _no_temporary(conn)
    more = await _more(conn, name)
    if more and await _is_older_website(conn, name):
        return [
            *made,
            f"login {name} keeps {', '.join(more)} while an older website runs: upgrade again when it has ended",
        ]
    for role in more:
        await conn.execute(sql.SQL("revoke {} from {}").format(sql.Identifier(role), sql.Identifier(name)))
    return made


async def _make(conn: psycopg.AsyncConnection[Any], dsn: str, roles: tuple[str, ...]) -> list[str]:
    wanted = conninfo_to_dict(dsn)
    name, password = str(wanted["user"]), wanted.get("password")
    there = await (await conn.execute("select from pg_roles where rolname = %s", [name])).fetchone()
    try:
        await _log_in(conn, name, None if password is None else str(password), made=there is not None)
        await conn.execute(_grant(name, roles, conn.info.server_version))
        database = sql.Identifier(conn.info.dbname)
        await conn.execute(
            sql.SQL("grant connect on database {} to {}").format(database, sql.Identifier(name))
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"api.dsn: {conn.info.user} may not make the login {name} or give it its roles ({error.diag.message_primary}); "
            "a superuser can, see docs/deploy.md, Logins of the website's own"
        ) from error
    return [] if there is not None else [name]


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


async def _no_temporary(conn: psycopg.AsyncConnection[Any]) -> None:
    """Let the owner alone make temporary tables, which stay with a connection and hide others' by their names: where it may say so."""
    asked = await conn.execute(
        "select from pg_database where datname = current_database() and pg_has_role(current_user, datdba, 'usage')"
    )
    if await asked.fetchone() is not None:
        database = sql.Identifier(conn.info.dbname)
        await conn.execute(sql.SQL("revoke temporary on database {} from public").format(database))


async def _more(conn: psycopg.AsyncConnection[Any], name: str) -> list[str]:
    """Return the other logins' roles that this one may take; of what somebody else granted only a superuser can take it back."""
    held = await conn.execute(
        "select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles l on l.oid = m.member"
        " where l.rolname = %s and g.rolname = any (%s) order by 1",
        [name, [role for roles in APART.values() for role in roles]],
    )
    return [role for (role,) in await held.fetchall()]


async def _is_older_website(conn: psycopg.AsyncConnection[Any], name: str) -> bool:
    """Whether a website is connected, to any database here, that knows of no login beside ``name``: this one always keeps one of each.

    Roles are the cluster's: what is taken back here is taken back from a website on another database, too.
    """
    asked = await conn.execute(
        "select exists (select from pg_stat_activity a join pg_roles r on r.oid = a.usesysid where rolname in (%s, %s)"
        " group by datname having bool_or(rolname = %s) and not bool_or(rolname = %s))",
        [name, f"{name}_people"] * 2,
    )
    row = await asked.fetchone()
    return row is not None and bool(row[0])


def _grant(name: str, roles: tuple[str, ...], version: int) -> sql.Composed:
    """Return the grant of roles, of which none is held unless it is taken."""
    given = sql.SQL(", ").join(map(sql.Identifier, roles))
    how = sql.SQL(" with inherit false" if version >= GRANTS_SAY_INHERIT else "")
    return sql.SQL("grant {} to {}").format(given, sql.Identifier(name)) + how
