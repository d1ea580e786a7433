"""The clock of a case in one line for a list, and the order in which officers need them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from rules.core.evidence.contents import Case
from rules.core.legal_clock import Law, WorkingDays, judge_case
from rules.core.legal_clock.model import CaseState, Step
from rules.core.legal_clock.words import answer, due_words

Where = Literal["overdue", "running", "waiting", "over"]
ORDER: tuple[Where, ...] = ("overdue", "running", "waiting", "over")
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a case stands.

    Attributes:
        where: ``overdue``: a limit has passed and nothing is recorded as done; ``waiting``: no time runs.
        step: what is to be done next, or should have been; empty where nothing is.
        due: its limit in words.
        until_s: the limit [s since 1970]; None where there is none.
        left: how long there is, or how long it is overdue.
        answer: the whole of it in sentences.
    """

    case_id: int
    kind: str
    hazard: str
    where: Where
    step: str
    due: str
    until_s: float | None
    left: str
    answer: str


def cases_of(documents: Iterable[Any]) -> tuple[Case, ...]:
    """Return cases from what the database's function gives."""
    return tuple(msgspec.convert(document, Case) for document in documents)


def clock_of(case: Case, now: datetime, law: Law, days: WorkingDays) -> Clock:
    """Return a case's clock at ``now``."""
    state = judge_case(case.kind, case.events, now.timestamp(), law, days)
    where, step = _standing(state)
    until_s = None if step is None else step.until_s
    return Clock(
        case_id=case.case_id,
        kind=case.kind,
        hazard=case.hazard,
        where=where,
        step="" if step is None else step.title,
        due="" if step is None else due_words(step, days.zone),
        until_s=until_s,
        left="" if until_s is None else left_words(until_s, now, days),
        answer=answer(state, days.zone),
    )


def _standing(state: CaseState) -> tuple[Where, Step | None]:
    if state.over:
        return "over", None
    if state.missed:
        return "overdue", min(state.missed, key=lambda s: s.until_s or 0.0)
    if state.next is not None:
        return "running", state.next
    return "waiting", None


def left_words(until_s: float, now: datetime, days: WorkingDays) -> str:
    """Return ``2 days left``, ``today``, ``5 hours left``, ``overdue by 3 days``; days as the local calendar counts."""
    now_s = now.timestamp()
    # A limit of a day is the midnight that ends it.
    last, today = days.day_of(until_s - 1.0), days.day_of(now_s)
    if now_s >= until_s:
        n = (today - last).days
        return f"overdue by {n} day{'' if n == 1 else 's'}" if n > 0 else "overdue since today"
    n = (last - today).days
    if n > 1:
        return f"{n} days left"
    return "until tomorrow" if n == 1 else "today"


def by_urgency(clocks: Iterable[Clock]) -> list[Clock]:
    """Return clocks: overdue ones first, the longest overdue before others; then by limit; then those without one."""
    return sorted(clocks, key=urgency)


def urgency(clock: Clock) -> tuple[int, float, int]:
    """Return the key of :func:`by_urgency`."""
    return (
        ORDER.index(clock.where),
        float("inf") if clock.until_s is None else clock.until_s,
        clock.case_id,
    )


def worst(clocks: Sequence[Clock]) -> Clock | None:
    """Return the clock that needs somebody first, or None."""
    return min(clocks, key=urgency, default=None)
