"""Who moved out and what residents deleted, written down beside the database: no back-up knows what came after it.

A line each, in a file a month below the data folder: numbers of home and resident and a time, nothing that says who or what.
A restore makes them again (``ops_api.backup.again``). A month's file goes when no back-up is as old.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from ops_api.households.ports import Eraser

log = structlog.get_logger(__name__)
FOLDER = "gone"
"""Below the data folder, which is not the database's disk."""


class Gone(msgspec.Struct, frozen=True):
    """One thing: who moved out, with ``readings`` or ``everything`` what she deleted. ``ended``: to when the move was dated."""

    at: datetime
    home_id: int
    resident_id: str
    what: Literal["moved out", "readings", "everything"]
    ended: datetime | None = None


class GoneBook:
    """The files.

    Args:
        folder: theirs; made when it is needed.
        keep: how old a back-up can be.
    """

    def __init__(self, folder: Path, keep: timedelta) -> None:
        self._folder, self._keep = folder, keep

    def add(self, line: Gone) -> None:
        """Write it, to the disk; who can't be written down is deleted and let go all the same."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drop_before(line.at - self._keep)
            place = self._folder / f"{line.at.astimezone(UTC):%Y-%m}.jsonl"
            descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, msgspec.json.encode(line) + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.exception("not written down for a restore", folder=str(self._folder), error=str(error))

    def since(self, at: datetime) -> list[Gone]:
        """Return what came after ``at``, in its order; a line that was cut short is left out."""
        found = []
        for file in sorted(self._folder.glob("*.jsonl")):
            for text in file.read_bytes().splitlines():
                try:
                    found.append(msgspec.json.decode(text, type=Gone))
                except msgspec.DecodeError as error:
                    log.warning("a line can't be read", file=str(file), error=str(error))
        return sorted((line for line in found if line.at >= at), key=lambda line: line.at)

    def _drop_before(self, at: datetime) -> None:
        for file in self._folder.glob("*.jsonl"):
            if file.stem < f"{at.astimezone(UTC):%Y-%m}":
                file.unlink(missing_ok=True)


class Remembering:
    """An ``Eraser`` that writes down first what another then deletes: a cut between the two deletes it again, and no more."""

    def __init__(self, eraser: Eraser, book: GoneBook) -> None:
        self._eraser, self._book = eraser, book

    async def erase(self, home_id: int, resident_id: str, *, forget: bool) -> Mapping[str, Any]:
        """Delete and return the receipt."""
        what: Literal["everything", "readings"] = "everything" if forget else "readings"
        self._book.add(Gone(datetime.now(UTC), home_id, resident_id, what))
        return await self._eraser.erase(home_id, resident_id, forget=forget)
