"""The clock in plain words: what must happen by when, and whether it did. States facts, blames nobody."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rules.core.legal_clock.model import WROTE, CaseState, Step, StepState
from rules.core.legal_clock.working_days import in_words

STATE_WORDS: dict[StepState, str] = {
    "waiting": "not begun",
    "running": "time is running",
    "met": "done in time",
    "late": "done after the limit",
    "missed": "not recorded as done when the time was up",
    "not_needed": "not needed",
    "closed": "case closed before its time was up",
    "unknown": "date not known",
}


def moment(at_s: float, zone: ZoneInfo) -> str:
    """Return ``09:30 on Monday 15 December 2025``, local time."""
    at = datetime.fromtimestamp(at_s, zone)
    return f"{at:%H:%M} on {in_words(at.date())}"


def day(at_s: float, zone: ZoneInfo) -> str:
    """Return ``Monday 15 December 2025``, local time."""
    return in_words(datetime.fromtimestamp(at_s, zone).date())


def due_words(step: Step, zone: ZoneInfo) -> str:
    """Return until when there is time: a day, or a time of the clock; empty where that is not known."""
    if step.extended_to is not None:
        return in_words(step.extended_to)
    if step.due_day is not None:
        return in_words(step.due_day)
    return "" if step.due_s is None else moment(step.due_s, zone)


def step_line(step: Step, zone: ZoneInfo) -> str:
    """Return one step in one line."""
    parts = [f"{step.title} ({step.limit}): {STATE_WORDS[step.state]}"]
    if step.due_s is not None:
        parts.append(f"limit {due_words(step, zone)}")
    if step.done_s is not None:
        parts.append(f"done {day(step.done_s, zone)}")
    if step.extended_to is not None and step.due_day is not None:
        parts.append(f"extended from {in_words(step.due_day)}")
    if step.said_by is not None:
        parts.append(said_words(step))
    if step.warning:
        parts.append(step.warning)
    return "; ".join(parts)


def said_words(step: Step) -> str:
    """Return who says why a step has more time or is not needed; empty where nobody does."""
    if step.said_by is None:
        return ""
    return f"as {WROTE[step.said_by]} says" + (f": {step.reason}" if step.reason else "")


def answer(state: CaseState, zone: ZoneInfo) -> str:
    """Return where a case stands, in one or two sentences."""
    if state.over:
        return "The case is closed."
    said = [f"Time is up, and not recorded as done: {_listed(state.missed, zone)}."] if state.missed else []
    if state.next is not None:
        said.append(f"Next: {_lower(state.next.title)} by {due_words(state.next, zone)}.")
    if said:
        return " ".join(said)
    waiting = [s for s in state.steps if s.state == "waiting"]
    if len(waiting) == len(state.steps):
        return "The clock has not started."
    return "Everything whose time had begun is done." if waiting else "Every step is done or not needed."


def _listed(steps: tuple[Step, ...], zone: ZoneInfo) -> str:
    return "; ".join(f"{_lower(s.title)} (limit {due_words(s, zone)})" for s in steps)


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
