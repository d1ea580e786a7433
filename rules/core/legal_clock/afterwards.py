"""What was written down only when the time was up, with a date from before: it is said beside the step. Pure.

Either side writes into a case, and dates what it writes. What happened is what they say; when it was written down is
the database's: it sets the time of what a household writes, the council's is the clock of the service that writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rules.core.legal_clock.model import CaseEvent, EventKind, Step, StepName
from rules.core.legal_clock.working_days import WorkingDays, in_words

DONE_BY: Mapping[StepName, frozenset[EventKind]] = {
    "emergency": frozenset({"investigated", "made_safe", "no_hazard"}),
    "investigate": frozenset({"investigated", "no_hazard"}),
    "summary": frozenset({"summary"}),
    "safety": frozenset({"made_safe"}),
    "begin": frozenset({"steps_taken", "works_begun", "works_done"}),
    "start": frozenset({"works_begun", "works_done"}),
}
"""The entries by which a step is done: the first of them, of an emergency all that is owed."""
WORDS = "Written down on {day}, after the time was up."


def written_s(event: CaseEvent) -> float:
    """Return when an entry was written down, or happened where that is later or all that is known [s since 1970]."""
    return event.at_s if event.recorded_s is None else max(event.at_s, event.recorded_s)


def written_after(step: Step, events: Sequence[CaseEvent], days: WorkingDays) -> Step:
    """Return the step, with a warning where what decides it was written down when its time was up.

    Args:
        step: judged.
        events: that stand, in order of time.
        days: whose calendar names the day.
    """
    if step.until_s is None:
        return step
    found = [written_s(e) for e in _deciding(step, events) if written_s(e) >= step.until_s]
    if not found:
        return step
    said = WORDS.format(day=in_words(days.day_of(max(found))))
    return replace(step, warning=f"{step.warning} {said}".strip())


def _deciding(step: Step, events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """Return the entries that made the step what it is; those that say themselves that it was late need no word."""
    assert step.until_s is not None
    first: dict[EventKind, CaseEvent] = {}
    for event in events:
        first.setdefault(event.kind, event)
    if step.state == "met":
        assert step.done_s is not None
        by = [e for kind in DONE_BY[step.name] if (e := first.get(kind)) is not None]
        if step.name != "emergency":
            return [min(by, key=lambda e: (e.at_s, written_s(e)))]
        return [e for e in by if e.at_s <= step.done_s or e.kind == "no_hazard"]
    if step.state == "not_needed":
        spared = [e for e in events if e.kind == "not_needed" and e.step == step.name]
        return spared or [first[kind] for kind in ("no_hazard",) if kind in first]
    return [first["closed"]] if step.state == "closed" and "closed" in first else []
