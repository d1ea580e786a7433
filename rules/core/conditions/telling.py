"""What is told of an alarm with one subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rules.core.conditions.condition import Condition, Turn
from rules.core.effects import AlarmEffect, ChangeSeverity, ClearAlarm, Flapping, Json, RaiseAlarm
from rules.core.parameters import AlarmRule


@dataclass(frozen=True, slots=True)
class Words:
    """An alarm in words, with what it saw."""

    title: str
    reason: str
    inputs: Json


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject of a rule, and how to speak of it.

    Attributes:
        say: the words at a level.
        ended: why it is over.
    """

    rule: AlarmRule[Any]
    kind: str
    name: str
    say: Callable[[int], Words]
    ended: Callable[[], str] = str


def severity_at(rule: AlarmRule[Any], level: int) -> str:
    """Return the severity of a level, from 1; the last one's beyond it."""
    return rule.alarm.levels[min(level, len(rule.alarm.levels)) - 1].severity


def effects_of(subject: Subject, turns: Iterable[Turn], now: Condition) -> list[AlarmEffect]:
    """Return the effects of an alarm's changes, in order."""
    return [_effect(subject, turn, now) for turn in turns]


def raised(subject: Subject, at_s: float, level: int, held_since_s: float | None) -> RaiseAlarm:
    """Return the beginning of an alarm at a level; a simple condition has no time that it held."""
    words = subject.say(level)
    return RaiseAlarm(
        subject.rule.id,
        subject.rule.version,
        subject.kind,
        subject.name,
        severity_at(subject.rule, level),
        at_s,
        words.title,
        words.reason,
        words.inputs,
        held_since_s=None if subject.rule.alarm.condition == "simple" else held_since_s,
    )


def _effect(subject: Subject, turn: Turn, now: Condition) -> AlarmEffect:
    rule_id, kind, name = subject.rule.id, subject.kind, subject.name
    if turn.what == "raised":
        return raised(subject, turn.at_s, turn.after, now.held_since_s)
    if turn.what == "cleared":
        return ClearAlarm(rule_id, kind, name, turn.at_s, subject.ended())
    if turn.what == "severity":
        words, rule = subject.say(turn.after), subject.rule
        severity, before = severity_at(rule, turn.after), severity_at(rule, turn.before)
        return ChangeSeverity(rule_id, kind, name, severity, before, turn.at_s, words.reason, words.inputs)
    return Flapping(rule_id, kind, name, turn.at_s, turn.what == "flapping", turn.changes)
