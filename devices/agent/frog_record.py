"""Fills the frog's record from what its agent keeps, and mends the times of a wrong clock.

Nothing here may hold up measuring or end the agent: where the card fails, the record waits in
memory, the trouble is told, and readings go their way through the outbox as ever.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import msgspec

from devices.agent.clock_state import Clk, Moment
from devices.agent.entry import Entry, Key
from devices.agent.outbox_forgotten import Erased
from devices.agent.pause import Pause
from devices.contract.messages import Activity
from devices.log import get_logger
from devices.page.judge import ACT_S
from devices.page.ring import CLOCK_SET_S, FINE_SLOTS, Ring
from devices.page.samples import SLOT_S, Note, Sample

log = get_logger(__name__)

RING_FILE = "frog.db"
_STEP_MS = 2_000
_LATELY = 2 * ACT_S // SLOT_S
_AGAIN = 64
"""Entries of the outbox that are looked at again after a start: more than a batch, and than a day's diary."""


class Forgetful(Protocol):
    """An outbox that can forget."""

    @property
    def forgotten_to(self) -> Key:
        """The last key of what is forgotten."""
        ...

    def forget(self) -> Erased:
        """Forget what the server holds, and the rest once it does. OutboxError where the card does not take it."""
        ...

    def forget_to(self, key: Key) -> None:
        """Forget up to ``key``, as a file was to that broke. OutboxError where the card does not take it."""
        ...


