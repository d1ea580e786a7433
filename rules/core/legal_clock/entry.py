"""Whether an entry can be written into a case. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.legal_clock.judge import ORDER
from rules.core.legal_clock.model import NEEDS_NOTE, NEEDS_STEP, WROTE, CaseEvent, CaseKind, EventKind

AHEAD_S = 300.0
"""Clocks differ: so far ahead an event may lie [s]."""
BY_THE_CLOCK: frozenset[EventKind] = frozenset({"aware", "investigated", "made_safe", "no_hazard"})
"""The entries from and by which an emergency's hours count."""
TIME_MISSING = (
    "In an emergency the law counts 24 hours by the clock: say the time of day too, not only the day."
)


def needs_time(kind: CaseKind, entry: EventKind) -> bool:
    """Whether a day alone is too little: noon would be a guess by which a limit of 24 hours is kept or missed."""
    return kind == "emergency" and entry in BY_THE_CLOCK


def why_refused(kind: CaseKind, before: Sequence[CaseEvent], event: CaseEvent, now_s: float) -> str | None:
    """Return why an entry is refused, in words; None where it is not.

    Args:
        kind: of the case.
        before: what is written in it.
        event: to add; its number does not matter.
        now_s: [s since 1970].
    """
    if event.at_s > now_s + AHEAD_S:
        return "An entry says what has happened: its date can't lie in the future."
    if event.kind in NEEDS_NOTE and not event.note.strip():
        return f"An entry {event.kind!r} needs its reason as a note."
    return _step_refused(kind, event) or _withdrawal_refused(before, event)


def _step_refused(kind: CaseKind, event: CaseEvent) -> str | None:
    if (event.kind in NEEDS_STEP) != (event.step is not None):
        return (
            f"A step belongs to the entries {', '.join(sorted(NEEDS_STEP))}, which need one, and to no other."
        )
    if event.step is not None and event.step not in ORDER[kind]:
        return f"A case of kind {kind} has no step {event.step!r}; its steps: {', '.join(ORDER[kind])}."
    if (event.kind == "extended") != (event.until is not None):
        return "The new last day belongs to an entry 'extended', which needs one, and to no other."
    return None


def _withdrawal_refused(before: Sequence[CaseEvent], event: CaseEvent) -> str | None:
    if (event.kind == "withdrawn") != (event.refers_to is not None):
        return "The number of an earlier entry belongs to an entry 'withdrawn', which needs one, and to no other."
    if event.refers_to is None:
        return None
    gone = {e.refers_to for e in before if e.kind == "withdrawn"}
    known = {e.number: e for e in before}
    found = known.get(event.refers_to)
    if found is None:
        return f"This case has no entry {event.refers_to}."
    if found.kind == "withdrawn" or event.refers_to in gone:
        return f"Entry {event.refers_to} is withdrawn, or withdraws another: write what is so as a new entry."
    if event.role != found.role:
        return (
            f"Entry {event.refers_to} was written by {WROTE[found.role]}, and only they withdraw it: "
            "write what is so as an entry of your own."
        )
    if event.at_s < found.at_s:
        return "An entry can't be withdrawn before it happened."
    return None
