"""Alarms put together: one for a home, a route or a kind, with its subjects as members.

A rule says at each tick who is up; what differs from the memory becomes effects. So the
members of a group are always the subjects that are up, however many came and went at
once: two hundred in one tick are one ``RaiseAlarm``. The group is as severe as its most
severe member, flaps while one of them does, and is cleared when the last has left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rules.core.alarm_spec import rank
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
from rules.core.memory import GroupMemory, MemberNow
from rules.core.parameters import AlarmRule
from rules.core.work import Work

Place = tuple[str, str]
"""Kind and name of what a group alarm is about, e.g. ("route", "r1")."""
Members = Mapping[str, MemberNow]


@dataclass(frozen=True, slots=True)
class Up:
    """A subject whose own condition is up, and where it belongs."""

    place: Place
    severity: str
    flapping: bool


@dataclass(frozen=True, slots=True)
class Joining:
    """What is known of a subject that joins: see :class:`rules.core.memory.MemberNow`, and what the rule saw."""

    at_s: float
    since_s: float
    worse: float
    says: str
    inputs: Json


@dataclass(frozen=True, slots=True)
class GroupRule:
    """A rule whose alarms are groups, and its words.

    Attributes:
        member_kind: kind of its subjects.
        title, reason: of a group with the given members.
    """

    rule: AlarmRule[Any]
    member_kind: str
    title: Callable[[Place, Members], str]
    reason: Callable[[Place, Members], str]


@dataclass(frozen=True, slots=True)
class Tellers:
    """What a rule says of a subject that joins, and why one has left."""

    joining: Callable[[str], Joining]
    left: Callable[[str], str]


def worst(members: Members) -> tuple[str, MemberNow]:
    """Return the member that speaks for the group."""
    return max(members.items(), key=lambda m: (rank(m[1].severity), m[1].worse, m[0]))


def severity_of(members: Members) -> str:
    """Return the highest severity of any member."""
    return worst(members)[1].severity


def settle(work: Work, of: GroupRule, up: Mapping[str, Up], at_s: float, tell: Tellers) -> None:
    """Make the groups of a rule hold who is up at a tick, and say what that changes.

    Args:
        work: memory and effects.
        of: the rule.
        up: every subject that is up.
        at_s: the tick [s since 1970].
        tell: the rule's words for one subject.
    """
    groups: dict[str, GroupMemory] = work.read("group")
    wanted: dict[str, dict[str, Up]] = {}
    places: dict[str, Place] = {}
    for subject, one in up.items():
        key = key_of(of.rule.id, one.place)
        wanted.setdefault(key, {})[subject] = one
        places[key] = one.place
    standing = {k for k, g in groups.items() if g.members and g.rule_id == of.rule.id}
    for key in sorted(wanted.keys() | standing):
        before = groups.get(key) or GroupMemory(of.rule.id, *places[key])
        ups = wanted.get(key, {})
        if not _same(before.members, ups):
            after = _members(before.members, ups, tell)
            work.effects += _effects(of, before, after, at_s, tell)
            work.write("group")[key] = GroupMemory(
                before.rule_id, before.kind, before.subject, {s: m for s, (m, _) in after.items()}
            )


def key_of(rule_id: str, place: Place) -> str:
    """Return the key of a group in the engine's memory."""
    return f"{rule_id} {place[0]} {place[1]}"


def _same(members: Members, ups: Mapping[str, Up]) -> bool:
    return members.keys() == ups.keys() and all(
        (members[s].severity, members[s].flapping) == (u.severity, u.flapping) for s, u in ups.items()
    )


Known = dict[str, tuple[MemberNow, Json | None]]
"""Members after a tick, with what the rule saw where that is new."""


