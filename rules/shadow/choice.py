"""Which catalogue is in shadow, in PostgreSQL: a state of ``catalogue_version`` that one at most can have."""

from __future__ import annotations

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from cityops.errors import ConfigurationError
from rules.catalogue.store import SQL as CATALOGUES
from rules.shadow.ports import ENDED, STARTED, Chosen

SQL = load_queries("rules.shadow")


class PostgresShadowChoice:
    """:class:`rules.shadow.ports.ShadowChoice` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def chosen(self) -> Chosen | None:
        """Return the catalogue in shadow."""
        async with transaction(self._pool) as conn:
            return await _chosen(conn)

    async def start(self, catalogue_id: int, by: str, reason: str) -> Chosen:
        """Take a stored catalogue into shadow."""
        async with transaction(self._pool) as conn:
            await conn.execute(CATALOGUES["one_at_a_time"])
            rows = await (await conn.execute(SQL["states"], {"catalogue_id": catalogue_id})).fetchall()
            check_start(catalogue_id, dict(rows))
            await conn.execute(SQL["take_in"], {"catalogue_id": catalogue_id})
            await _log(conn, catalogue_id, STARTED, by, reason)
            found = await _chosen(conn)
        assert found is not None
        return found

    async def stop(self, by: str, reason: str) -> Chosen | None:
        """End the shadow."""
        async with transaction(self._pool) as conn:
            await conn.execute(CATALOGUES["one_at_a_time"])
            found = await _chosen(conn)
            if found is not None:
                await conn.execute(SQL["let_go"])
                await _log(conn, found.catalogue_id, ENDED, by, reason)
        return found

    async def promote(self, by: str, reason: str) -> Chosen | None:
        """Make the catalogue in shadow the live one."""
        async with transaction(self._pool) as conn:
            await conn.execute(CATALOGUES["one_at_a_time"])
            found = await _chosen(conn)
            if found is not None:
                values = {"catalogue_id": found.catalogue_id}
                await conn.execute(CATALOGUES["retire"], values)
                await conn.execute(CATALOGUES["make_live"], values)
                await _log(conn, found.catalogue_id, "promoted", by, reason)
        return found


def check_start(catalogue_id: int, states: dict[int, str]) -> None:
    """Raise ConfigurationError where a catalogue can't go into shadow; ``states`` of it and the one in shadow."""
    if catalogue_id not in states:
        raise ConfigurationError(f"there is no catalogue {catalogue_id}: see `cityops rules history`")
    if states[catalogue_id] == "live":
        raise ConfigurationError(f"catalogue {catalogue_id} is the live one: its shadow would say the same")
    other = next((n for n, state in states.items() if state == "shadow" and n != catalogue_id), None)
    if other is not None:
        raise ConfigurationError(
            f"catalogue {other} is in shadow, and one is at a time: `cityops rules shadow stop` ends it"
        )


async def _chosen(conn: Connection) -> Chosen | None:
    row = await (await conn.execute(SQL["chosen"])).fetchone()
    return None if row is None else Chosen(*row)


async def _log(conn: Connection, catalogue_id: int, what: str, by: str, reason: str) -> None:
    values = {"catalogue_id": catalogue_id, "what": what, "by": by, "reason": reason}
    await conn.execute(CATALOGUES["log"], values)
