"""Alarms as pages show them: rows by urgency, and one tile per rule. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

SEVERITIES = ("critical", "major", "warning", "info")
_RANK = {s: i for i, s in enumerate(SEVERITIES)}

GROUPS: Mapping[str, str] = {
    "damp.surface_humidity": "Homes at damp risk",
    "winter.hoar_frost": "Routes with frost",
    "winter.ice": "Routes with ice",
    "winter.forecast_stale": "No road forecast",
    "bins.full": "Full bins",
    "bins.fire": "Bins on fire",
    "bins.tilted": "Bins knocked over",
    "bins.blocked": "Blocked bins",
    "bins.not_emptied": "Bins not emptied",
    "bins.contaminated": "Bins with the wrong waste",
    "device.silent": "Groups of silent devices",
    "device.quarantined": "Devices in quarantine",
    "platform.no_readings": "No readings at all",
    "platform.rules_behind": "Rules behind",
    "platform.channel_failing": "Channels that fail",
    "platform.rota_empty": "Gaps in the rota",
    "winter.order_unanswered": "Proposals without an answer",
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
    assignee: str = ""
    shelved: str = ""
    closed: str = ""
    flapping: bool = False
    members_now: int = 0
    answer: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One of the subjects of a group alarm, as shown."""

    label: str
    severity: str
    since: str
    left: str
    reason: str
    link: str


LEAST_HOMES = 5
"""Fewer alarms of homes are no number on the wall."""


@dataclass(frozen=True, slots=True)
class Group:
    """All active alarms of one rule: a tile.

    Attributes:
        severity: the worst of them.
        worst: how many are as bad; None where that, or how many are not, would be a small number of homes.
        few: of homes, and fewer than are counted in words.
    """

    rule_id: str
    name: str
    severity: str
    alarms: int
    worst: int | None
    oldest: str
    unacknowledged: int
    few: bool = False

    @property
    def how_bad(self) -> str:
        """How many are as bad as the worst: ``major``, ``2 major`` or ``some major``."""
        if self.few:
            return f"{self.severity}, below {LEAST_HOMES}"
        if self.worst == self.alarms:
            return self.severity
        return f"{'some' if self.worst is None else words.number(self.worst)} {self.severity}"


def subject_link(kind: str, subject: str) -> str:
    """Return the page that shows an alarm's subject, or nothing for a home."""
    return {
        "route": f"/winter/{subject}",
        "segment": "/winter",
        "bin": "/bins",
        "device": f"/devices/{subject}",
        "channel": "/notifications",
        "role": "/notifications",
    }.get(kind, "")


def answer_link(
    kind: str, subject: str, rule_id: str = "", *, in_home: bool = False
) -> tuple[str, str] | None:
    """Return the page where something is done about an alarm's subject, and what it is called; None where that is the alarm itself.

    A device that is or was in a home has no page but that of its identity.
    """
    place = quote(subject, safe="")
    if rule_id == "device.quarantined":
        return f"/devices/{place}/identity", "Its identity: look, and end the quarantine"
    if in_home:
        return None
    return {
        "route": (f"/winter/{place}/orders", "Order treatment of this route"),
        "segment": (f"/winter?stretch={place}", "This stretch and its route"),
        "bin": (f"/bins/{place}", "This bin and its round"),
        "device": ("/work", "Work on sensors"),
        "channel": ("/notifications", "Who is told, and how"),
        "role": ("/notifications", "Who is on call"),
    }.get(kind)


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
        age=_age(now - a["raised_at"]),
        short_age=words.short_duration(now - a["raised_at"]),
        cleared="" if a["cleared_at"] is None else words.day_and_clock(a["cleared_at"], zone, now),
        acknowledged=_acknowledged(a, brand, now),
        link="" if a.get("in_home") else subject_link(a["subject_kind"], a["subject"]),
        assignee=a["assignee"] or "",
        shelved="" if a["shelved_until"] is None else words.day_and_clock(a["shelved_until"], zone, now),
        closed=_closed(a, brand, now),
        flapping=a["flapping"],
        members_now=a["members_now"],
        answer=answer_link(a["subject_kind"], a["subject"], a["rule_id"], in_home=bool(a.get("in_home"))),
    )


