"""The state of a case: a pure function of its dated events, the law and now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rules.core.legal_clock.afterwards import DONE_BY, written_after, written_s
from rules.core.legal_clock.claims import can_be_agreed, claim_words, counts, open_claims
from rules.core.legal_clock.law import Law
from rules.core.legal_clock.model import (
    CaseEvent,
    CaseKind,
    CaseState,
    EventKind,
    Step,
    StepName,
    StepState,
)
from rules.core.legal_clock.working_days import HolidaysUnknownError, WorkingDays, in_words

HOUR_S = 3600.0

TITLES: Mapping[StepName, str] = {
    "emergency": "Investigate the emergency hazard and make it safe",
    "investigate": "Investigate the hazard",
    "summary": "Give the tenant a written summary",
    "safety": "Complete the safety works",
    "begin": "Begin further works, or take steps to begin them",
    "start": "Further works physically begun",
}
ORDER: Mapping[CaseKind, tuple[StepName, ...]] = {
    "significant": ("investigate", "summary", "safety", "begin", "start"),
    "emergency": ("emergency", "summary", "begin", "start"),
}
WITHOUT_HAZARD: frozenset[StepName] = frozenset({"safety", "begin", "start"})
OWED: frozenset[StepState] = frozenset({"running", "missed", "unknown"})
_NOT_SO = "More time was written down on {days}, after the time was up; it does not count here."


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of a case at one time: the first event of each kind, all that count, and what is only claimed."""

    first: Mapping[EventKind, CaseEvent]
    events: tuple[CaseEvent, ...]
    claims: tuple[CaseEvent, ...]

    def at_s(self, kind: EventKind) -> float | None:
        event = self.first.get(kind)
        return None if event is None else event.at_s

    def earliest_s(self, *kinds: EventKind) -> float | None:
        return min((e.at_s for k in kinds if (e := self.first.get(k)) is not None), default=None)

    def both_s(self, *kinds: EventKind) -> float | None:
        found = [self.at_s(k) for k in kinds]
        return None if any(s is None for s in found) else max(s for s in found if s is not None)


def standing(events: Iterable[CaseEvent], now_s: float) -> tuple[CaseEvent, ...]:
    """Return the events up to now that nobody has withdrawn, in order of time."""
    known = [e for e in events if e.at_s <= now_s]
    gone = {e.refers_to for e in known if e.kind == "withdrawn"}
    left = (e for e in known if e.number not in gone and e.kind != "withdrawn")
    return tuple(sorted(left, key=lambda e: (e.at_s, e.number)))


def judge_case(
    kind: CaseKind, events: Sequence[CaseEvent], now_s: float, law: Law, days: WorkingDays
) -> CaseState:
    """Return where a case stands.

    Args:
        kind: of the hazard.
        events: in any order; what lies after ``now_s`` has not happened yet.
        now_s: time of the question [s since 1970].
        law: limits and settings.
        days: calendar that counts as ``law`` says.
    """
    found = standing(events, now_s)
    counted = tuple(e for e in found if counts(e, law))
    first: dict[EventKind, CaseEvent] = {}
    for event in counted:
        first.setdefault(event.kind, event)
    case = _Case(first, counted, open_claims(found, law))
    steps = tuple(_judged(name, case, now_s, law, days) for name in ORDER[kind])
    over = _over(steps, case)
    running = [s for s in steps if s.state == "running" and s.until_s is not None]
    return CaseState(
        steps=steps,
        next=min(running, key=lambda s: s.until_s or 0.0, default=None),
        missed=tuple(s for s in steps if s.state == "missed"),
        warnings=_warnings(case, law, days) + (() if over else _closed_claims(case, law, days)),
        over=over,
        claims=tuple(e for e in case.claims if can_be_agreed(e, law)),
    )


def _judged(name: StepName, case: _Case, now_s: float, law: Law, days: WorkingDays) -> Step:
    step = Step(name=name, title=TITLES[name], limit=limit_words(name, law), state="waiting")
    from_s = _start(name, case, law)
    if from_s is not None:
        step = _extended(_due(replace(step, from_s=from_s), law, days), case, days)
    step = replace(step, done_s=_done(name, case))
    step = _why_spared(replace(step, state=_state(step, case, now_s)), case)
    return _claimed(written_after(step, case.events, days), case, law, days)


def _over(steps: Sequence[Step], case: _Case) -> bool:
    """Return whether the case is closed: by the household, or by the council once it owes nothing."""
    if "closed" in case.first:
        return True
    return any(e.kind == "closed" for e in case.claims) and not any(s.state in OWED for s in steps)


def _claimed(step: Step, case: _Case, law: Law, days: WorkingDays) -> Step:
    """Return the step with what is said of it that does not count."""
    if step.state == "met":
        return step
    said = [claim_words(e, law, days) for e in case.claims if e.step == step.name]
    return replace(step, warning=" ".join(filter(None, (step.warning, *said))))


