"""What a history proves: every reading stored once, and none missing that was promised.

Pure: lines in, a verdict out. It trusts nothing but the lines, so a history that is kept can
be judged again by anyone, with this or with another program.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firmware_sim.history import HistoryLine

Seqs = NDArray[np.int64]
EVENTS = ("created", "puback", "receipt", "row", "dead")
EXAMPLES = 5
"""Of each kind of failure so many are named."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counts of readings by (device, boot, sequence).

    Attributes:
        created: measured by a device: what is to be found again.
        pubacked: the broker acknowledged them.
        receipted: the server's receipt named them.
        committed: different readings in the reading tables.
        dead_lettered: different readings in the dead letters.
        stored_twice: rows beyond the first of a reading, or both a row and a dead letter.
        lost: created, and neither row nor dead letter.
        receipted_missing: receipted, and neither row nor dead letter: a broken promise.
        never_created: a row or dead letter of something that no device made.
        unreceipted: created and never receipted; a device would still hold these.
        examples: some of what is wrong, in words.
    """

    created: int = 0
    pubacked: int = 0
    receipted: int = 0
    committed: int = 0
    dead_lettered: int = 0
    stored_twice: int = 0
    lost: int = 0
    receipted_missing: int = 0
    never_created: int = 0
    unreceipted: int = 0
    examples: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether published = committed + dead-lettered, each once, and no promise is broken; of nothing, no."""
        wrong = (self.stored_twice, self.lost, self.receipted_missing, self.never_created)
        return wrong == (0, 0, 0, 0) and 0 != self.created == self.committed + self.dead_lettered


@dataclass(slots=True)
class _Ranges:
    """First and last sequences of the lines of one event."""

    first: array[int] = field(default_factory=lambda: array("q"))
    last: array[int] = field(default_factory=lambda: array("q"))

    def expanded(self) -> Seqs:
        """Return every sequence, as often as it is named."""
        first, last = np.array(self.first, dtype=np.int64), np.array(self.last, dtype=np.int64)
        lengths = last - first + 1
        starts = np.cumsum(lengths) - lengths
        every: Seqs = np.arange(lengths.sum(), dtype=np.int64) - np.repeat(starts - first, lengths)
        return every


def judge(lines: Iterable[HistoryLine]) -> Verdict:
    """Return what ``lines`` prove, in whatever order they come.

    Raises:
        ValueError: an unknown event or an empty range.
    """
    held: dict[tuple[str, int], dict[str, _Ranges]] = {}
    for line in lines:
        if line.event not in EVENTS or line.last < line.first:
            raise ValueError(
                f"{line} is no line of a history: events are {', '.join(EVENTS)}, ranges first ≤ last"
            )
        events = held.setdefault((line.device, line.boot), {e: _Ranges() for e in EVENTS})
        events[line.event].first.append(line.first)
        events[line.event].last.append(line.last)
    tally = _Tally()
    for (device, boot), events in sorted(held.items()):
        tally.add(f"{device} boot {boot}", {name: ranges.expanded() for name, ranges in events.items()})
    return Verdict(**tally.counts, examples=tuple(tally.examples))


class _Tally:
    """Adds up the devices."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.examples: list[str] = []

    def add(self, whose: str, named: dict[str, Seqs]) -> None:
        """Compare what one device did, in one boot, with what is stored of it."""
        of = {event: np.unique(seqs) for event, seqs in named.items()}
        rows, times = np.unique(named["row"], return_counts=True)
        stored = np.union1d(rows, of["dead"])
        both = np.intersect1d(rows, of["dead"])
        self._count("created", len(of["created"]))
        self._count("pubacked", len(of["puback"]))
        self._count("receipted", len(of["receipt"]))
        self._count("committed", len(rows))
        self._count("dead_lettered", len(of["dead"]))
        self._count("unreceipted", len(np.setdiff1d(of["created"], of["receipt"])))
        self._wrong("stored_twice", whose, np.repeat(rows, times - 1))
        self._wrong("stored_twice", whose, both)
        self._wrong("lost", whose, np.setdiff1d(of["created"], stored))
        self._wrong("receipted_missing", whose, np.setdiff1d(of["receipt"], stored))
        self._wrong("never_created", whose, np.setdiff1d(stored, of["created"]))

    def _count(self, name: str, number: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def _wrong(self, name: str, whose: str, seqs: Seqs) -> None:
        before = self.counts.get(name, 0)
        self._count(name, len(seqs))
        for seq in seqs[: max(0, EXAMPLES - before)]:
            self.examples.append(f"{name.replace('_', ' ')}: {whose} sequence {seq}")
