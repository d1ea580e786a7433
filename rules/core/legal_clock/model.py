"""What happens in a case, and what the clock makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import msgspec

CaseKind = Literal["significant", "emergency"]
StepName = Literal["emergency", "investigate", "summary", "safety", "begin", "start"]
EventKind = Literal[
    "reported",
    "aware",
    "investigated",
    "no_hazard",
    "summary",
    "made_safe",
    "steps_taken",
    "works_begun",
    "works_done",
    "not_needed",
    "extended",
    "rehoused",
    "closed",
    "withdrawn",
]
Role = Literal["resident", "officer"]
StepState = Literal["waiting", "running", "met", "late", "missed", "not_needed", "closed", "unknown"]

EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
STEP_NAMES: tuple[StepName, ...] = get_args(StepName)

EVENT_WORDS: dict[EventKind, str] = {
    "reported": "The resident told the landlord",
    "aware": "The landlord became aware",
    "investigated": "The investigation was concluded",
    "no_hazard": "The investigation found no significant or emergency hazard",
    "summary": "The written summary was given to the tenant",
    "made_safe": "The safety works were completed",
    "steps_taken": "Steps were taken to begin further works",
    "works_begun": "Further works were begun",
    "works_done": "Further works were completed",
    "not_needed": "A step was said not to be needed",
    "extended": "More time was given for a step",
    "rehoused": "Other accommodation was offered",
    "closed": "The case was closed",
    "withdrawn": "An earlier entry was withdrawn",
}
CLAIMS: frozenset[EventKind] = frozenset({"extended", "not_needed", "closed"})
"""What frees a landlord: it counts in the household's own words, and is shown beside the limit in the council's."""
WROTE: dict[Role, str] = {"resident": "the household", "officer": "the council"}
NEEDS_STEP: frozenset[EventKind] = frozenset({"not_needed", "extended"})
NEEDS_NOTE: frozenset[EventKind] = frozenset({"not_needed", "extended", "closed", "withdrawn"})


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, with its date. Nothing is ever rewritten: a mistake is withdrawn.

    Attributes:
        number: unique within everything that is recorded.
        at_s: when it happened [s since 1970], which is not when it was written down.
        step: of ``not_needed`` and ``extended``.
        until: new last day, of ``extended``.
        refers_to: the entry that is withdrawn.
        note: in somebody's words; of those in :data:`NEEDS_NOTE` the reason.
        by, role: who wrote it down: the household, or an officer of the council.
        recorded_s: when it was written down, by the database's keeper [s since 1970]; None: not known.
    """

    number: int
    kind: EventKind
    at_s: float
    step: StepName | None = None
    until: date | None = None
    refers_to: int | None = None
    note: str = ""
    by: str = ""
    role: Role = "resident"
    recorded_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One limit of a case.

    Attributes:
        title: what the landlord must do.
        limit: how long there is, in words.
        from_s: when its time began [s since 1970]; None: not yet.
        due_day: its last day by the Regulations; None where it has not begun, goes by the hour or is not known.
        due_s: the time by which it must be done, by the Regulations [s since 1970].
        extended_to: last day after an extension that counts.
        reason, said_by: why it is extended or not needed, and who wrote that down.
        until_s: the later of the two [s since 1970].
        done_s: when it was done.
        warning: why a date is not told, an extension does not count, that it was written down afterwards, or what the
            council says of the step that does not count.
    """

    name: StepName
    title: str
    limit: str
    state: StepState
    from_s: float | None = None
    due_day: date | None = None
    due_s: float | None = None
    extended_to: date | None = None
    reason: str = ""
    said_by: Role | None = None
    until_s: float | None = None
    done_s: float | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """A case at one time.

    Attributes:
        steps: in the order of the law.
        next: the running step whose time ends first.
        missed: steps whose time is over and that are not done.
        warnings: what to know about the whole case.
        over: it was closed.
        claims: entries that count as soon as the household writes the same, in order of time; see
            :mod:`rules.core.legal_clock.claims`.
    """

    steps: tuple[Step, ...]
    next: Step | None
    missed: tuple[Step, ...]
    warnings: tuple[str, ...] = field(default=())
    over: bool = False
    claims: tuple[CaseEvent, ...] = field(default=())
