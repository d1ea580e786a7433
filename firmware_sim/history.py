"""A run's history: every step of every entry, for a checker outside the process.

One line each, ``event device boot first last``, with ``created``, ``puback`` or
``receipt`` as the event and a closed range of sequences. A checker compares it with the
rows in the database: created but not stored, receipted but not stored, stored twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from devices.agent.entry import Key, Run, runs_of

Event = Literal["created", "puback", "receipt"]


class History:
    """Writes the file; implements :class:`devices.agent.counts.Observer`."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="ascii")

    def created(self, device: str, key: Key) -> None:
        """An entry is in the outbox."""
        self._file.write(f"created {device} {key[0]} {key[1]} {key[1]}\n")

    def pubacked(self, device: str, keys: Sequence[Key]) -> None:
        """The broker took a message with these entries."""
        by_boot: dict[int, list[int]] = {}
        for boot, seq in keys:
            by_boot.setdefault(boot, []).append(seq)
        for boot, seqs in by_boot.items():
            self._write("puback", device, boot, runs_of(sorted(seqs)))

    def receipted(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The server confirmed these."""
        self._write("receipt", device, boot, runs)

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: Event, device: str, boot: int, runs: Sequence[Run]) -> None:
        for first, last in runs:
            self._file.write(f"{event} {device} {boot} {first} {last}\n")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of a history."""

    event: str
    device: str
    boot: int
    first: int
    last: int


def read_history(path: Path) -> Iterator[HistoryLine]:
    """Yield the lines of a history; a last line cut off by a kill is left out."""
    with path.open(encoding="ascii") as file:
        for line in file:
            if line.endswith("\n"):
                event, device, boot, first, last = line.split()
                yield HistoryLine(event, device, int(boot), int(first), int(last))
