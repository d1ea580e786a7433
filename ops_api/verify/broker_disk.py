"""No room on the broker's disk: a limit on what its process may write to any file.

The kernel answers as a full disk does: part of a write goes through, the next one fails (EFBIG in
place of ENOSPC). Unlike a small file system it takes no root, and the disk is full for the
broker alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from cityops.errors import ConfigurationError, TransientError

STORE = "mosquitto.db"
UNFINISHED = "mosquitto.db.new"
"""What is written before it replaces the other."""


def refuse_where_impossible() -> None:
    """Raise ConfigurationError where a running process can't be limited."""
    if not sys.platform.startswith("linux") or shutil.which("prlimit") is None:
        raise ConfigurationError(
            "the fault fill-broker-disk limits what the broker may write, which takes Linux and the program "
            "prlimit (package util-linux); install it, or leave the fault out of --faults"
        )


def set_limit(pid: int, most_bytes: int | None) -> None:
    """Let the process write no file beyond ``most_bytes``; None is without limit.

    Raises:
        TransientError: the kernel refuses.
    """
    soft = "unlimited" if most_bytes is None else str(most_bytes)
    done = subprocess.run(
        ["prlimit", "--pid", str(pid), f"--fsize={soft}:unlimited"],
        capture_output=True,
        text=True,
        check=False,
        **_identity(pid),
    )
    if done.returncode != 0:
        raise TransientError(f"fill-broker-disk: the broker can't be limited: {done.stderr.strip()}")


def reached(folder: Path, most_bytes: int, since_s: float) -> bool:
    """Whether a save went up to the limit since then [s since 1970]: its file is as long."""
    files = [stat for name in (STORE, UNFINISHED) if (stat := _stat(folder / name)) is not None]
    return any(stat.st_size == most_bytes and stat.st_mtime >= since_s for stat in files)


def saved_bytes(folder: Path) -> int:
    """Return the size of what the broker last saved [bytes], 0 where it saved nothing."""
    stat = _stat(folder / STORE)
    return 0 if stat is None else stat.st_size


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def _identity(pid: int) -> dict[str, Any]:
    # In a container root may not limit another user's process; that user may.
    if os.geteuid() != 0:
        return {}
    owner = psutil.Process(pid)
    return {"user": owner.uids().real, "group": owner.gids().real, "extra_groups": []}
