"""The shadow's tables in PostgreSQL: the schema ``shadow``, whose tables are like the live ones."""

from __future__ import annotations

from psycopg import sql

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from cityops.errors import ConfigurationError
from rules.ports import RuleStore
from rules.shadow.lender import ShadowLender
from rules.shadow.ports import SERVICE, Standing
from rules.store import PostgresRuleStore

SQL = load_queries("rules.shadow")
TABLES = (
    "rule_cursor", "rule_state", "rule_checkpoint", "subject_state", "alarm", "alarm_member", "alarm_log",
    "decision", "event", "work_item", "work_item_log", "late_window",
    "treatment_pass",
)  # fmt: skip
"""All that the rules' store writes."""
LIKE = "create table shadow.{table} (like public.{table} including all)"


class PostgresShadowTables:
    """:class:`rules.shadow.ports.ShadowTables` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def standing(self) -> Standing | None:
        """Return what the tables are."""
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            found = await _standing(conn)
            return None if found is None else found[0]

    async def begin(self, start_id: int) -> Standing:
        """Return the tables of a start; where there are none that fit, make them.

        Raises:
            ConfigurationError: there is a schema ``shadow`` that is not ours.
        """
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            row = await (await conn.execute(SQL["made_of"], {"tables": list(TABLES)})).fetchone()
            assert row is not None
            found = await _standing(conn)
            if found is not None and (found[0].start_id, found[1]) == (start_id, row[0]):
                return found[0]
            await _make(conn, start_id, row[0])
            made = await _standing(conn)
        assert made is not None
        return made[0]

    async def pause(self, start_id: int, error: str) -> bool:
        """Keep that the shadow of this start does not go on, and why."""
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            if await _standing(conn) is None:
                return False
            kept = await conn.execute(SQL["pause"], {"start_id": start_id, "error": error})
            return kept.rowcount == 1

    async def clear(self) -> None:
        """Drop the tables, unless a catalogue is in shadow."""
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            row = await (await conn.execute(SQL["still_chosen"])).fetchone()
            if row == (False,):
                await _drop(conn)

    def rules(self, start_id: int) -> RuleStore:
        """Return where the shadow of this start reads and writes; nobody hears of it."""
        return PostgresRuleStore(ShadowLender(self._pool, start_id), SERVICE, tells=False)


async def _standing(conn: Connection) -> tuple[Standing, str] | None:
    """Return what the tables are, and of what live tables they were made."""
    _, is_there = await _whose(conn)
    row = await (await conn.execute(SQL["standing"])).fetchone() if is_there else None
    return None if row is None else (Standing(*row[:3]), row[3])


async def _whose(conn: Connection) -> tuple[bool, bool]:
    """Return whether the schema is somebody else's, and whether our tables are there."""
    row = await (await conn.execute(SQL["whose"])).fetchone()
    assert row is not None
    return row[0], row[1]


async def _drop(conn: Connection) -> None:
    is_foreign, is_there = await _whose(conn)
    if is_foreign:
        return
    if is_there:
        await conn.execute(SQL["hold_off"])
    await conn.execute(SQL["drop"])


async def _make(conn: Connection, start_id: int, made_of: str) -> None:
    if (await _whose(conn))[0]:
        raise ConfigurationError("the database has a schema 'shadow' that cityops did not make: rename it")
    await _drop(conn)
    for query in ("make_schema", "mark_schema", "make_run"):
        await conn.execute(SQL[query])
    for table in TABLES:
        await conn.execute(sql.SQL(LIKE).format(table=sql.Identifier(table)))
    for query in ("show",):
        await conn.execute(SQL[query])
    await conn.execute(SQL["copy"], {"start_id": start_id, "made_of": made_of, "service": SERVICE})
    await conn.execute(SQL["number_on"])
