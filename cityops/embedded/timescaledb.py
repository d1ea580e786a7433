"""A PostgreSQL of the machine that offers TimescaleDB, where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cityops.db.flavour import MINIMUM_SERVER

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "shared_preload_libraries": "timescaledb",
        "timescaledb.telemetry_level": "off",
        "timescaledb.max_background_workers": "32",
        "max_worker_processes": "48",
    }
)
"""What a server needs to be started with for it; a worker per database and some for policies."""


def find_timescaledb(pg_config: str | None = None) -> Path | None:
    """Return the folder of the programs of a server with the extension, or None.

    Args:
        pg_config: the program to ask; None looks for ``pg_config`` on PATH.
    """
    program = pg_config or shutil.which("pg_config")
    if program is None:
        return None
    try:
        words = [_ask(program, what) for what in ("--version", "--bindir", "--sharedir")]
    except (OSError, subprocess.SubprocessError):
        return None
    version, binaries, shared = words[0], Path(words[1]), Path(words[2])
    found = (binaries / "postgres").is_file() and (shared / "extension" / "timescaledb.control").is_file()
    return binaries if found and _major(version) * 10_000 >= MINIMUM_SERVER else None


def _ask(program: str, what: str) -> str:
    return subprocess.run(
        [program, what], capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()


def _major(version: str) -> int:
    number = re.search(r"\d+", version)  # PostgreSQL 18.4, PostgreSQL 19beta1
    return int(number.group()) if number else 0
