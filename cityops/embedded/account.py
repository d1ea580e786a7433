"""The user that embedded servers run as.

PostgreSQL refuses to run as root. There we run it, and the broker, as an
unprivileged user; nobody else's files or folders change their modes for that.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cityops.errors import ConfigurationError

CANDIDATES = ("cityops", "postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged user."""

    name: str
    uid: int
    gid: int

    def can(self, test: str, path: Path) -> bool:
        """Whether this user passes ``test -<test> path`` (x to enter a folder or run a file)."""
        done = subprocess.run(
            ["/bin/sh", "-c", 'test "$1" "$2"', "sh", f"-{test}", str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        return done.returncode == 0


def server_account(data_dir: Path) -> Account | None:
    """Return the user that servers with their data in ``data_dir`` run as; None: as ourselves.

    The owner of a directory that is there already, else the first of ``CANDIDATES``.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.is_dir() and data_dir.stat().st_uid != 0:
        return _named(data_dir.stat().st_uid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ConfigurationError(f"running as root needs one of the users {', '.join(CANDIDATES)} to exist")


def _named(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)


def own_directory(path: Path, account: Account | None, mode: int = 0o700) -> Path:
    """Make ``path`` a folder of the server's user and return it.

    Missing parents are made traversable; existing ones are left as they are.

    Raises:
        ConfigurationError: it can't be made, or the user may not enter an existing parent.
    """
    path = path.absolute()
    fresh = not path.exists()
    try:
        _make(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be made: {error.filename}: {error.strerror}; choose another folder with --data-dir "
            "(or CITYOPS_DATA_DIR)"
        ) from error
    if account is not None and path.stat().st_uid != account.uid:
        os.chown(path, account.uid, account.gid)
    if fresh or account is not None:
        path.chmod(mode)
    if account is not None and not account.can("x", path):
        barrier = next((p for p in reversed(path.parents) if not account.can("x", p)), path)
        raise ConfigurationError(
            f"{path}: as root the embedded servers run as user {account.name!r}, who may not enter {barrier}; "
            "choose another folder with --data-dir (or CITYOPS_DATA_DIR), e.g. /var/lib/cityops, or run as an "
            "ordinary user"
        )
    return path


def _make(path: Path) -> None:
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)
    path.mkdir(exist_ok=True)


def write_private(path: Path, text: str, account: Account | None) -> Path:
    """Write a file that only the server's user (and root) may read; return ``path``."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path
