"""What is known of the devices' clocks: one offset per start of a device. Pure.

A device without a battery clock starts in 1970 or where it stopped, and says so: its messages carry the
milliseconds since its start and how far its wall clock can be believed. Wall clock minus monotonic clock
of one moment with the right time dates everything of that start. It is learnt, in this order,

1. from a reading or a birth message whose clock was set;
2. for a start whose clock never was, from when its birth message arrived: what arrived had happened;
3. for an earlier start that never had a network, from the next start: it ended before that began.

The last two are bounds from above, kept until something better is known, and what they date is marked as
not to be trusted. A device's own time is not thrown away: its clock's own offset is kept beside ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.core.known_devices import KnownDevice
from ingest.core.readings import (
    NO_BOOT,
    NO_MONO,
    QUALITY_CLOCK_REPAIRED,
    QUALITY_CLOCK_SUSPECT,
    Readings,
)

CLOCK_UNSET = (0, 1)
"""Clock states that are not believed: never synchronised; restored from a file at start."""

Learnt = Literal["reading", "birth", "arrival"]
Start = tuple[int, int]
"""(device_id, boot)."""

_TIGHTER_US = 1_000_000
"""A bound is replaced by one that is lower by more than this; below it is the network's."""
_STARTS = 20_000
"""Starts other than each device's latest that are kept in memory."""


@dataclass(frozen=True, slots=True)
class BootClock:
    """Wall clock minus monotonic clock of one start of a device [µs].

    Attributes:
        offset_us: what dates its readings.
        learnt: from what; ``arrival`` is a bound, not an observation.
        said_us: the same by the device's own wrong clock, where readings of it were repaired: the raw
            time of such a reading is ``ts - offset_us + said_us``.
    """

    offset_us: int
    learnt: Learnt = "reading"
    said_us: int | None = None

    @property
    def sure(self) -> bool:
        """Whether the time was observed."""
        return self.learnt != "arrival"


