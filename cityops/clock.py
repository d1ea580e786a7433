"""Time as an argument: what runs on a clock is given one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time and a monotonic counter."""

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never run backwards [s]."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic counter [s]."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told to: for tests and replays."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock: start must carry a time zone")
        self._now = start.astimezone(UTC)
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        """Return the time it was last set to, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds advanced so far [s]."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Move both counters forward by ``seconds`` >= 0 [s]."""
        if seconds < 0:
            raise ValueError(f"ManualClock.advance: {seconds} s; time does not run backwards")
        self._monotonic_s += seconds
        self._now += timedelta(seconds=seconds)

    def set_wall(self, now: datetime) -> None:
        """Step the wall clock, as NTP does; the monotonic counter stays."""
        if now.tzinfo is None:
            raise ValueError("ManualClock.set_wall: the time must carry a time zone")
        self._now = now.astimezone(UTC)
