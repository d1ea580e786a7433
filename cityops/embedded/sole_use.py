"""One cityops at a time in a folder of servers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from cityops.embedded.postgres import running_port
from cityops.errors import ConfigurationError

LOCK_FILE = "in-use"
_LAST_SERVERS_S = 10.0
"""How long the servers of a killed process may take to end."""


@contextlib.contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Keep every other process out of ``folder`` for as long as the context lasts.

    The lock is the kernel's (flock, so Linux and macOS): it ends with this process, however
    that ends.

    Raises:
        ConfigurationError: another process uses the folder.
    """
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _occupied(folder, f"process {file.read().strip() or 'unknown'}") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        _wait_for_servers(folder)
        yield


def _wait_for_servers(folder: Path) -> None:
    """Wait for the database of a process that was killed: it ends by itself a moment later."""
    deadline_s = time.monotonic() + _LAST_SERVERS_S
    while (port := running_port(folder)) is not None:
        if time.monotonic() > deadline_s:
            raise _occupied(folder, f"a PostgreSQL server on port {port}")
        time.sleep(0.05)


def _occupied(folder: Path, by: str) -> ConfigurationError:
    return ConfigurationError(
        f"{folder} is in use by another cityops ({by}); stop that one, or choose another folder with "
        "--data-dir (and another --port)"
    )