class Clocks(Protocol):
    """What is known of the devices' clocks."""

    @property
    def unsaved(self) -> dict[Start, BootClock]:
        """What no one has stored yet."""

    def know(self, devices: Iterable[KnownDevice]) -> None:
        """Take what is stored of devices that nothing is known of."""

    def learn(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64], offset_us: NDArray[np.int64]
    ) -> None:
        """Take the offsets of readings whose time is right."""

    def born(self, start: Start, clock: BootClock) -> None:
        """Take what a birth message says."""

    def look_up(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Return for which rows there is an offset, for which it is sure, and the offsets [µs]."""

    def bound(self, start: Start, latest_mono_us: int) -> int | None:
        """Return an offset for a start that had no network, from the device's next one [µs]."""

    def said(self, start: Start, said_us: int) -> None:
        """Take note of the device's own offset where its readings are repaired [µs]."""


class ClockOffsets:
    """A :class:`Clocks` that learns. Each device's latest start is an array's place by device_id, which
    the database hands out densely; other starts are in a bounded dictionary.
    """

    def __init__(self) -> None:
        self.unsaved: dict[Start, BootClock] = {}
        self._boot: NDArray[np.int64] = np.full(0, NO_BOOT, dtype=np.int64)
        self._offset_us: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._starts: dict[Start, BootClock] = {}
        self._newest: dict[int, Start] = {}

    def know(self, devices: Iterable[KnownDevice]) -> None:
        """Take what is stored of devices that nothing is known of."""
        for device in devices:
            if device.clock is not None and device.device_id not in self._newest:
                boot, offset_us, learnt = device.clock
                self._keep((device.device_id, boot), BootClock(offset_us, learnt))

    def learn(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64], offset_us: NDArray[np.int64]
    ) -> None:
        """Remember the offsets [µs] of these devices' starts; the last of a start stays."""
        if len(device_id) == 0:
            return
        grow = int(device_id.max()) + 1 - len(self._boot)
        if grow > 0:
            self._boot = np.concatenate([self._boot, np.full(grow, NO_BOOT, dtype=np.int64)])
            self._offset_us = np.concatenate([self._offset_us, np.zeros(grow, dtype=np.int64)])
        for row in np.flatnonzero(self._boot[device_id] != boot).tolist():
            start = int(device_id[row]), int(boot[row])
            known = self._starts.get(start)
            if known is None or not known.sure:
                said_us = None if known is None else known.said_us
                self._new(start, BootClock(int(offset_us[row]), "reading", said_us))
        self._boot[device_id] = boot
        self._offset_us[device_id] = offset_us

    def born(self, start: Start, clock: BootClock) -> None:
        """Take what a birth message says, where nothing better is known."""
        known = self._starts.get(start)
        if known is None or (not known.sure and clock.sure):
            self._new(start, replace(clock, said_us=known.said_us) if known is not None else clock)
        elif not known.sure and clock.offset_us < known.offset_us - _TIGHTER_US:
            self._new(start, replace(known, offset_us=clock.offset_us))

    def look_up(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Return for which rows there is an offset, for which it is sure, and the offsets [µs]."""
        inside = device_id < len(self._boot)
        at = np.where(inside, device_id, 0)
        if len(self._boot) == 0:
            sure, offset_us = inside & False, np.zeros(len(device_id), dtype=np.int64)
        else:
            sure = inside & (self._boot[at] == boot) & (boot != NO_BOOT)
            offset_us = self._offset_us[at]
        known = sure.copy()
        for row in np.flatnonzero(~sure).tolist():
            clock = self._starts.get((int(device_id[row]), int(boot[row])))
            if clock is not None:
                known[row], sure[row], offset_us[row] = True, clock.sure, clock.offset_us
        return known, sure, offset_us

    def bound(self, start: Start, latest_mono_us: int) -> int | None:
        """Return an offset for a start that had no network, from the device's next one [µs]."""
        newest = self._newest.get(start[0])
        if newest is None or newest[1] <= start[1]:
            return None
        self.born(start, BootClock(self._starts[newest].offset_us - latest_mono_us, "arrival"))
        return self._starts[start].offset_us

    def said(self, start: Start, said_us: int) -> None:
        """Take note of the device's own offset where its readings are repaired, once [µs]."""
        known = self._starts.get(start)
        if known is not None and known.said_us is None:
            self._new(start, replace(known, said_us=said_us))

    def _new(self, start: Start, clock: BootClock) -> None:
        self._keep(start, clock)
        self.unsaved[start] = clock

    def _keep(self, start: Start, clock: BootClock) -> None:
        self._starts[start] = clock
        if start >= self._newest.get(start[0], start):
            self._newest[start[0]] = start
        if len(self._starts) > _STARTS + len(self._newest):
            newest = set(self._newest.values())
            old = next(old for old in self._starts if old not in newest)
            del self._starts[old]


def repair_times(readings: Readings, earliest: NDArray[np.int64], latest_us: int, clocks: Clocks) -> Readings:
    """Return the readings with wrong times corrected from boot and monotonic clock.

    A time is wrong outside [earliest, latest] and doubtful while the device says that its clock was never
    set. Corrected rows are marked ``QUALITY_CLOCK_REPAIRED``; doubtful ones that can't be corrected, and
    those that are dated by a bound only, ``QUALITY_CLOCK_SUSPECT``.
    """
    inside = (readings.ts_us >= earliest) & (readings.ts_us <= latest_us)
    unset = np.isin(readings.clk, CLOCK_UNSET)
    with_mono = (readings.mono_ms != NO_MONO) & (readings.boot != NO_BOOT)
    sure = inside & ~unset & with_mono
    mono_us = readings.mono_ms * 1000
    clocks.learn(readings.device_id[sure], readings.boot[sure], (readings.ts_us - mono_us)[sure])
    doubtful = ~inside | unset
    if not doubtful.any():
        return readings
    rows = np.flatnonzero(doubtful & with_mono)
    ts_us, quality = readings.ts_us.copy(), readings.quality.copy()
    _bound_old_starts(readings, rows[~inside[rows]], clocks)
    known, certain, offset_us = clocks.look_up(readings.device_id[rows], readings.boot[rows])
    dated, trusted = rows[known], rows[known & certain]
    for row in dated.tolist():
        start = int(readings.device_id[row]), int(readings.boot[row])
        clocks.said(start, int(readings.ts_us[row] - mono_us[row]))
    ts_us[dated] = offset_us[known] + mono_us[dated]
    quality[dated] |= QUALITY_CLOCK_REPAIRED
    suspect = unset.copy()
    suspect[dated] = True
    suspect[trusted] = False
    quality[suspect] |= QUALITY_CLOCK_SUSPECT
    return replace(readings, ts_us=ts_us, quality=quality)


def _bound_old_starts(readings: Readings, rows: NDArray[np.int64], clocks: Clocks) -> None:
    """Give starts that nothing is known of, and whose own time is impossible, a bound by the next start."""
    known, _, _ = clocks.look_up(readings.device_id[rows], readings.boot[rows])
    latest: dict[Start, int] = {}
    for row in rows[~known].tolist():
        start = int(readings.device_id[row]), int(readings.boot[row])
        latest[start] = max(latest.get(start, 0), int(readings.mono_ms[row]) * 1000)
    for start, mono_us in latest.items():
        clocks.bound(start, mono_us)