def _age(span: timedelta) -> str:
    """Return how long an alarm is up; not by the second, so that a live page does not change each second."""
    return "just now" if span < timedelta(minutes=1) else words.duration(span)


def member_row(m: Row, brand: Brand, now: datetime) -> MemberRow:
    """Return a member as shown."""
    zone = brand.time_zone
    return MemberRow(
        label=m["label"],
        severity=m["severity"],
        since=words.day_and_clock(m["joined_at"], zone, now),
        left="" if m["left_at"] is None else words.day_and_clock(m["left_at"], zone, now),
        reason=words.local_times(m["reason"], zone, now),
        link="" if m["in_home"] else subject_link(m["kind"], m["subject"]),
    )


def left(members: Sequence[MemberRow]) -> list[MemberRow]:
    """Return who is no longer in an alarm, each once and as it last was; ``members``: in the order of joining."""
    is_in = {x.label for x in members if not x.left}
    found: dict[str, MemberRow] = {}
    for x in members:
        if x.left and x.label not in is_in:
            found[x.label] = x
    return list(found.values())


VERDICTS: Mapping[str | None, str] = {
    "true": "a true alarm",
    "false_alarm": "a false alarm",
    "test": "a test",
    None: "nothing more to do",
}


def _closed(a: Row, brand: Brand, now: datetime) -> str:
    if a["closed_at"] is None:
        return ""
    at = words.day_and_clock(a["closed_at"], brand.time_zone, now)
    return f"{VERDICTS[a['verdict']]}, {a['closed_by'] or 'by itself'}, {at}"


def _acknowledged(a: Row, brand: Brand, now: datetime) -> str:
    if a["acknowledged_at"] is None:
        return ""
    return f"{a['acknowledged_by']}, {words.day_and_clock(a['acknowledged_at'], brand.time_zone, now)}"


def by_urgency(alarms: Sequence[Row]) -> list[Row]:
    """Return alarms: those that wait for somebody first, then by severity, then the newest first.

    After them those that somebody has in hand, then those that are shelved or closed.
    """
    return sorted(alarms, key=lambda a: (_in_hand(a), _RANK[a["severity"]], -a["raised_at"].timestamp()))


def _in_hand(a: Row) -> int:
    if a["shelved_until"] is not None or a["closed_at"] is not None:
        return 2
    return int(a["acknowledged_at"] is not None)


def waiting(alarms: Sequence[Row]) -> int:
    """Return how many active alarms wait for somebody to take them in hand."""
    return sum(a["cleared_at"] is None and _in_hand(a) == 0 for a in alarms)


def groups(counts: Sequence[Row], now: datetime) -> tuple[Group, ...]:
    """Return one tile per rule with active alarms, worst first."""
    merged: dict[str, list[Row]] = {}
    for c in counts:
        merged.setdefault(c["rule_id"], []).append(c)
    tiles = [_tile(rule, rows, now) for rule, rows in merged.items()]
    return tuple(sorted(tiles, key=lambda g: (_RANK[g.severity], -g.alarms)))


def _tile(rule: str, rows: Sequence[Row], now: datetime) -> Group:
    alarms = sum(r["alarms"] for r in rows)
    severity = min((r["severity"] for r in rows), key=_RANK.__getitem__)
    worst = sum(r["alarms"] for r in rows if r["severity"] == severity)
    of_homes = any(r["subject_kind"] == "home" for r in rows)
    tellable = not of_homes or (worst >= LEAST_HOMES and (worst == alarms or alarms - worst >= LEAST_HOMES))
    return Group(
        rule_id=rule,
        name=GROUPS.get(rule, rule),
        severity=severity,
        alarms=alarms,
        worst=worst if tellable else None,
        oldest=words.short_duration(now - min(r["oldest"] for r in rows)),
        unacknowledged=sum(r["unacknowledged"] for r in rows),
        few=of_homes and alarms < LEAST_HOMES,
    )