def _start(name: StepName, case: _Case, law: Law) -> float | None:
    if name in ("emergency", "investigate"):
        return case.at_s("aware")
    if name == "start" and law.twelve_weeks_from == "first_contact":
        return case.earliest_s("reported", "aware")
    return case.earliest_s(*DONE_BY["investigate"])


def _due(step: Step, law: Law, days: WorkingDays) -> Step:
    assert step.from_s is not None
    if step.name == "emergency":
        due_s = step.from_s + law.limits.emergency_h * HOUR_S
        return replace(step, due_s=due_s, until_s=due_s)
    began = days.day_of(step.from_s)
    try:
        last = _last_day(step.name, began, law, days)
    except HolidaysUnknownError as unknown:
        return replace(step, warning=str(unknown))
    return replace(step, due_day=last, due_s=days.end_of(last), until_s=days.end_of(last))


def _last_day(name: StepName, began: date, law: Law, days: WorkingDays) -> date:
    if name == "start":
        return began + timedelta(weeks=law.limits.start_weeks)
    counts = {
        "investigate": law.limits.investigate_days,
        "summary": law.limits.summary_days,
        "safety": law.limits.safety_days,
        "begin": law.limits.begin_days,
    }
    return days.after(began, counts[name])


def _extended(step: Step, case: _Case, days: WorkingDays) -> Step:
    """Return the step with the last extension that was given, and written down, before its time was up."""
    if step.until_s is None:
        return step
    until_s = step.until_s
    for event in case.events:
        if event.kind != "extended" or event.step != step.name or event.until is None:
            continue
        if event.at_s >= until_s:
            step = replace(step, warning="More time was given after the time was up; it does not count here.")
        elif written_s(event) >= until_s:
            step = replace(step, warning=_NOT_SO.format(days=in_words(days.day_of(written_s(event)))))
        elif days.end_of(event.until) > until_s:
            until_s = days.end_of(event.until)
            step = replace(
                step, extended_to=event.until, until_s=until_s, reason=event.note, said_by=event.role
            )
    return step


def _done(name: StepName, case: _Case) -> float | None:
    if name != "emergency":
        return case.earliest_s(*DONE_BY[name])
    if "no_hazard" in case.first:
        # Where the investigation finds no hazard there is nothing to make safe: it is all that was owed.
        return case.earliest_s("investigated", "no_hazard")
    return case.both_s("investigated", "made_safe")


def _state(step: Step, case: _Case, now_s: float) -> StepState:
    if step.done_s is not None and step.from_s is not None:
        if step.until_s is None:
            return "unknown"
        return "met" if step.done_s < step.until_s else "late"
    if _spared(step.name, case):
        return "not_needed"
    if step.from_s is None:
        return "closed" if "closed" in case.first else "waiting"
    if step.until_s is None:
        return "unknown"
    closed_s = case.at_s("closed")
    if now_s >= step.until_s and (closed_s is None or closed_s >= step.until_s):
        return "missed"
    return "running" if closed_s is None else "closed"


def _why_spared(step: Step, case: _Case) -> Step:
    """Return a step that is not needed with who says so and why."""
    if step.state != "not_needed":
        return step
    found = case.first.get("no_hazard") if step.name in WITHOUT_HAZARD else None
    if found is not None:
        return replace(step, reason=found.note or "no hazard was found", said_by=found.role)
    said = next(e for e in case.events if e.kind == "not_needed" and e.step == step.name)
    return replace(step, reason=said.note, said_by=said.role)


def _spared(name: StepName, case: _Case) -> bool:
    if name in WITHOUT_HAZARD and "no_hazard" in case.first:
        return True
    return any(e.kind == "not_needed" and e.step == name for e in case.events)


def _warnings(case: _Case, law: Law, days: WorkingDays) -> tuple[str, ...]:
    found = []
    aware_s = case.at_s("aware")
    if aware_s is None:
        found.append("The clock has not started: nobody has recorded when the landlord became aware.")
    elif days.day_of(aware_s) < law.in_force_from:
        found.append(
            f"The landlord became aware before the Regulations were in force ({in_words(law.in_force_from)}): "
            "they may not apply."
        )
    return tuple(found)


def _closed_claims(case: _Case, law: Law, days: WorkingDays) -> tuple[str, ...]:
    return tuple(claim_words(e, law, days) for e in case.claims if e.kind == "closed")


def limit_words(name: StepName, law: Law) -> str:
    """Return how long there is: ``10 working days from awareness``."""
    limits = law.limits
    concluded = "after the investigation is concluded"
    weeks = concluded if law.twelve_weeks_from == "investigation_concluded" else "after the first report"
    return {
        "emergency": f"{limits.emergency_h} hours from awareness",
        "investigate": f"{limits.investigate_days} working days from awareness",
        "summary": f"{limits.summary_days} working days {concluded}",
        "safety": f"{limits.safety_days} working days {concluded}",
        "begin": f"{limits.begin_days} working days {concluded}",
        "start": f"{limits.start_weeks} weeks {weeks}",
    }[name]
