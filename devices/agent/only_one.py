"""One agent at a time on one outbox: two would give one number to two readings."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cityops.errors import ConfigurationError

LOCK_FILE = "agent.lock"


class OnlyOne:
    """Holds the folder of a device until closed, or until the process ends, however it ends.

    Raises:
        ConfigurationError: another agent holds it. A folder that can't be written is held by nobody.
    """

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            self.close()
            raise ConfigurationError(f"another agent runs on {folder}; stop it first") from e
        except OSError:  # a file system without locks
            self.close()

    def close(self) -> None:
        """Let another one have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_running(folder: Path) -> bool:
    """Whether an agent holds ``folder``; leaves nothing behind."""
    if not (folder / LOCK_FILE).exists():
        return False
    try:
        OnlyOne(folder).close()
    except ConfigurationError:
        return True
    return False