def _members(before: Members, ups: Mapping[str, Up], tell: Tellers) -> Known:
    after: Known = {}
    for subject, one in ups.items():
        kept = before.get(subject)
        if kept is not None and kept.severity == one.severity:
            after[subject] = (_flapping(kept, one.flapping), None)
            continue
        new = tell.joining(subject)
        at_s = new.at_s if kept is None else kept.at_s
        member = MemberNow(one.severity, at_s, new.since_s, new.worse, new.says, one.flapping)
        after[subject] = (member, new.inputs)
    return after


def _flapping(member: MemberNow, flapping: bool) -> MemberNow:
    if member.flapping is flapping:
        return member
    m = member
    return MemberNow(m.severity, m.at_s, m.since_s, m.worse, m.says, flapping)


def _effects(
    of: GroupRule, group: GroupMemory, after: Known, at_s: float, tell: Tellers
) -> list[AlarmEffect]:
    members = {s: m for s, (m, _) in after.items()}
    inputs = {s: i for s, (_, i) in after.items() if i is not None}
    flapping = _flaps(of, group, group.members, members, at_s)
    if not group.members:
        return [raised(of, (group.kind, group.subject), members, inputs), *flapping]
    gone = sorted(group.members.keys() - members.keys())
    if not members:
        why = tell.left(gone[0]) + (f" So have {len(gone) - 1} more." if len(gone) > 1 else "")
        return [*flapping, ClearAlarm(of.rule.id, group.kind, group.subject, at_s, why)]
    said: list[AlarmEffect] = [
        MemberJoined(of.rule.id, group.kind, group.subject, _member(of, s, members[s], seen))
        for s, seen in sorted(inputs.items())
    ]
    said += [
        MemberLeft(of.rule.id, group.kind, group.subject, of.member_kind, s, at_s, tell.left(s)) for s in gone
    ]
    return [*_summed_up(of, group, members, said), *_severity(of, group, members, at_s), *flapping]


def _summed_up(
    of: GroupRule, group: GroupMemory, members: Members, said: list[AlarmEffect]
) -> list[AlarmEffect]:
    """Let the last who came or went carry how the group is now called."""
    if said:
        last = said[-1]
        assert isinstance(last, MemberJoined | MemberLeft)
        place = (group.kind, group.subject)
        said[-1] = replace(last, title=of.title(place, members), summary=of.reason(place, members))
    return said


def _severity(of: GroupRule, group: GroupMemory, members: Members, at_s: float) -> list[AlarmEffect]:
    before, now = severity_of(group.members), severity_of(members)
    if before == now:
        return []
    place = (group.kind, group.subject)
    reason, inputs = of.reason(place, members), group_inputs(members)
    return [ChangeSeverity(of.rule.id, *place, now, before, at_s, reason, inputs)]


def _flaps(
    of: GroupRule, group: GroupMemory, before: Members, now: Members, at_s: float
) -> list[AlarmEffect]:
    flapped, flaps = (any(m.flapping for m in members.values()) for members in (before, now))
    if flapped == flaps or of.rule.alarm.flap is None:
        return []
    return [Flapping(of.rule.id, group.kind, group.subject, at_s, flaps, of.rule.alarm.flap.changes)]


def raised(of: GroupRule, place: Place, members: Members, inputs: Mapping[str, Json]) -> RaiseAlarm:
    """Return the beginning of a group alarm; ``inputs``: what the rule saw of each member."""
    return RaiseAlarm(
        of.rule.id,
        of.rule.version,
        *place,
        severity_of(members),
        min(m.at_s for m in members.values()),
        of.title(place, members),
        of.reason(place, members),
        group_inputs(members),
        is_group=True,
        members=tuple(_member(of, s, m, inputs.get(s, {})) for s, m in sorted(members.items())),
        held_since_s=min(m.since_s for m in members.values()),
    )


def group_inputs(members: Members) -> Json:
    """Return how many are in a group, and who speaks for it."""
    name, member = worst(members)
    return {"members": len(members), "worst": name, "worst_says": member.says}


def _member(of: GroupRule, subject: str, member: MemberNow, inputs: Json) -> Member:
    return Member(of.member_kind, subject, member.severity, member.at_s, member.says, inputs)
