"""What a step of the engine wants to happen, as data.

``state``, ``inputs``, ``result`` and ``detail`` are JSON objects; times are seconds since
1970, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What is true now of a home, segment, route, bin or device."""

    subject_kind: str
    subject: str
    at_s: float
    state: Json


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """An alarm begins. ``inputs`` are what the rule saw."""

    rule_id: str
    rule_version: int
    subject_kind: str
    subject: str
    severity: str
    at_s: float
    title: str
    reason: str
    inputs: Json


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
    """A decision with what it saw and what follows from it."""

    rule_id: str
    rule_version: int
    subject_kind: str
    subject: str
    at_s: float
    outcome: str
    reason: str
    inputs: Json
    result: Json


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, found in the readings."""

    kind: str
    subject_kind: str
    subject: str
    at_s: float
    detail: Json


Effect = SubjectState | RaiseAlarm | ClearAlarm | Decision | Event


def num(value: float | None, digits: int = 2) -> float | None:
    """Return a rounded plain float for JSON, None for unknown (None or NaN)."""
    if value is None or value != value:
        return None
    return round(float(value), digits)


def iso(at_s: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the second."""
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(at_s: float | None, zone: tzinfo) -> str | None:
    """Return the time of day in a time zone, as people say it: ``21:40``."""
    return None if at_s is None else datetime.fromtimestamp(at_s, zone).strftime("%H:%M")
