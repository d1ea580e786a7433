"""What is missing, as values: of a device, of a kind, and how a person reads it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

SILENT_INTERVALS = 3
"""A device that missed so many of its intervals is silent."""


CATCHING_UP = timedelta(minutes=1)


class MissingRange(NamedTuple):
    """Numbers of one boot that were never received, both ends included."""

    boot: int
    first: int
    last: int

    @property
    def numbers(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMissing:
    """One device.

    Attributes:
        name, kind, in_home: what it is.
        cadence_s: its interval [s].
        expected, stored: readings in the window; None where its kind does not measure all the time.
        received, missing, gaps: numbers held, numbers missing, ranges of these.
        lost: numbers of a LoRaWAN sensor that were lost on the air: nobody can send them again, and they are not missing.
        ranges: the ranges, the newest boot first; not necessarily all.
        waiting, status_at: what its last status said waits in its outbox, and when; None where it
            did not say: it is offline, and the broker spoke for it.
        heard_at: time of its newest reading.
    """

    name: str
    kind: str
    in_home: bool
    cadence_s: int
    expected: int | None
    stored: int | None
    received: int
    missing: int
    gaps: int
    ranges: tuple[MissingRange, ...]
    waiting: int | None
    status_at: datetime | None
    heard_at: datetime | None
    lost: int = 0

    @property
    def lost_share(self) -> float | None:
        """The share of its frames that the air took, 0 to 1; None where none was."""
        return self.lost / (self.received + self.lost) if self.lost > 0 else None

    @property
    def share(self) -> float | None:
        """Completeness in the window, 0 to 1; None where nothing is expected."""
        return share(self.stored, self.expected)

    def silent(self, now: datetime) -> bool:
        """Whether it has missed several of its intervals; one that sends now and then is never silent."""
        if self.expected is None:
            return False
        limit = timedelta(seconds=SILENT_INTERVALS * self.cadence_s)
        return self.heard_at is None or now - self.heard_at > limit


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMissing:
    """All devices of a kind together; see :class:`DeviceMissing`.

    Attributes:
        short_devices: with fewer readings than expected in the window.
        gap_devices: with numbers missing.
        lost, lost_devices: numbers lost on the air, and of how many devices.
        waiting_devices, oldest_status_at: with something in the outbox, and the oldest of their statuses.
        look_devices: worth a look for any reason.
        week_expected, week_stored: the same of seven days; None where not counted.
    """

    kind: str
    devices: int
    expected: int | None
    stored: int | None
    short_devices: int
    received: int
    missing: int
    gap_devices: int
    waiting: int
    waiting_devices: int
    oldest_status_at: datetime | None
    look_devices: int
    week_expected: int | None = None
    week_stored: int | None = None
    lost: int = 0
    lost_devices: int = 0

    @property
    def lost_share(self) -> float | None:
        """The share of all its devices' numbers that the air took, 0 to 1; None where none was."""
        return self.lost / (self.received + self.lost) if self.lost > 0 else None

    @property
    def share(self) -> float | None:
        """Completeness in the window, 0 to 1."""
        return share(self.stored, self.expected)

    @property
    def week_share(self) -> float | None:
        """Completeness of seven days, 0 to 1."""
        return share(self.week_stored, self.week_expected)


@dataclass(frozen=True, slots=True)
class Missing:
    """The fleet, or a part of it, counted at one time.

    Attributes:
        at: when it was counted, in the town's time.
        clock_at: the same by the wall clock, against which statuses are old.
        start, end: window of the completeness; whole hours. Equal where nothing was stored yet.
        kinds: every kind that has devices.
        devices: those worth a look, worst first, as many as were asked for.
    """

    at: datetime
    clock_at: datetime
    start: datetime
    end: datetime
    kinds: tuple[KindMissing, ...]
    devices: tuple[DeviceMissing, ...]

    @property
    def catching_up(self) -> bool:
        """Whether the town is behind the clock: a simulation or replay whose devices come as they can."""
        return self.clock_at - self.at > CATCHING_UP

    @property
    def missing(self) -> int:
        """Numbers that were never received."""
        return sum(k.missing for k in self.kinds)

    @property
    def lost(self) -> int:
        """Numbers lost on the air."""
        return sum(k.lost for k in self.kinds)

    @property
    def look_devices(self) -> int:
        """Devices worth a look, those not listed included."""
        return sum(k.look_devices for k in self.kinds)

    @property
    def share(self) -> float | None:
        """Completeness of all kinds that can be counted, 0 to 1."""
        counted = [k for k in self.kinds if k.expected is not None and k.stored is not None]
        return share(sum(k.stored or 0 for k in counted), sum(k.expected or 0 for k in counted))


def share(stored: int | None, expected: int | None) -> float | None:
    """Return stored / expected, at most 1; None where there is nothing to compare with."""
    if stored is None or expected is None or expected <= 0:
        return None
    return min(1.0, stored / expected)


def percent(value: float | None) -> str:
    """Return a share in words: ``99.8%``; never ``100%`` where something lacks, a dash where unknown."""
    if value is None:
        return "–"
    if value >= 1:
        return "100%"
    tenths = min(999, int(value * 1000))
    return f"{tenths / 10:.1f}%"


def lost_in_words(one: DeviceMissing | KindMissing) -> str:
    """Return ``31 lost on the air (2.1%)``; empty where none was."""
    found = one.lost_share
    return "" if found is None else f"{one.lost:,} lost on the air ({max(found, 0.001):.1%})"


def ranges_in_words(device: DeviceMissing) -> str:
    """Return ``boot 3829: 17 missing: 1201-1207, 1301-1310``; boots that have no gap are left out."""
    parts = []
    for boot, found in groupby(device.ranges, key=lambda r: r.boot):
        ranges = list(found)
        count = sum(r.numbers for r in ranges)
        parts.append(f"boot {boot}: {count:,} missing: {', '.join(map(_span, ranges))}")
    left = device.missing - sum(r.numbers for r in device.ranges)
    if left > 0:
        parts.append(f"and {left:,} more")
    return "; ".join(parts)


def _span(found: MissingRange) -> str:
    return str(found.first) if found.first == found.last else f"{found.first}-{found.last}"


def whole_hours(now: datetime, back: timedelta) -> tuple[datetime, datetime]:
    """Return the window that ends with the last full hour before ``now`` and is ``back`` long."""
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - back
    return start.replace(minute=0, second=0, microsecond=0), end
