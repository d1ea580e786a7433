"""Connections of back-up and restore, and the same for PostgreSQL's programs: no password on a command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.db.pool import check_dsn
from cityops.errors import TransientError
from cityops.redact import redact

_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "passfile": "PGPASSFILE", "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslpassword": "PGSSLPASSWORD", "service": "PGSERVICE",
    "connect_timeout": "PGCONNECT_TIMEOUT", "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip
LAST_WORDS = 5


def open_session(dsn: str, options: str = "", *, autocommit: bool = True) -> psycopg.Connection[Any]:
    """Return a connection; ``options`` as on the server's command line (``-c name=value``).

    Raises:
        ConfigurationError: the connection string can't be read.
        TransientError: the database does not answer.
    """
    check_dsn(dsn)
    try:
        return psycopg.connect(
            dsn,
            autocommit=autocommit,
            application_name="cityops-backup",
            options=f"-c timezone=UTC {options}",
        )
    except psycopg.OperationalError as error:
        raise TransientError(f"database {redact(dsn)}: {redact(' '.join(str(error).split()))}") from error


def of_database(dsn: str, name: str) -> str:
    """Return the connection string of another database of the same server."""
    return make_conninfo(dsn, dbname=name)


def environment(dsn: str, options: str = "") -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs reach the database."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    given: Mapping[str, Any] = conninfo_to_dict(dsn)
    theirs = {_VARIABLES[name]: str(value) for name, value in given.items() if name in _VARIABLES}
    return ours | theirs | {"PGOPTIONS": options, "PGAPPNAME": "cityops-backup", "LC_ALL": "C.UTF-8"}


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return a program's last words in one line, without passwords."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return redact("; ".join(lines[-LAST_WORDS:]) or f"exit code {done.returncode}, without a word")
