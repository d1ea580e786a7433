"""What is kept of a member of staff, or under an address for reminders: all rows, table by table, for who asks.

A household takes its own from its page (``/home/…/data``), which is more: readings, pictures, what was worked out. What is a
household's is in no package of who worked for it (:data:`OF_HOMES`).

Logs call somebody by what people call them, accounts by the name they sign in with, rotas and messages by the name of a person
on duty: whoever gives one is given what stands under the others of the same account too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from ops_api.privacy.core.model import Personal
from ops_api.privacy.core.reach import REACH

SECRETS = (
    "token_hash", "old_hash", "mark", "public_key", "credential_id", "hash", "sealed", "jpeg", "original", "link", "secret_name", "code",
)  # fmt: skip
"""Columns that are left out: marks of secrets, and bytes."""
OF_HOMES = {
    "alarm": ("t.of_home", ("subject", "title", "reason", "inputs", "would_change", "would_differ")),
    "event": ("t.subject_kind = 'home' or t.subject_kind = 'device' and public.is_private(t.subject)", ("subject",)),
    "work_item": ("public.is_private(t.device)", ("reason", "inputs")),
    "calibration": ("public.is_private(t.device_id)", ("evidence",)),
    "housing_case": ("true", ("hazard", "landlord")),
    "contact_log": ("true", ("who", "said", "reply")),
    "evidence_photo": ("true", ("caption", "room")),
}  # fmt: skip
"""What is left out of a row besides, and of which rows: that she did something there is hers, the rest is the household's."""
OF_ACCOUNT = {
    "staff_session": "t.account_id", "passkey": "t.account_id", "api_key": "t.owner_account",
}  # fmt: skip
"""Tables that name an account by its number alone."""
_CALLED = sql.SQL(
    "select coalesce(array_agg(distinct lower(n)), '{}'), coalesce(array_agg(distinct account_id::text), '{}') from ("
    " select unnest(array[name, label]) as n, account_id from public.account where lower(%(name)s) in (lower(name), lower(label))"
    " union all select unnest(array[person, label]), null from public.person where lower(%(name)s) in (lower(person), lower(label))) x"
)
_COLUMNS = sql.SQL(
    "select a.attname, format_type(a.atttypid, null) from pg_attribute a where a.attrelid = to_regclass('public.' || quote_ident(%s))"
    " and a.attnum > 0 and not a.attisdropped order by a.attnum"
)
_ROWS = sql.SQL(
    "select to_jsonb(t) - %(secrets)s::text[] - case when {of_home} then {theirs}::text[] else '{{}}' end"
    " from public.{table} t where {any_of}"
)
_IN_TEXT = sql.SQL("lower(t.{}) = any (%(names)s)")
_IN_DOCUMENT = sql.SQL(
    "exists (select from unnest(%(names)s::text[]) n where position(to_jsonb(n)::text in lower(to_jsonb(t.{column})::text)) > 0"
    " or position(to_jsonb('person:' || n)::text in lower(to_jsonb(t.{column})::text)) > 0)"
)
_OF_AUDIT = sql.SQL(
    "t.actor_id = any (%(accounts)s) or t.object = any (%(about)s) or lower(t.actor_id) = any (%(names)s)"
)
DOCUMENTS = ("json", "jsonb", "text[]")

Found = tuple[str, dict[str, Any]]


async def rows_of(conn: AsyncConnection[Any], name: str) -> AsyncIterator[Found]:
    """Yield (table, row) of what carries a name or an address, whatever the case of its letters; a table's rows together.

    Args:
        conn: the owner's, in a transaction of the caller's: rows are read through a cursor, a thousand at once.
        name: of an account or a person on duty, as it stands in logs; or an address for reminders.

    Raises:
        ValueError: it is empty.
    """
    if not name.strip():
        raise ValueError("say whose: a name as it stands in logs, or an address")
    row = await (await conn.execute(_CALLED, {"name": name.strip()})).fetchone()
    names, accounts = ([], []) if row is None else row
    asked = {
        "names": sorted({name.strip().lower(), *names} - {None, ""}),
        "accounts": [a for a in accounts if a],
        "about": [f"account:{a}" for a in accounts if a],
        "secrets": list(SECRETS),
    }
    for one in REACH:
        any_of = await _any_of(conn, one)
        if any_of is None:
            continue
        of_home, theirs = OF_HOMES.get(one.table, ("false", ()))
        query = _ROWS.format(
            table=sql.Identifier(one.table), any_of=any_of, of_home=sql.SQL(of_home), theirs=list(theirs)
        )
        async with conn.cursor(f"of_{one.table}", row_factory=tuple_row) as cursor:
            cursor.itersize = 1000
            await cursor.execute(query, asked)
            async for (found,) in cursor:
                yield one.table, found


async def _any_of(conn: AsyncConnection[Any], one: Personal) -> sql.Composable | None:
    """Return by what a row of a table is somebody's; None: by nothing, or there is no such table."""
    if one.table == "audit_entry":
        return _OF_AUDIT
    if one.table in OF_ACCOUNT:
        return sql.SQL("{}::text = any (%(accounts)s)").format(sql.SQL(OF_ACCOUNT[one.table]))
    columns = await (await conn.execute(_COLUMNS, (one.table,))).fetchall()
    ways = [_IN_TEXT.format(sql.Identifier(c)) for c, _ in columns if c in one.names]
    if one.names or one.documents:
        ways += [_IN_DOCUMENT.format(column=sql.Identifier(c)) for c, kind in columns if kind in DOCUMENTS]
    return sql.SQL(" or ").join(ways) if ways else None
