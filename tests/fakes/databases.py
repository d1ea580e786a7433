"""Databases as templates: TimescaleDB's workers connect to every database, and one with connections can't be cloned."""

from __future__ import annotations

import psycopg
from psycopg import sql


def seal(server: str, name: str) -> None:
    """Let nobody connect to ``name`` any more, and end who is connected: it can be cloned from now on."""
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
        conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (name,)
        )
