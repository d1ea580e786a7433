"""Alarms as pages show them: rows by urgency, and one tile per rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

SEVERITIES = ("critical", "major", "warning", "info")
_RANK = {s: i for i, s in enumerate(SEVERITIES)}

GROUPS: Mapping[str, str] = {
    "damp.surface_humidity": "Homes at damp risk",
    "winter.hoar_frost": "Routes with frost",
    "winter.ice": "Routes with ice",
    "bins.full": "Full bins",
    "bins.fire": "Bins on fire",
    "device.silent": "Groups of silent devices",
}


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm as shown."""

    alarm_id: int
    rule_id: str
    severity: str
    subject: str
    title: str
    reason: str
    raised: str
    age: str
    short_age: str
    cleared: str
    acknowledged: str
    link: str


@dataclass(frozen=True, slots=True)
class Group:
    """All active alarms of one rule: a tile."""

    rule_id: str
    name: str
    severity: str
    alarms: int
    oldest: str
    unacknowledged: int


def subject_link(kind: str, subject: str) -> str:
    """Return the page that shows an alarm's subject, or nothing for a home."""
    return {
        "route": f"/winter/{subject}",
        "segment": "/winter",
        "bin": "/bins",
        "device": f"/devices/{subject}",
    }.get(kind, "")


def alarm_row(a: Row, brand: Brand, now: datetime) -> AlarmRow:
    """Return an alarm as shown."""
    zone = brand.time_zone
    return AlarmRow(
        alarm_id=a["alarm_id"],
        rule_id=a["rule_id"],
        severity=a["severity"],
        subject=a["subject"],
        title=a["title"],
        reason=words.local_times(a["reason"], zone, now),
        raised=words.day_and_clock(a["raised_at"], zone, now),
        age=words.duration(now - a["raised_at"]),
        short_age=words.short_duration(now - a["raised_at"]),
        cleared="" if a["cleared_at"] is None else words.day_and_clock(a["cleared_at"], zone, now),
        acknowledged=_acknowledged(a, brand, now),
        link="" if a.get("in_home") else subject_link(a["subject_kind"], a["subject"]),
    )


def _acknowledged(a: Row, brand: Brand, now: datetime) -> str:
    if a["acknowledged_at"] is None:
        return ""
    return f"{a['acknowledged_by']}, {words.day_and_clock(a['acknowledged_at'], brand.time_zone, now)}"


def by_urgency(alarms: Sequence[Row]) -> list[Row]:
    """Return alarms: unacknowledged first, then by severity, then the newest first."""
    return sorted(
        alarms,
        key=lambda a: (a["acknowledged_at"] is not None, _RANK[a["severity"]], -a["raised_at"].timestamp()),
    )


def groups(counts: Sequence[Row], now: datetime) -> tuple[Group, ...]:
    """Return one tile per rule with active alarms, worst first."""
    merged: dict[str, list[Row]] = {}
    for c in counts:
        merged.setdefault(c["rule_id"], []).append(c)
    tiles = [_tile(rule, rows, now) for rule, rows in merged.items()]
    return tuple(sorted(tiles, key=lambda g: (_RANK[g.severity], -g.alarms)))


def _tile(rule: str, rows: Sequence[Row], now: datetime) -> Group:
    return Group(
        rule_id=rule,
        name=GROUPS.get(rule, rule),
        severity=min((r["severity"] for r in rows), key=_RANK.__getitem__),
        alarms=sum(r["alarms"] for r in rows),
        oldest=words.short_duration(now - min(r["oldest"] for r in rows)),
        unacknowledged=sum(r["unacknowledged"] for r in rows),
    )
