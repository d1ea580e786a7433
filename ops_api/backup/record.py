"""Back-ups in the database's own book, so that one too old is noticed."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path

import psycopg

from cityops.errors import CityopsError
from ops_api.backup.manifest import Manifest
from ops_api.backup.session import open_session

_MADE = """insert into backup_run (name, started_at, ended_at, ok, bytes, database_bytes, wal_lsn, place)
values (%s, %s, %s, true, %s, %s, %s::pg_lsn, %s)"""
_FAILED = "insert into backup_run (name, started_at, ok, place, problem) values (%s, least(%s, now()), false, %s, %s)"
_CHECKED = """update backup_run set verified_at = case when %(problem)s = '' then now() else verified_at end,
    problem = %(problem)s where name = %(name)s and ok"""


def note_made(dsn: str, manifest: Manifest, folder: Path) -> str:
    """Write down a back-up that was made; return why it could not be, in words, or nothing."""
    values = (
        manifest.name, manifest.started_at, max(manifest.ended_at, manifest.started_at), manifest.bytes,
        manifest.database_bytes, manifest.wal_lsn, _place(folder),
    )  # fmt: skip
    return _write(dsn, _MADE, values)


def note_failed(dsn: str, name: str, started_at: datetime, folder: Path, problem: str) -> str:
    """Write down one that failed; as :func:`note_made`."""
    return _write(dsn, _FAILED, (name, started_at, _place(folder), problem or "unknown"))


def note_checked(dsn: str, name: str, problem: str) -> str:
    """Write down that one was restored for a check; as :func:`note_made`."""
    return _write(dsn, _CHECKED, {"name": name, "problem": problem})


def _place(folder: Path) -> str:
    return f"{socket.gethostname()}:{folder}"


def _write(dsn: str, statement: str, values: tuple[object, ...] | dict[str, object]) -> str:
    # A back-up is good whether or not it could be written down: its database may be of an older version.
    try:
        with open_session(dsn) as conn:
            conn.execute(statement, values)
    except (CityopsError, psycopg.Error) as error:
        return f"not written down in the database: {' '.join(str(error).split())}"
    return ""
