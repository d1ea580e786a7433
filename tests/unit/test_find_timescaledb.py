"""Finding a server with TimescaleDB by its pg_config."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cityops.db.flavour import Flavour
from cityops.db.migrate import Status
from cityops.embedded.timescaledb import find_timescaledb
from ingest.chunks import ChunkWidth
from ops_api import cli_db


def installation(folder: Path, version: str, *files: str) -> str:
    """Make a pretended PostgreSQL; return its pg_config."""
    for name in ("bin/postgres", *files):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    program = folder / "bin" / "pg_config"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in\n--version) echo "{version}";;\n--bindir) echo "{folder}/bin";;\n'
        f'--sharedir) echo "{folder}/share";;\nesac\n'
    )
    program.chmod(0o755)
    return str(program)


EXTENSION = "share/extension/timescaledb.control"


@pytest.mark.parametrize(
    ("version", "files", "found"),
    [
        ("PostgreSQL 18.4", (EXTENSION,), True),
        ("PostgreSQL 19beta1 (Debian 19~beta1-1)", (EXTENSION,), True),
        ("PostgreSQL 15.2", (EXTENSION,), True),
        ("PostgreSQL 14.11", (EXTENSION,), False),
        ("PostgreSQL 18.4", (), False),
        ("no version", (EXTENSION,), False),
    ],
)
def test_what_is_taken(tmp_path: Path, version: str, files: tuple[str, ...], found: bool) -> None:
    program = installation(tmp_path, version, *files)
    assert (find_timescaledb(program) == tmp_path / "bin") is found


def test_what_is_not_there_or_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_timescaledb(str(tmp_path / "pg_config")) is None
    (tmp_path / "pg_config").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "pg_config").chmod(0o755)
    assert find_timescaledb(str(tmp_path / "pg_config")) is None
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert find_timescaledb() is None


def test_the_status_says_how_wide_chunks_are_and_should_be() -> None:
    state = Status(Flavour(180004, "2.29.2"), (), (), ())
    ten, one = timedelta(days=10), timedelta(hours=1)
    text = cli_db._as_text(
        state, [ChunkWidth("a_reading", ten, ten, 2880.0), ChunkWidth("b_reading", ten, one, 9e9)]
    )
    assert text.splitlines()[1:] == [
        "chunks   a_reading: 10 days, 2,880 readings a day expected",
        "chunks   b_reading: 10 days, 9,000,000,000 readings a day expected; should be 1 hour (cityops db upgrade)",
    ]
    assert '"wanted_hours": 1.0' in cli_db._as_json(state, [ChunkWidth("b_reading", ten, one, 9e9)])
