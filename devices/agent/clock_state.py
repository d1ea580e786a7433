"""How far a device's wall clock can be believed (a Raspberry Pi has no battery clock)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_STEP_MS = 2_000
_READ_APART_MS = 5
"""What lies between reading the two clocks, and rounding both, at most."""


class Clk(IntEnum):
    """State of the wall clock, as sent in ``clk``."""

    NEVER_SET = 0
    RESTORED = 1
    SYNCHRONISED = 2
    STEPPED = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on a device's clocks.

    Attributes:
        wall_ms: wall clock [ms since 1970 UTC].
        mono_ms: time since start, never stepped [ms].
        clk: how far ``wall_ms`` can be believed.
    """

    wall_ms: int
    mono_ms: int
    clk: int = Clk.SYNCHRONISED

    def earlier(self, ms: int) -> Moment:
        """Return the instant ``ms`` before this one [ms]."""
        return Moment(self.wall_ms - ms, self.mono_ms - ms, self.clk)


class ClockWatch:
    """Judges the wall clock from its own history.

    Args:
        last_known_ms: wall clock saved before this start, None where there is none: a
            clock that is past it was restored from a file, one before it is unset.
    """

    def __init__(self, last_known_ms: int | None) -> None:
        self._last_known_ms = last_known_ms
        self._offset_ms: int | None = None
        self._stepped = False

    def moment(self, wall_ms: int, mono_ms: int, *, synchronised: bool) -> Moment:
        """Return the instant with its clock state.

        The two clocks are read one after the other: of a difference that is as good as the last
        one nothing is made, so that equal intervals stay equal on both.

        ``synchronised``: whether the time service says that the clock is right.
        """
        offset = wall_ms - mono_ms
        if self._offset_ms is not None and abs(offset - self._offset_ms) > _STEP_MS:
            self._stepped = True
        if self._offset_ms is None or abs(offset - self._offset_ms) > _READ_APART_MS:
            self._offset_ms = offset
        wall_ms = mono_ms + self._offset_ms
        return Moment(wall_ms, mono_ms, self._state(wall_ms, synchronised))

    def _state(self, wall_ms: int, synchronised: bool) -> int:
        if synchronised:
            return Clk.SYNCHRONISED
        if self._stepped:
            return Clk.STEPPED
        if self._last_known_ms is not None and wall_ms >= self._last_known_ms:
            return Clk.RESTORED
        return Clk.NEVER_SET
