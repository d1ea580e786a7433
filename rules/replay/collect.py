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
    SubjectState,
)
from rules.core.replayed import AlarmSpan, ColdSpell, DecisionMade, Replayed, made

LONGEST_STEP_S = 1800.0
"""States further apart than this say nothing of the time between [s]."""


@dataclass
class Collector:
    """Takes effects in order. ``widths_m``: of each segment [m]."""

    widths_m: Mapping[str, float]
    up: dict[tuple[str, str, str], AlarmSpan] = field(default_factory=dict)
    over: list[AlarmSpan] = field(default_factory=list)
    decisions: list[DecisionMade] = field(default_factory=list)
    cold: dict[str, _Cold] = field(default_factory=dict)
    spells: list[ColdSpell] = field(default_factory=list)

    def take(self, effects: Iterable[Effect]) -> None:
        """Take the effects of a step."""
        for effect in effects:
            if isinstance(effect, SubjectState):
                if effect.subject_kind == "segment":
                    self._road(effect)
            elif isinstance(effect, Decision):
                self.decisions.append(_decision(effect, self.widths_m))
            elif isinstance(effect, AlarmEffect):
                self._alarm(effect)

    def result(self, from_s: float, to_s: float, readings: int) -> Replayed:
        """Return what was up, decided or cold from ``from_s`` on."""
        spells = [*self.spells, *(c.spell(s) for s, c in self.cold.items())]
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

    def _road(self, now: SubjectState) -> None:
        """Begin, lengthen or end a cold spell: between two looks a road counts as at the first."""
        segment_id, cold = now.subject, self.cold.get(now.subject)
        surface_c = now.state["surface_temperature_c"]
        if cold is not None and now.at_s - cold.to_s <= LONGEST_STEP_S:
            cold.to_s = now.at_s
        if cold is not None and (surface_c is None or surface_c > 0.0 or cold.to_s != now.at_s):
            self.spells.append(self.cold.pop(segment_id).spell(segment_id))
            cold = None
        if surface_c is not None and surface_c <= 0.0:
            cold = cold or self.cold.setdefault(segment_id, _Cold(now.at_s, now.at_s, surface_c))
            cold.see(now.at_s, surface_c, now.state["state"])


@dataclass
class _Cold:
    """A cold spell that goes on."""

    from_s: float
    to_s: float
    minimum_c: float
    states: list[tuple[float, str]] = field(default_factory=list)

    def see(self, at_s: float, surface_c: float, state: str) -> None:
        self.minimum_c = min(self.minimum_c, surface_c)
        if not self.states or self.states[-1][1] != state:
            self.states.append((at_s, state))

    def spell(self, segment_id: str) -> ColdSpell:
        return ColdSpell(
            segment_id=segment_id,
            from_s=self.from_s,
            to_s=self.to_s,
            minimum_c=self.minimum_c,
            states=tuple(self.states),
        )


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
