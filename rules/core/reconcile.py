"""After a restart, and where the registry or the catalogue changed: the alarms that are up are those
that the engine's memory says are up.

Between two starts of the same version nothing is to do, as both are written together. But a
new version may read memory differently, or not at all, and what is no longer installed sends
nothing that could clear its alarm: it would stay up for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rules.core import bin_rule, fire_warning, forecast_rule, grouping, home_rule, segment_rule, silence_rule
from rules.core.alarm_book import Key, OpenAlarm
from rules.core.bin_trouble import rule as bin_trouble
from rules.core.conditions import telling
from rules.core.conditions.condition import Condition
from rules.core.context import Context
from rules.core.effects import (
    AlarmEffect,
    ChangeSeverity,
    ClearAlarm,
    Flapping,
    Member,
    MemberJoined,
    MemberLeft,
)
from rules.core.grouping import GroupRule
from rules.core.memory import EngineState, GroupMemory


def reconcile(state: EngineState, open_alarms: Iterable[OpenAlarm], ctx: Context) -> list[AlarmEffect]:
    """Return what makes the alarms that are up fit the memory; nothing where they do.

    Args:
        state: the engine's memory.
        open_alarms: the alarms that are up; those of others than the catalogue's rules are left alone.
        ctx: what is installed, and the catalogue.
    """
    opened = {a.key: a for a in open_alarms}
    single = {_key(s): (s, c) for s, c in _standing(state, ctx)}
    groups = {(g.rule_id, g.kind, g.subject): g for g in state.group.values() if g.members}
    effects = _no_longer(opened, single.keys() | groups.keys(), state.settled_s, ctx)
    at_s = state.settled_s
    if at_s is None:
        return effects  # nothing is remembered
    for key, (subject, condition) in single.items():
        effects += _one(subject, condition, opened.get(key), at_s)
    rules = {of.rule.id: of for of in group_rules(ctx)}
    for key, group in groups.items():
        if group.rule_id in rules:
            effects += _group(rules[group.rule_id], group, opened.get(key), at_s)
    return effects


def group_rules(ctx: Context) -> tuple[GroupRule, ...]:
    """Return the rules whose alarms are groups."""
    c = ctx.catalogue
    return (
        segment_rule.group_rule(ctx, c.hoar_frost),
        segment_rule.group_rule(ctx, c.ice),
        silence_rule.group_rule(ctx),
    )


def _key(subject: telling.Subject) -> Key:
    return (subject.rule.id, subject.kind, subject.name)


def _standing(state: EngineState, ctx: Context) -> Iterator[tuple[telling.Subject, Condition]]:
    yield from home_rule.standing(state.home, ctx)
    yield from bin_rule.standing(state.bin, ctx)
    yield from fire_warning.standing(state.fire_told, ctx)
    yield from bin_trouble.standing(state.bin_trouble, state.bin, state.collection, ctx)
    yield from forecast_rule.standing(state.forecast_age, ctx)


def _no_longer(
    opened: Mapping[Key, OpenAlarm], wanted: Iterable[Key], mark_s: float | None, ctx: Context
) -> list[AlarmEffect]:
    versions = {rule.id: rule.version for rule in ctx.catalogue.alarm_rules}
    kept = set(wanted)
    return [
        ClearAlarm(
            *key,
            alarm.raised_at_s if mark_s is None else mark_s,
            f"Version {versions[alarm.rule_id]} of the rule no longer calls for it."
            if _is_installed(alarm, ctx)
            else "It is no longer installed.",
        )
        for key, alarm in opened.items()
        if key not in kept and alarm.rule_id in versions
    ]


def _is_installed(alarm: OpenAlarm, ctx: Context) -> bool:
    if alarm.subject_kind == "home":
        return any(home.code == alarm.subject for home in ctx.home_of.values())
    return alarm.subject_kind != "bin" or alarm.subject in ctx.bins


def _one(subject: telling.Subject, now: Condition, alarm: OpenAlarm | None, at_s: float) -> list[AlarmEffect]:
    severity = telling.severity_at(subject.rule, now.level)
    if alarm is None:
        began: list[AlarmEffect] = [telling.raised(subject, at_s, now.level, now.held_since_s)]
        return began + _flapping(_key(subject), now.flapping, False, at_s)
    effects: list[AlarmEffect] = []
    if alarm.severity != severity:
        words = subject.say(now.level)
        effects.append(
            ChangeSeverity(*_key(subject), severity, alarm.severity, at_s, words.reason, words.inputs)
        )
    return effects + _flapping(_key(subject), now.flapping, alarm.flapping, at_s)


def _flapping(key: Key, now: bool, before: bool, at_s: float) -> list[AlarmEffect]:
    return [] if now is before else [Flapping(*key, at_s, now, 0)]


def _group(of: GroupRule, group: GroupMemory, alarm: OpenAlarm | None, at_s: float) -> list[AlarmEffect]:
    place, members = (group.kind, group.subject), group.members
    key, flaps = (of.rule.id, *place), any(m.flapping for m in members.values())
    if alarm is None:
        began: list[AlarmEffect] = [grouping.raised(of, place, members, {})]
        return began + _flapping(key, flaps, False, at_s)
    effects: list[AlarmEffect] = [
        MemberJoined(*key, Member(of.member_kind, s, m.severity, m.at_s, m.says, {}))
        for s, m in sorted(members.items())
        if (of.member_kind, s) not in alarm.members
    ]
    effects += [
        MemberLeft(*key, kind, name, at_s, f"Version {of.rule.version} of the rule no longer calls for it.")
        for kind, name in sorted(alarm.members)
        if kind != of.member_kind or name not in members
    ]
    severity = grouping.severity_of(members)
    if alarm.severity != severity:
        reason, inputs = of.reason(place, members), grouping.group_inputs(members)
        effects.append(ChangeSeverity(*key, severity, alarm.severity, at_s, reason, inputs))
    return effects + _flapping(key, flaps, alarm.flapping, at_s)
