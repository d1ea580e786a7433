"""``cityops doctor``: whether somebody can let others in, and which keys run out."""

from __future__ import annotations

from typing import Any

import psycopg

from cityops.finding import Finding, ok, warn
from ops_api.web.words import plural

STATE = """
select (select count(*) from account where disabled_at is null),
       (select count(*) from account a
         where a.disabled_at is null and 'admin' = any (a.roles)
           and (a.oidc_subject is not null
                or exists (select from account_password p where p.account_id = a.account_id)
                or exists (select from passkey k where k.account_id = a.account_id))),
       (select coalesce(array_agg(key_id || ' (' || label || ')' order by expires_at), '{}') from api_key
         where revoked_at is null and expires_at > now() and expires_at < now() + interval '14 days')
"""
SHOWN = 5
FIRST = "cityops account first-admin NAME (docs/identity.md)"


async def accounts(conn: psycopg.AsyncConnection[Any]) -> list[Finding]:
    """Return what is to be said of accounts and keys."""
    row = await (await conn.execute(STATE)).fetchone()
    assert row is not None
    number, admins, ending = row
    found = [_accounts(number, admins)]
    if ending:
        more = f" and {len(ending) - SHOWN} more" if len(ending) > SHOWN else ""
        detail = f"run out within two weeks: {', '.join(ending[:SHOWN])}{more}"
        found.append(warn("keys", detail, "cityops key make, and give it to the program"))
    return found


def _accounts(number: int, admins: int) -> Finding:
    if number == 0:
        return ok("accounts", f"none: teams' passwords alone open doors; {FIRST} makes the first")
    if admins == 0:
        return warn("accounts", f"{number}, and no administrator who can sign in", FIRST)
    return ok("accounts", f"{number}, {plural(admins, 'administrator')} among them who can sign in")
