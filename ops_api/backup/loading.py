"""The dump into an empty database, by pg_restore.

TimescaleDB's catalogue has foreign keys in circles and says which chunks there are: it is loaded first and by
one process, the rest after it by several.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cityops.errors import TransientError
from ops_api.backup.programs import Programs
from ops_api.backup.session import environment, said

SESSION = "-c synchronous_commit=off -c maintenance_work_mem=256MB"
"""Of sessions that load: what they write is made durable once, at the end."""
_CATALOGUE = (
    " TABLE DATA _timescaledb_catalog ",
    " TABLE DATA _timescaledb_config ",
    " SEQUENCE SET _timescaledb_",
)


def load(dsn: str, dump: Path, programs: Programs, jobs: int, *, timescaledb: bool) -> None:
    """Load all of ``dump``.

    Raises:
        TransientError: pg_restore fails; its last words are told.
    """
    if not timescaledb:
        _run(dsn, programs, [f"--jobs={jobs}", str(dump)])
        return
    _run(dsn, programs, ["--section=pre-data", str(dump)])
    first, rest = split(_contents(programs, dump))
    with tempfile.TemporaryDirectory(prefix="cityops-restore-") as folder:
        for name, lines, how in (("catalogue", first, "--jobs=1"), ("rest", rest, f"--jobs={jobs}")):
            chosen = Path(folder, name)
            chosen.write_text("\n".join(lines) + "\n", encoding="utf-8")
            _run(dsn, programs, ["--section=data", how, f"--use-list={chosen}", str(dump)])
    _run(dsn, programs, ["--section=post-data", f"--jobs={jobs}", str(dump)])


def split(contents: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the lines of a dump's list that are TimescaleDB's catalogue, and the others. Pure."""
    items = [line for line in contents if line and not line.startswith(";")]
    first = [line for line in items if any(mark in line for mark in _CATALOGUE)]
    return first, [line for line in items if line not in set(first)]


def _contents(programs: Programs, dump: Path) -> list[str]:
    done = subprocess.run(
        [programs.path("pg_restore"), "--list", str(dump)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise TransientError(f"pg_restore can't read the dump: {said(done)}")
    return done.stdout.splitlines()


def _run(dsn: str, programs: Programs, words: list[str]) -> None:
    options = environment(dsn, SESSION) | programs.environment
    done = subprocess.run(
        [programs.path("pg_restore"), "--exit-on-error", "--no-password", f"--dbname={options['PGDATABASE']}", *words],
        env=options, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise TransientError(f"pg_restore failed: {said(done)}")
