"""What is kept of a member of staff, or under an address for reminders: all rows, table by table, for who asks.

A household takes its own from its page (``/home/…/data``), which is more: readings, pictures, what was worked out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection, sql
from psycopg.rows import tuple_row

from ops_api.privacy.core.reach import REACH

SECRETS = (
    "token_hash", "old_hash", "mark", "public_key", "credential_id", "hash", "sealed", "jpeg", "link",
)  # fmt: skip
"""Columns that are left out: marks of secrets, and bytes."""
OF_ACCOUNT = {
    "staff_session": "t.account_id", "passkey": "t.account_id", "api_key": "t.owner_account", "audit_entry": "t.actor_id",
}  # fmt: skip
"""Tables that name an account by its number."""
_THERE = sql.SQL("select to_regclass('public.' || quote_ident(%s)) is not null")
_BY_NAME = sql.SQL(
    "select to_jsonb(t) - %(secrets)s::text[] from public.{table} t where lower(%(name)s) in ({columns})"
)
_BY_ACCOUNT = sql.SQL(
    "select to_jsonb(t) - %(secrets)s::text[] from public.{table} t join public.account a on a.account_id::text = {column}::text"
    " where lower(a.name) = lower(%(name)s)"
)
_REMINDERS = sql.SQL(
    "select to_jsonb(t) - array['code'] from public.bin_reminder t where lower(address) = lower(%(name)s)"
)

Found = tuple[str, dict[str, Any]]


async def rows_of(conn: AsyncConnection[Any], name: str) -> AsyncIterator[Found]:
    """Yield (table, row) of what carries a name or an address, whatever the case of its letters.

    Args:
        conn: the owner's, in a transaction of the caller's: rows are read through a cursor, a thousand at once.
        name: of an account or a person on duty, as it stands in logs; or an address for reminders.

    Raises:
        ValueError: it is empty.
    """
    if not name.strip():
        raise ValueError("say whose: a name as it stands in logs, or an address")
    for table, query in _queries():
        row = await (await conn.execute(_THERE, (table,))).fetchone()
        if row is None or not row[0]:
            continue
        async with conn.cursor(f"of_{table}", row_factory=tuple_row) as cursor:
            cursor.itersize = 1000
            await cursor.execute(query, {"name": name.strip(), "secrets": list(SECRETS)})
            async for (found,) in cursor:
                yield table, found


def _queries() -> list[tuple[str, sql.Composed | sql.SQL]]:
    named: list[tuple[str, sql.Composed | sql.SQL]] = []
    for one in REACH:
        if one.names:
            columns = sql.SQL(", ").join(sql.SQL("lower(t.{})").format(sql.Identifier(c)) for c in one.names)
            named.append((one.table, _BY_NAME.format(table=sql.Identifier(one.table), columns=columns)))
    for table, column in OF_ACCOUNT.items():
        query = _BY_ACCOUNT.format(table=sql.Identifier(table), column=sql.SQL(column))
        named.append((table, query))
    return [*named, ("bin_reminder", _REMINDERS)]
