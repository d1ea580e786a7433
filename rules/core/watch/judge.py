"""One look of the watch: from what it sees and remembers to alarms. Pure.

Each subject has a condition with hysteresis, dwell, severities and flapping as the engine's
have (:mod:`rules.core.conditions`); only its time is the wall clock's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.core.alarm_book import OpenAlarm
from rules.core.conditions.asking import asked
from rules.core.conditions.condition import DOWN, Condition, advance
from rules.core.conditions.telling import effects_of, raised
from rules.core.effects import AlarmEffect, ClearAlarm
from rules.core.watch.cases import Case, cases, gone
from rules.core.watch.model import Judged, Memory, Seen, Watched


def judge(seen: Seen, watched: Watched, memory: Memory, open_alarms: Iterable[OpenAlarm]) -> Judged:
    """Return what follows of a look.

    Args:
        seen: the platform as it is.
        watched: rules, and the roles whose rota counts.
        memory: of the last look.
        open_alarms: those of the watch's rules that are up; they are made to fit the memory.
    """
    at_s = max(seen.now_s, memory.at_s)
    here = {_key(c): c for c in cases(seen, watched)}
    lost = memory.conditions.keys() - here.keys()
    for key in lost:
        rule_id, kind, name = key.split("|", 2)
        if rule_id in watched.rules.by_id:
            here[key] = gone(watched.rules, rule_id, kind, name)
    now: dict[str, Condition] = {}
    effects: list[AlarmEffect] = []
    for key, case in here.items():
        before = memory.conditions.get(key, DOWN)
        spec = case.subject.rule.alarm
        after, turns = advance(before, asked(spec, case.own, case.value), at_s, spec)
        effects += effects_of(case.subject, turns, after)
        if after != DOWN and (after.lives or key not in lost):
            now[key] = after
    effects += _fitted(here, now, effects, open_alarms, at_s)
    kept = memory if now == dict(memory.conditions) else Memory(at_s, now)
    return Judged(kept, tuple(effects))


def _key(case: Case) -> str:
    return f"{case.subject.rule.id}|{case.subject.kind}|{case.subject.name}"


def _fitted(
    here: Mapping[str, Case],
    now: Mapping[str, Condition],
    effects: Iterable[AlarmEffect],
    open_alarms: Iterable[OpenAlarm],
    at_s: float,
) -> list[AlarmEffect]:
    """Return what makes alarms fit a memory that was lost or is another version's; usually nothing."""
    told = {"|".join((e.rule_id, e.subject_kind, e.subject)) for e in effects}
    opened = {"|".join(a.key): a for a in open_alarms}
    found: list[AlarmEffect] = []
    for key, alarm in opened.items():
        if key not in told and not now.get(key, DOWN).is_active:
            found.append(ClearAlarm(*alarm.key, at_s, "The watch no longer calls for it."))
    for key, condition in now.items():
        if condition.is_active and key not in told and key not in opened:
            found.append(raised(here[key].subject, at_s, condition.level, condition.held_since_s))
    return found
