"""Mosquitto's password file, list of revoked certificates, and its reload.

Measured on Mosquitto 2.0.11 (tests/integration/test_broker_access.py): SIGHUP reads the file again and ends every live
session whose password is not in it any more. It does not look at live sessions by certificate, though new ones are held
to the list: those are ended by a take-over. What could not be told is told by the next call, of any process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cityops.errors import TransientError
from ops_api.provisioning.brokers.owed import Owed, owed_at
from ops_api.provisioning.core import logins
from ops_api.provisioning.ports import Changes, RevocationList, Signer, Wanted

FIRST_MODE = 0o600
WATCHED_WITHIN_S = 2.0
"""Within which a watcher has had the broker read its files [s]."""
LIST_AHEAD = timedelta(days=180)
"""A list of revoked certificates that is good for less is written anew, though nothing changed in it."""


class Kick(Protocol):
    """Ends a live session."""

    def __call__(self, device: str, /) -> None:
        """End the session with this client id; TransientError where the broker does not answer."""
        ...


@dataclass(frozen=True, slots=True)
class RevocationFile:
    """Where the broker reads which certificates are no good, and who signs that."""

    path: Path
    signer: Signer


class PasswordFile:
    """See :class:`ops_api.provisioning.ports.BrokerAccess`.

    Args:
        path: of the password file; its folder must be ours to write in.
        reload: makes the broker read its files again.
        kick: ends live sessions; None: the reload alone does, which leaves those by certificate.
        revocations: for devices with certificates.
        now: the time.
    """

    def __init__(
        self,
        path: Path,
        reload: Callable[[], None],
        kick: Kick | None = None,
        revocations: RevocationFile | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._reload = reload
        self._kick = kick
        self._revocations = revocations
        self._now = now

    async def known(self) -> Mapping[str, str]:
        """Return the password hash of every login."""
        return logins.parse(await asyncio.to_thread(self._read))

    async def make_so(self, wanted: Wanted) -> Changes:
        """Make devices' logins what is wanted, and have the broker read them."""
        return await asyncio.to_thread(self._make_so, wanted)

    def _make_so(self, wanted: Wanted) -> Changes:
        with self._alone() as owed:
            text = self._read()
            changes = logins.changes_of(logins.parse(text), wanted)
            revoked = self._newly_revoked(wanted)
            if changes or revoked is not None:
                owed.add({*changes.removed, *(revoked or ())})  # before the files no longer tell
            if changes:
                replace(self._path, logins.changed(text, wanted, changes).encode())
            if revoked is not None and self._revocations is not None:
                replace(
                    self._revocations.path, self._revocations.signer.revocations(wanted.revoked, self._now())
                )
            ended = set(owed.ends)
            self._tell(owed)
        return Changes(changes.added, changes.changed, sorted({*changes.removed, *(ended & wanted.refused)}))

    def _newly_revoked(self, wanted: Wanted) -> set[str] | None:
        """Return whose certificates are new in the list of revoked ones; None where it may stay as it is."""
        if self._revocations is None:
            return None
        path, signer = self._revocations.path, self._revocations.signer
        before = signer.listed(path.read_bytes()) if path.exists() else RevocationList()
        is_fresh = before.good_until is not None and before.good_until - self._now() > LIST_AHEAD
        if is_fresh and before.serials == frozenset(wanted.revoked):
            return None
        return {one.device for serial, one in wanted.revoked.items() if serial not in before.serials}

    def _tell(self, owed: Owed) -> None:
        """Have the broker read its files, then end sessions, each of them; raises the first TransientError at the end.

        Without the reload nobody is ended: they would come in again.
        """
        if owed.reload:
            self._reload()
            owed.reloaded()
        failures = []
        for device in sorted(owed.ends):
            try:
                self._end(device)
            except TransientError as e:
                failures.append(e)
            else:
                owed.ended(device)
        if failures:
            raise failures[0]
        owed.clear()

    def _end(self, device: str) -> None:
        if self._kick is not None:
            self._kick(device)

    def _read(self) -> str:
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as e:
            raise TransientError(f"the broker's password file {self._path} can't be read: {e}") from e

    @contextmanager
    def _alone(self) -> Iterator[Owed]:
        """Lend what the broker is still to be told; no other process of ours writes its files meanwhile."""
        try:
            with owed_at(self._path.with_name(self._path.name + ".lock")) as owed:
                yield owed
        except OSError as e:
            raise TransientError(f"the broker's password file {self._path} can't be written: {e}") from e


def replace(path: Path, content: bytes) -> None:
    """Replace a file at once, with its owner and mode; one of another owner, whose group we are in, is written where it is."""
    folder, new = path.parent.stat(), path.with_name(f".{path.name}.new")
    was = path.stat() if path.exists() else None
    if was is not None and os.geteuid() not in (0, was.st_uid):
        path.write_bytes(content)  # the broker wants its files to be its own
        return
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FIRST_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), FIRST_MODE if was is None else was.st_mode & 0o777)
        if os.geteuid() == 0:  # else it is the broker's already, or shared by its group
            owner = folder if was is None else was
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    new.replace(path)


def reload_by_pid(pid_file: Path) -> Callable[[], None]:
    """Return what sends SIGHUP to the broker whose process id is in a file; TransientError where it can't."""

    def reload() -> None:
        try:
            pid = int(pid_file.read_text().strip())
            program = Path(f"/proc/{pid}/comm")
            if program.exists() and not program.read_text().startswith("mosquitto"):
                raise TransientError(f"process {pid} of {pid_file} is no mosquitto: is the broker running?")
            os.kill(pid, signal.SIGHUP)
        except (OSError, ValueError) as e:
            raise TransientError(f"the broker of {pid_file} can't be told to read its logins: {e}") from e

    return reload


def reload_by_watcher(wait_s: float = 0.0) -> None:
    """Leave it to whoever started the broker and watches the files each second (deploy/mosquitto/watch.sh).

    Args:
        wait_s: return when it has surely been done: a session that is ended earlier comes in again.
    """
    time.sleep(wait_s)
