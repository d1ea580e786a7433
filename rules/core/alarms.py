"""The life of an alarm: inactive, pending, active, clearing; hysteresis and dwell.

A condition says of each observation whether it calls for the alarm (``ON``), no longer
does (``OFF``), lies in the band between the two thresholds (``HOLD``), or is unknown
(None). The lifecycle then decides. Pure and total: any order of observations, as long as
time does not go back; the same observations in any grouping give the same transitions.

* An alarm is raised when every observation for ``raise_after_s`` was ON. Anything else
  starts the wait again.
* It is cleared when every observation for ``clear_after_s`` was OFF.
* So a value that stays within the band never changes anything, and an unknown value
  never raises nor clears.
* Two observations further apart than ``gap_s`` do not prove what was between them: a
  wait starts again after such a gap.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from rules.core.figures import Dwell


class Demand(StrEnum):
    """What one observation asks for."""

    ON = "on"
    HOLD = "hold"
    OFF = "off"


Phase = Literal["inactive", "pending", "active", "clearing"]
Change = Literal["raised", "cleared"]


class Lifecycle(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an alarm stands.

    Attributes:
        phase: pending = called for, not yet long enough; clearing = active, no longer
            called for, not yet long enough.
        since_s: when the first observation of the phase was made [s since 1970].
        held_since_s: while active or clearing, when the condition began [s since 1970].
        last_s: the last observation, kept while something waits [s since 1970].
    """

    phase: Phase = "inactive"
    since_s: float = 0.0
    held_since_s: float = 0.0
    last_s: float = 0.0

    @property
    def is_active(self) -> bool:
        """Whether the alarm is up: raised and not cleared."""
        return self.phase in ("active", "clearing")


INACTIVE = Lifecycle()


def demand(value: float | None, raise_at: float, clear_below: float) -> Demand | None:
    """Return what ``value`` asks for; both thresholds in its unit, ON at ``raise_at`` exactly."""
    if value is None or value != value:  # NaN
        return None
    if value >= raise_at:
        return Demand.ON
    return Demand.OFF if value < clear_below else Demand.HOLD


def advance(
    now: Lifecycle, asked: Demand | None, at_s: float, dwell: Dwell
) -> tuple[Lifecycle, Change | None]:
    """Return the lifecycle after an observation, and the change it makes.

    Args:
        now: before the observation.
        asked: what the observation asks for; None where it is unknown.
        at_s: its time [s since 1970], not before the last one's.
        dwell: how long it must last.

    Returns:
        The same object where nothing changed.
    """
    if now.is_active:
        return _while_up(now, asked, at_s, dwell)
    return _while_down(now, asked, at_s, dwell)


def _while_down(
    now: Lifecycle, asked: Demand | None, at_s: float, dwell: Dwell
) -> tuple[Lifecycle, Change | None]:
    if asked is None:
        return now, None
    if asked is not Demand.ON:
        return INACTIVE, None
    since = at_s
    if now.phase == "pending" and at_s - now.last_s <= dwell.gap_s:
        since = now.since_s
    if at_s - since >= dwell.raise_after_s:
        return Lifecycle("active", at_s, since), "raised"
    return Lifecycle("pending", since, 0.0, at_s), None


def _while_up(
    now: Lifecycle, asked: Demand | None, at_s: float, dwell: Dwell
) -> tuple[Lifecycle, Change | None]:
    if asked is None:
        return now, None
    if asked is not Demand.OFF:
        return (now if now.phase == "active" else Lifecycle("active", at_s, now.held_since_s)), None
    since = at_s
    if now.phase == "clearing" and at_s - now.last_s <= dwell.gap_s:
        since = now.since_s
    if at_s - since >= dwell.clear_after_s:
        return INACTIVE, "cleared"
    return Lifecycle("clearing", since, now.held_since_s, at_s), None
