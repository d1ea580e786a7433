"""The device's password on its card: the present one, and the next one while it is not known to work.

A password is changed by having two: the next is on the card before the server hears of it, and takes the place of the
present one when the broker has accepted it. Until then whichever of them is refused gives way to the other. So power may
fail at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from devices.contract.provisioning import SALT_BYTES, SECRET_BYTES, make_verifier

PRIVATE = 0o600


def new_password() -> str:
    """Return a password of 256 bits of chance."""
    return secrets.token_urlsafe(SECRET_BYTES)


def verifier_of(password: str) -> str:
    """Return what the server is told of a password.

    The salt is made of the password, which has all the chance that a salt could add: so a device that asks again asks the same.
    """
    return make_verifier(
        password, hashlib.sha256(b"cityops salt\n" + password.encode()).digest()[:SALT_BYTES]
    )


def write(path: Path, content: str | bytes, mode: int = PRIVATE) -> None:
    """Replace a file at once: there is the old one or the new one, whatever happens."""
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), mode)
        if os.geteuid() == 0:  # the agent, who reads it, is whoever the folder belongs to
            owner = path.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    replace(new, path)


def replace(source: Path, target: Path) -> None:
    """Rename, and have that on the card."""
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def next_of(path: Path) -> Path:
    """Return where the next credential waits."""
    return path.with_name(f"{path.name}.next")


class PasswordFiles:
    """Which password to show at the broker.

    Args:
        path: file of the present password; the next is beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._use_next = False
        self._last = ""

    def password(self) -> str:
        """Return the password to try now; the one before where the file can't be read: a device goes on."""
        path = next_of(self._path) if self._use_next and next_of(self._path).exists() else self._path
        with contextlib.suppress(OSError, UnicodeDecodeError):
            self._last = path.read_text(encoding="utf-8").strip()
        return self._last

    def refused(self) -> None:
        """The broker refused it: try the other one next time, where there is one."""
        self._use_next = not self._use_next and next_of(self._path).exists()

    def accepted(self) -> None:
        """The broker accepted it: a next one is the present one from now on."""
        if self._use_next and next_of(self._path).exists():
            try:
                replace(next_of(self._path), self._path)
            except OSError:  # a card that takes nothing: the next one is used where it lies
                return
        self._use_next = False
