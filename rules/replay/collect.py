"""From the engine's effects to what is compared: alarms from beginning to end, decisions, cold roads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import structs

from rules.core.effects import (
    AlarmEffect,
    ChangeSeverity,
    ClearAlarm,
    Decision,
    Effect,
    Flapping,
    MemberJoined,
    MemberLeft,
    RaiseAlarm,
)
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed, made
from rules.core.segment_views import Views
from rules.replay.spells import Spells


@dataclass
class Collector:
    """Takes effects in order, and looks at roads. ``widths_m``: of each segment [m], in the order of the graph.

    ``until_s``: what is or is said of a later time is left out [s since 1970].
    """

    widths_m: Mapping[str, float]
    up: dict[tuple[str, str, str], AlarmSpan] = field(default_factory=dict)
    over: list[AlarmSpan] = field(default_factory=list)
    decisions: list[DecisionMade] = field(default_factory=list)
    until_s: float = float("inf")
    spells: Spells = field(init=False)

    def __post_init__(self) -> None:
        self.spells = Spells(tuple(self.widths_m))

    def see(self, found: Views, at_s: float) -> None:
        """Look at the roads at a tick."""
        if at_s <= self.until_s:
            self.spells.look(found, at_s)

    def take(self, effects: Iterable[Effect]) -> None:
        """Take the effects of a step."""
        for effect in effects:
            if isinstance(effect, Decision):
                self.decisions.append(_decision(effect, self.widths_m))
            elif isinstance(effect, AlarmEffect):
                self._alarm(effect)

    def result(self, from_s: float, to_s: float, readings: int) -> Replayed:
        """Return what was up, decided or cold from ``from_s`` on."""
        spells = self.spells.all()
        alarms = [a for a in [*self.over, *self.up.values()] if a.cleared_s is None or a.cleared_s >= from_s]
        return Replayed(
            from_s=from_s,
            to_s=to_s,
            alarms=tuple(sorted(alarms, key=lambda a: (a.raised_s, a.rule_id, a.subject))),
            decisions=tuple(d for d in self.decisions if d.at_s >= from_s),
            spells=tuple(sorted((s for s in spells if s.to_s > from_s), key=lambda s: s.from_s)),
            readings=readings,
        )

    def _alarm(self, effect: AlarmEffect) -> None:
        key = (effect.rule_id, effect.subject_kind, effect.subject)
        now = self.up.get(key)
        if isinstance(effect, RaiseAlarm):
            if now is None:
                self.up[key] = _raised(effect)
        elif now is None:
            return
        elif isinstance(effect, ClearAlarm):
            del self.up[key]
            self.over.append(structs.replace(now, cleared_s=max(now.raised_s, effect.at_s)))
        else:
            self.up[key] = _changed(now, effect)


def _changed(now: AlarmSpan, e: ChangeSeverity | MemberJoined | MemberLeft | Flapping) -> AlarmSpan:
    if isinstance(e, ChangeSeverity):
        return structs.replace(now, severity=e.severity, reason=e.reason)
    if isinstance(e, Flapping):
        return structs.replace(now, flapping=e.begins)
    # Who left was in it all the same.
    joined = {e.member.subject} if isinstance(e, MemberJoined) else set()
    return structs.replace(
        now,
        members=tuple(sorted(joined.union(now.members))),
        title=e.title or now.title,
        reason=e.summary or now.reason,
    )


def _raised(e: RaiseAlarm) -> AlarmSpan:
    return AlarmSpan(
        rule_id=e.rule_id,
        subject_kind=e.subject_kind,
        subject=e.subject,
        severity=e.severity,
        raised_s=e.at_s,
        cleared_s=None,
        title=e.title,
        reason=e.reason,
        members=tuple(sorted(m.subject for m in e.members)),
    )


def _decision(e: Decision, widths_m: Mapping[str, float]) -> DecisionMade:
    return made(e.rule_id, e.subject_kind, e.subject, e.at_s, e.outcome, e.reason, e.result, widths_m)
