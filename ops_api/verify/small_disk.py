"""A disk that can be filled: a file system of its own, in memory, under the database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from cityops.errors import ConfigurationError, TransientError

SIZE_MB = 640
"""Programs and database of a run take less than half."""
_BALLAST = "ballast"
_STEP_BYTES = 1_000_000


def refuse_where_impossible() -> None:
    """Raise ConfigurationError where no file system can be mounted."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("mount") is None:
        raise ConfigurationError(
            "the fault fill-disk mounts a small file system for the database, which takes root on Linux; "
            "run as root, or leave it out of --faults"
        )


class SmallDisk:
    """Mounted at ``folder`` until :meth:`remove`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Mount it.

        Raises:
            ConfigurationError: not allowed here.
            TransientError: the kernel refuses, as in a container without that right.
        """
        refuse_where_impossible()
        self.remove()  # left by a run that was killed
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0711", "cityops-verify", str(self.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise TransientError(
                f"fill-disk: no small file system can be mounted here: {done.stderr.strip()}"
            )

    def remove(self) -> None:
        """Unmount it, with what is on it. May be repeated."""
        if self.folder.is_mount():
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)

    async def keep_full(self, seconds: float) -> None:
        """Take all free space, and again what becomes free, for so long; then give it back."""
        loop = asyncio.get_running_loop()
        ballast = self.folder / _BALLAST
        try:
            await asyncio.to_thread(_fill, ballast)
            end_s = loop.time() + seconds
            while loop.time() < end_s:
                await asyncio.to_thread(_fill, ballast)
                await asyncio.sleep(0.1)
        finally:
            ballast.unlink(missing_ok=True)


def _fill(file: Path) -> None:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        free = os.fstatvfs(descriptor)
        for step in (max(4096, (free.f_bavail - 64) * free.f_frsize), _STEP_BYTES, 4096):
            with contextlib.suppress(OSError):  # no space left: that is the aim
                while True:
                    os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, step)
    finally:
        os.close(descriptor)