class Record:
    """Implements :class:`devices.agent.agent.Witness`.

    Args:
        ring: where to; see :func:`open_ring`.
    """

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.latest: Sample | None = None
        self.lately: deque[Sample] = deque(maxlen=_LATELY)
        """Of the last hours, oldest first, for the frog's opinion."""
        self.trouble = ""
        self._last: Moment | None = None
        self._pause = Pause()
        """Readings that pass before traces that could not be removed are tried again."""

    def refill(self, newest: Iterable[Entry]) -> None:
        """Take what the outbox has and the record lacks; ``newest`` are its entries, newest first.

        Of each start the newest entry knows best how far the clock was off.
        """
        offsets: dict[int, int] = {}
        lately: list[Sample] = []
        try:
            for entry in newest:
                offset_ms = offsets.setdefault(entry.boot, entry.wall_ms - entry.mono_ms)
                set_then = entry.clk == Clk.SYNCHRONISED
                at_ms = entry.wall_ms if set_then else entry.mono_ms + offset_ms
                sample = self._take(entry, at_ms)
                if sample is not None and len(lately) < _LATELY:
                    lately.append(sample)
            self.ring.flush()
        except sqlite3.Error as e:
            self._failed(e)
        self.lately.extend(reversed(lately))
        self.latest = lately[0] if lately else None

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was put into the outbox."""
        self._pause.entry()
        self._mend(key[0], moment)
        sample = _sample(key[0], moment.wall_ms, fields)
        if sample is None:
            return
        self.latest = sample
        self.lately.append(sample)
        true_s = sample.at_s if moment.clk == Clk.SYNCHRONISED else None
        try:
            self.ring.add(sample, true_s)
            self.trouble = ""
        except sqlite3.Error as e:
            self._failed(e)

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """A diary entry was put into the outbox."""
        self._mend(key[0], moment)
        try:
            self.ring.note(Note(*key, moment.wall_ms // 1000, activity, source))
        except sqlite3.Error as e:
            self._failed(e)

    def forget(self, to: Key) -> None:
        """Forget everything, and take nothing up to the key ``to`` again.

        Raises:
            sqlite3.Error: nothing was forgotten.
        """
        self.ring.forget(to)
        self.lately.clear()
        self.latest = None
        self._pause = Pause()
        self.scrub()

    def scrub(self) -> None:
        """Remove the last traces of what was forgotten, where there are any; where they stay, call again."""
        if not self.ring.traces or not self._pause.is_over:
            return
        try:
            self.ring.scrub()
            self._pause.worked()
        except sqlite3.Error as e:
            self._pause.failed()
            log.warning(
                "traces of what was forgotten are left for now",
                tried_again_after_readings=self._pause.left,
                reason=str(e),
            )

    def close(self) -> None:
        """Write what waits and close."""
        try:
            self.ring.close()
        except sqlite3.Error as e:
            self._failed(e)

    def _mend(self, boot: int, moment: Moment) -> None:
        """Move this start's samples where the clock was set since: they were that much off."""
        last, self._last = self._last, moment
        if last is None or last.clk == Clk.SYNCHRONISED:
            return
        off_ms = (moment.wall_ms - moment.mono_ms) - (last.wall_ms - last.mono_ms)
        if abs(off_ms) <= _STEP_MS:
            return
        try:
            self.ring.shift(boot, round(off_ms / 1000))
        except sqlite3.Error as e:
            self._failed(e)
        moved = [s.moved(round(off_ms / 1000)) if s.boot == boot else s for s in self.lately]
        self.lately = deque(moved, maxlen=_LATELY)

    def _take(self, entry: Entry, at_ms: int) -> Sample | None:
        if entry.key <= self.ring.forgotten_to:
            return None  # of who lived here before: only to be sent
        if at_ms // 1000 < max(CLOCK_SET_S, self.ring.taken_from_s()):
            return None
        fields = msgspec.json.decode(entry.payload)
        if entry.channel == "diary":
            self.ring.note(Note(*entry.key, at_ms // 1000, fields["activity"], fields.get("source", "")))
            return None
        sample = _sample(entry.boot, at_ms, fields)
        if sample is not None:
            self.ring.add(sample)
        return sample

    def _failed(self, e: sqlite3.Error) -> None:
        if self.trouble != str(e):
            log.warning("the frog's own record was not written", reason=str(e))
        self.trouble = str(e)


def forget_both(outbox: Forgetful, record: Record) -> Erased:
    """Forget the household in the outbox and in the record; return what that did.

    The outbox first: its mark is what counts, and :func:`catch_up` has the record follow after a power cut.

    Raises:
        OutboxError, sqlite3.Error: the card does not take it.
    """
    erased = outbox.forget()
    record.forget(outbox.forgotten_to)
    return replace(erased, traces=erased.traces or record.ring.traces)


def catch_up(outbox: Forgetful, record: Record) -> None:
    """Have the record forget what the outbox has, where the power went between the two.

    And the outbox what the record has, where it broke and its new file does not know of it any more.

    Raises:
        OutboxError, sqlite3.Error: nothing was forgotten.
    """
    if outbox.forgotten_to > record.ring.forgotten_to:
        record.forget(outbox.forgotten_to)
    elif outbox.forgotten_to < record.ring.forgotten_to:
        outbox.forget_to(record.ring.forgotten_to)


def open_ring(folder: Path) -> Ring:
    """Return the record in ``folder``; a file that can't be read is put aside and begun anew.

    Raises:
        sqlite3.Error: it can't be made.
    """
    path = folder / RING_FILE
    try:
        return Ring(path)
    except sqlite3.DatabaseError as e:
        log.warning("the frog's own record is broken and begun anew", path=str(path), reason=str(e))
        for suffix in ("", "-wal", "-shm"):
            old = path.with_name(path.name + suffix)
            if old.exists():
                old.replace(path.with_name(f"{path.name}.broken{suffix}"))
        return Ring(path)


def how_many_again(ring: Ring) -> int:
    """Return how many of the outbox's newest entries are worth looking at: all that fit where it is new."""
    return FINE_SLOTS if ring.newest_s() is None else _AGAIN


def _sample(boot: int, wall_ms: int, fields: Mapping[str, float]) -> Sample | None:
    try:
        return Sample(
            wall_ms // 1000,
            boot,
            float(fields["temperature_c"]),
            float(fields["humidity_pct"]),
            None if fields.get("wall_temperature_c") is None else float(fields["wall_temperature_c"]),
        )
    except KeyError:
        return None
