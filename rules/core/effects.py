"""What a step of the engine wants to happen, as data.

``state``, ``inputs``, ``result`` and ``detail`` are JSON objects; times are seconds since
1970, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What is true now of a home, segment, route, bin or device."""

    subject_kind: str
    subject: str
    at_s: float
    state: Json


@dataclass(frozen=True, slots=True)
class Member:
    """One of the subjects that a group alarm is about."""

    kind: str
    subject: str
    severity: str
    at_s: float
    reason: str
    inputs: Json


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """An alarm begins.

    Attributes:
        inputs: what the rule saw.
        is_group: whether it is about its members.
        members: those in it from the beginning.
        held_since_s: since when the condition holds [s since 1970]; None where it has no dwell.
        would_change: what would have made it otherwise (``rules.core.explain``).
    """

    rule_id: str
    rule_version: int
    subject_kind: str
    subject: str
    severity: str
    at_s: float
    title: str
    reason: str
    inputs: Json
    is_group: bool = False
    members: tuple[Member, ...] = ()
    held_since_s: float | None = None
    would_change: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeSeverity:
    """An active alarm becomes more or less severe."""

    rule_id: str
    subject_kind: str
    subject: str
    severity: str
    before: str
    at_s: float
    reason: str
    inputs: Json


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """One more subject in an active group alarm, or one whose severity changed.

    ``title``, ``summary``: the alarm's title and reason from now on; empty: as they were.
    """

    rule_id: str
    subject_kind: str
    subject: str
    member: Member
    title: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """A subject's own condition has ended; the group alarm goes on, as ``title`` and ``summary`` say."""

    rule_id: str
    subject_kind: str
    subject: str
    member_kind: str
    member: str
    at_s: float
    reason: str
    title: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Flapping:
    """An alarm begins or ceases to come and go; ``changes`` raises so far."""

    rule_id: str
    subject_kind: str
    subject: str
    at_s: float
    begins: bool
    changes: int


@dataclass(frozen=True, slots=True)
class ClearAlarm:
    """An alarm ends."""

    rule_id: str
    subject_kind: str
    subject: str
    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision with what it saw and what follows from it.

    Attributes:
        expected, missing: readings that should have informed it, and those that had not come;
            None where nobody counted.
        missing_devices: whose.
        would_change: what would have made it otherwise.
    """

    rule_id: str
    rule_version: int
    subject_kind: str
    subject: str
    at_s: float
    outcome: str
    reason: str
    inputs: Json
    result: Json
    expected: int | None = None
    missing: int | None = None
    missing_devices: tuple[str, ...] = ()
    would_change: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, found in the readings."""

    kind: str
    subject_kind: str
    subject: str
    at_s: float
    detail: Json


@dataclass(frozen=True, slots=True)
class OpenWork:
    """A device needs a look, or still does: for maintenance, not an alarm.

    Attributes:
        device: which.
        due_s: when it must be done [s since 1970], None where it can wait.
    """

    rule_id: str
    rule_version: int
    device: str
    at_s: float
    title: str
    reason: str
    inputs: Json
    due_s: float | None = None

    @property
    def subject_kind(self) -> str:
        """What listeners are told of."""
        return "device"


@dataclass(frozen=True, slots=True)
class CloseWork:
    """What a work item was opened for is gone; people still say when it is done."""

    rule_id: str
    device: str
    at_s: float
    reason: str

    @property
    def subject_kind(self) -> str:
        """What listeners are told of."""
        return "device"


@dataclass(frozen=True, slots=True)
class LateReadings:
    """Readings of a device that came after others measured later had counted: they changed no decision.

    Attributes:
        kind, device: whose.
        scope_kind, scope: what they are looked at together with (``rules.core.late``).
        from_s, to_s: the oldest and the newest [s since 1970].
        n: how many.
    """

    kind: str
    device: str
    scope_kind: str
    scope: str
    from_s: float
    to_s: float
    n: int


AlarmEffect = RaiseAlarm | ChangeSeverity | MemberJoined | MemberLeft | Flapping | ClearAlarm
"""What happens to an alarm, in the order in which it is to be written."""

WorkEffect = OpenWork | CloseWork

SubjectEffect = SubjectState | AlarmEffect | Decision | Event | WorkEffect
"""What listeners are told of."""

Effect = SubjectEffect | LateReadings


def num(value: float | None, digits: int = 2) -> float | None:
    """Return a rounded plain float for JSON, None for unknown (None or NaN)."""
    if value is None or value != value:
        return None
    return round(float(value), digits)


def rounded(column: NDArray[np.float64], digits: int = 2) -> list[float | None]:
    """Return :func:`num` of a column.

    The nearest decimal is found for all at once, but for values so near the middle between two that the
    product might be on its wrong side.
    """
    scale = 10.0**digits
    scaled = column * scale
    found: list[float | None] = (np.rint(scaled) / scale).tolist()
    unsure = ~(np.abs(np.abs(scaled - np.floor(scaled)) - 0.5) > 1e-6) | ~(np.abs(scaled) < 1e9)
    for i in np.flatnonzero(unsure).tolist():
        found[i] = num(float(column[i]), digits)
    return found


def iso(at_s: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the second."""
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(at_s: float | None, zone: tzinfo) -> str | None:
    """Return the time of day in a time zone, as :func:`hour_of` says it."""
    return None if at_s is None else hour_of(datetime.fromtimestamp(at_s, zone))


def hour_of(local: datetime) -> str:
    """Return the time of day as people say it: ``21:40``; ``01:40 BST`` or ``01:40 GMT`` where the clock shows it twice.

    ``local`` is a moment in its own time zone, whose ``fold`` says which of the two it is.
    """
    comes_twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    return f"{local:%H:%M}" + (f" {local:%Z}" if comes_twice else "")
