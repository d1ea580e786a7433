"""From the alarm effects of a step to what is written: pure, one meaning for every store.

A step may raise, change, clear and raise again; the book plays its effects on the alarms
that are up and ends with rows: few statements, however many effects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.core.effects import (
    AlarmEffect,
    ChangeSeverity,
    ClearAlarm,
    Flapping,
    Json,
    Member,
    MemberJoined,
    MemberLeft,
    RaiseAlarm,
)

Key = tuple[str, str, str]
"""Rule, subject kind and subject: of these at most one alarm is up."""
MemberKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """An alarm that is up, as the store has it.

    Attributes:
        members: who is in it: (kind, subject) and since when [s since 1970].
    """

    alarm_id: int
    rule_id: str
    subject_kind: str
    subject: str
    severity: str
    raised_at_s: float
    flapping: bool = False
    members: Mapping[MemberKey, float] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What it is about."""
        return (self.rule_id, self.subject_kind, self.subject)


@dataclass(slots=True)
class AlarmRow:
    """An alarm after the step. ``raised``: where the step raised it; None in a field: as it was.

    ``inputs`` are added to those that are there.
    """

    alarm_id: int
    raised: RaiseAlarm | None
    raised_at_s: float
    severity: str | None = None
    title: str | None = None
    reason: str | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    flapping: bool | None = None
    cleared_at_s: float | None = None


@dataclass(slots=True)
class MemberRow:
    """A membership after the step; ``is_new``: it began in it. None: as it was."""

    alarm_id: int
    kind: str
    subject: str
    joined_at_s: float
    is_new: bool
    severity: str | None = None
    reason: str | None = None
    inputs: Json | None = None
    left_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """An entry of an alarm's log."""

    alarm_id: int
    at_s: float
    what: str
    detail: Json


@dataclass(slots=True)
class _Page:
    """An alarm that is up while the effects are played."""

    row: AlarmRow
    members: dict[MemberKey, MemberRow]


class AlarmBook:
    """Plays alarm effects in order.

    Args:
        open_alarms: those up before the step with the keys of its effects.
        ids: of new alarms, one for each ``RaiseAlarm`` at most.
    """

    def __init__(self, open_alarms: Iterable[OpenAlarm], ids: Iterator[int]) -> None:
        self.log: list[LogRow] = []
        self._alarms: dict[int, AlarmRow] = {}
        self._members: dict[int, MemberRow] = {}
        self._ids = ids
        self._up = {a.key: self._opened(a) for a in open_alarms}

    @property
    def alarms(self) -> list[AlarmRow]:
        """The alarms that the effects touched, in the order in which they were first touched."""
        return list(self._alarms.values())

    @property
    def members(self) -> list[MemberRow]:
        """The memberships that the effects touched."""
        return list(self._members.values())

    def _opened(self, alarm: OpenAlarm) -> _Page:
        members = {
            key: MemberRow(alarm.alarm_id, *key, joined, is_new=False)
            for key, joined in alarm.members.items()
        }
        return _Page(AlarmRow(alarm.alarm_id, None, alarm.raised_at_s), members)

    def play(self, effect: AlarmEffect) -> None:
        """Take one effect; one about an alarm that is not up, or a second raise, changes nothing."""
        key = (effect.rule_id, effect.subject_kind, effect.subject)
        page = self._up.get(key)
        if isinstance(effect, RaiseAlarm):
            if page is None:
                self._up[key] = self._raise(effect)
            return
        if page is None:
            return
        self._alarms[page.row.alarm_id] = page.row
        if isinstance(effect, ChangeSeverity):
            self._change(page.row, effect)
        elif isinstance(effect, MemberJoined):
            self._join(page, effect)
        elif isinstance(effect, MemberLeft):
            self._leave(page, effect)
        elif isinstance(effect, Flapping):
            page.row.flapping = effect.begins
            self._note(
                page.row, effect.at_s, "flapping", {"begins": effect.begins, "changes": effect.changes}
            )
        else:
            self._clear(self._up.pop(key), effect)

    def _note(self, row: AlarmRow, at_s: float, what: str, detail: Json) -> None:
        self.log.append(LogRow(row.alarm_id, at_s, what, {**detail, "at_s": at_s}))

    def _raise(self, effect: RaiseAlarm) -> _Page:
        row = AlarmRow(next(self._ids), effect, effect.at_s)
        row.severity, row.title, row.reason = effect.severity, effect.title, effect.reason
        row.inputs, row.flapping = dict(effect.inputs), False
        page = _Page(row, {})
        self._alarms[row.alarm_id] = row
        for member in effect.members:
            self._enter(page, member)
        detail = {
            "severity": effect.severity, "title": effect.title, "reason": effect.reason,
            "inputs": effect.inputs, "rule_version": effect.rule_version,
            "held_since_s": effect.held_since_s, "is_group": effect.is_group,
            "would_change": effect.would_change,
            "members": [
                {"kind": m.kind, "subject": m.subject, "severity": m.severity, "at_s": m.at_s, "reason": m.reason}
                for m in effect.members
            ],
        }  # fmt: skip
        self._note(row, effect.at_s, "raised", detail)
        return page

    def _change(self, row: AlarmRow, effect: ChangeSeverity) -> None:
        row.severity, row.reason = effect.severity, effect.reason
        row.inputs |= effect.inputs
        detail = {
            "severity": effect.severity, "before": effect.before, "reason": effect.reason,
            "inputs": effect.inputs,
        }  # fmt: skip
        self._note(row, effect.at_s, "severity", detail)

    def _enter(self, page: _Page, member: Member) -> None:
        known = page.members.get((member.kind, member.subject))
        if known is None:
            known = MemberRow(page.row.alarm_id, member.kind, member.subject, member.at_s, is_new=True)
            page.members[member.kind, member.subject] = known
        known.severity, known.reason, known.inputs = member.severity, member.reason, member.inputs
        self._members[id(known)] = known

    def _join(self, page: _Page, effect: MemberJoined) -> None:
        self._enter(page, effect.member)
        self._call(page.row, effect)
        m = effect.member
        detail = {
            "member": {"kind": m.kind, "subject": m.subject, "severity": m.severity, "reason": m.reason, "inputs": m.inputs},
            "title": effect.title, "summary": effect.summary,
        }  # fmt: skip
        self._note(page.row, m.at_s, "member_joined", detail)

    def _leave(self, page: _Page, effect: MemberLeft) -> None:
        member = page.members.pop((effect.member_kind, effect.member), None)
        if member is not None:
            member.left_at_s = max(member.joined_at_s, effect.at_s)
            self._members[id(member)] = member
        self._call(page.row, effect)
        detail = {
            "member_kind": effect.member_kind, "member": effect.member, "reason": effect.reason,
            "title": effect.title, "summary": effect.summary,
        }  # fmt: skip
        self._note(page.row, effect.at_s, "member_left", detail)

    def _call(self, row: AlarmRow, effect: MemberJoined | MemberLeft) -> None:
        row.title = effect.title or row.title
        row.reason = effect.summary or row.reason

    def _clear(self, page: _Page, effect: ClearAlarm) -> None:
        row = page.row
        row.cleared_at_s = max(row.raised_at_s, effect.at_s)
        row.inputs["cleared"] = effect.reason
        for member in page.members.values():
            member.left_at_s = max(member.joined_at_s, row.cleared_at_s)
            self._members[id(member)] = member
        self._note(row, row.cleared_at_s, "cleared", {"reason": effect.reason})
