"""``cityops doctor``: whether the website's queries run as the role that reads no table of a home."""

from __future__ import annotations

import psycopg

from cityops.db.pool import connect
from cityops.errors import CityopsError
from cityops.finding import Finding, fail, ok, warn
from ops_api.web_login import APART, login_beside

ROLE = "cityops_api"
NAME = "website's role"
_WHO = (
    "select current_user = 'cityops_api', rolsuper, has_table_privilege(session_user, 'home', 'select'),"
    " pg_has_role(session_user, 'cityops_api', 'USAGE'), array(select r from unnest(%s::text[]) r"
    " where pg_has_role(session_user, r, 'MEMBER')), has_database_privilege(session_user, current_database(), 'temporary')"
    " from pg_roles where rolname = session_user"
)
_FIX = "see docs/deploy.md, Logins of the website's own"
_APART = [role for roles in APART.values() for role in roles]


async def website_role(dsn: str, own_login: bool) -> list[Finding]:
    """Return what is to be said of it.

    Args:
        dsn: what the API connects with.
        own_login: whether that is ``api.dsn``, and not the owner's.
    """
    try:
        async with await connect(dsn, application_name="cityops-doctor", role=ROLE) as conn:
            row = await (await conn.execute(_WHO, [_APART])).fetchone()
    except (psycopg.Error, CityopsError) as problem:
        return [fail(NAME, " ".join(str(problem).split()), f"give the login the role {ROLE}; {_FIX}")]
    assert row is not None
    taken, superuser, reads, inherits, more, temporary = row
    if not taken:
        detail = (
            "not taken as it connects: a pooler drops the option, and the website's queries reach every home"
        )
        return [fail(NAME, detail, f"`alter role LOGIN set role {ROLE}`; {_FIX}")]
    if not own_login:
        return [ok(NAME, f"{ROLE}, on the owner's login")]
    if superuser or reads or inherits:
        return [
            warn(NAME, "the website's own login has rights beside its roles", f"make it `noinherit`; {_FIX}")
        ]
    if more:
        return [
            warn(
                NAME, f"the website's own login may become {', '.join(more)}", f"`cityops db upgrade`; {_FIX}"
            )
        ]
    if temporary:
        how = "as the database's owner `revoke temporary on database … from public`"
        return [warn(NAME, "the website's own login may make temporary tables", f"{how}; {_FIX}")]
    return [
        ok(NAME, f"{ROLE}, on a login of its own"),
        *[f for key in APART for f in await _beside(dsn, key)],
    ]


async def _beside(dsn: str, key: str) -> list[Finding]:
    """Return what is wrong with another login of the website's; nothing where it works."""
    try:
        for role in APART[key]:
            async with await connect(login_beside(dsn, key), application_name="cityops-doctor", role=role):
                pass
    except (psycopg.Error, CityopsError) as problem:
        return [
            fail(
                f"website's login for {key}", " ".join(str(problem).split()), f"`cityops db upgrade`; {_FIX}"
            )
        ]
    return []
