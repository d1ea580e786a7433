"""Which database this is: plain PostgreSQL or TimescaleDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

MINIMUM_SERVER = 150000
"""PostgreSQL 15: int8multirange aggregates and security-invoker views are used."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """A database's kind.

    Attributes:
        server_version: as PostgreSQL numbers it, e.g. 180004 for 18.4.
        timescaledb: version of the installed extension, or None.
    """

    server_version: int
    timescaledb: str | None

    @property
    def label(self) -> str:
        """The kind for a person: ``PostgreSQL 18.4`` or ``... with TimescaleDB 2.29.0``."""
        server = f"PostgreSQL {self.server_version // 10000}.{self.server_version % 10000}"
        return server if self.timescaledb is None else f"{server} with TimescaleDB {self.timescaledb}"


async def detect(conn: psycopg.AsyncConnection[Any]) -> Flavour:
    """Return the flavour of the database that ``conn`` is connected to."""
    cursor = await conn.execute("select extversion from pg_extension where extname = 'timescaledb'")
    row = await cursor.fetchone()
    return Flavour(conn.info.server_version, None if row is None else str(row[0]))


async def install_timescaledb(conn: psycopg.AsyncConnection[Any]) -> None:
    """Create the extension where the server has it loaded, this database is still empty, and we may.

    A database that has our tables keeps its flavour: partitions, restored or moved to such a server, become no hypertables.
    """
    cursor = await conn.execute(
        "select 1 from pg_available_extensions where name = 'timescaledb' and installed_version is null"
        " and to_regclass('schema_history') is null"
        # Who may not read this setting may not create the extension either.
        " and case when pg_has_role('pg_read_all_settings', 'usage')"
        " then current_setting('shared_preload_libraries') like '%timescaledb%' end"
    )
    if await cursor.fetchone() is None:
        return
    try:
        async with conn.transaction():
            await conn.execute("create extension timescaledb")
    except psycopg.errors.InsufficientPrivilege:
        return  # an administrator may create it later; everything works without
