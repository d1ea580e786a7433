"""A run's history: every step of every entry, for a checker outside the process.

One line each, ``event device boot first last``, with a closed range of sequences. While
the run lasts the events are ``created``, ``puback`` and ``receipt``; afterwards what the
database holds is added as ``row`` and ``dead`` (a dead letter), a row that is there twice
named twice. Lines that start with ``#`` are remarks: seed, versions, faults with their time.
:mod:`firmware_sim.history_check` compares them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from devices.agent.entry import Key, Run, runs_of

Event = Literal["created", "puback", "receipt", "row", "dead"]


class History:
    """Writes the file; implements :class:`devices.agent.counts.Observer`. Threads may share it."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def created(self, device: str, key: Key) -> None:
        """An entry is in the outbox."""
        with self._lock:
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

    def stored(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The database has a row of each; a second row of one is told again."""
        self._write("row", device, boot, runs)

    def dead(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The database has a dead letter of each."""
        self._write("dead", device, boot, runs)

    def note(self, text: str) -> None:
        """Add a remark of one line."""
        with self._lock:
            self._file.write(f"# {' '.join(text.split())}\n")

    def flush(self) -> None:
        """Hand everything to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: Event, device: str, boot: int, runs: Sequence[Run]) -> None:
        with self._lock:
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
    """Yield the lines of a history, remarks left out, and a last line cut off by a kill too.

    Raises:
        ValueError: naming a line that is none of a history.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith("\n") and not line.startswith("#"):
                try:
                    event, device, boot, first, last = line.split()
                    yield HistoryLine(event, device, int(boot), int(first), int(last))
                except ValueError as e:
                    raise ValueError(
                        f"{path}, line {number}: {line.strip()!r} is no line of a history"
                    ) from e
