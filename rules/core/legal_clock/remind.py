"""Who is to be reminded of what, now. Pure; planning twice gives the same keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rules.core.legal_clock.law import Law
from rules.core.legal_clock.model import CaseState, Step
from rules.core.legal_clock.words import due_words
from rules.core.legal_clock.working_days import DAY, HolidaysUnknownError, WorkingDays
from rules.core.notify.words import FIRST_LINE, shorten

Audience = Literal["resident", "officer"]
What = Literal["soon", "missed"]

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Something to tell somebody once.

    Attributes:
        key: unique per case, step, limit, reason and audience.
        due_s: the limit that it is about [s since 1970].
        severity: as of alarms.
    """

    key: str
    audience: Audience
    what: What
    step: Step
    due_s: float
    severity: str
    title: str
    body: str


def reminders(
    case_id: int, council_owned: bool, state: CaseState, now_s: float, law: Law, days: WorkingDays
) -> tuple[Reminder, ...]:
    """Return what is due to be told now.

    Args:
        case_id: number of the case; homes are not named.
        council_owned: whether the council is the landlord: only then its officer is reminded.
        state: of the case at ``now_s``.
        now_s: [s since 1970].
        law: when to remind.
        days: calendar.
    """
    if state.over:
        return ()
    audiences: tuple[Audience, ...] = ("resident", "officer") if council_owned else ("resident",)
    found = ((step, what) for step in state.steps for what in _whats(step, now_s, law, days))
    return tuple(_reminder(case_id, step, what, to, days) for step, what in found for to in audiences)


def _whats(step: Step, now_s: float, law: Law, days: WorkingDays) -> Iterator[What]:
    if step.until_s is None:
        return
    if step.state == "running" and now_s >= _soon_s(step, step.until_s, law, days):
        yield "soon"
    if step.state == "missed" and now_s < step.until_s + law.remind.missed_within_days * DAY_S:
        yield "missed"


def _soon_s(step: Step, until_s: float, law: Law, days: WorkingDays) -> float:
    last = step.extended_to or step.due_day
    if last is None:
        return until_s - law.remind.before_h * HOUR_S
    try:
        day = days.before(last, law.remind.before_days)
    except HolidaysUnknownError:
        day = last
    return days.morning_of(day, law.remind.from_hour)


def _reminder(case_id: int, step: Step, what: What, audience: Audience, days: WorkingDays) -> Reminder:
    assert step.until_s is not None
    said = _RESIDENT if audience == "resident" else _OFFICER
    words = {"case": case_id, "do": _DO[step.name], "due": due_words(step, days.zone), "title": step.title}
    title, body = (text.format(**words) for text in said[what])
    return Reminder(
        key=f"case:{case_id}:{step.name}:{what}:{step.until_s:.0f}:{audience}",
        audience=audience,
        what=what,
        step=step,
        due_s=step.until_s,
        severity="warning" if what == "soon" else "major",
        title=shorten(title, FIRST_LINE),
        body=body,
    )


_DO = {
    "emergency": "check the hazard and make your home safe",
    "investigate": "check the damp in your home",
    "summary": "tell you in writing what was found",
    "safety": "finish the work that makes your home safe",
    "begin": "begin the further work, or arrange it",
    "start": "start the further work in your home",
}
_RESIDENT = {
    "soon": (
        "Your landlord has until {due} to {do}.",
        (
            "If it has happened, write the day down in your case. If it has not, keep a note of every call and letter. "
            "This is information, not advice."
        ),
    ),
    "missed": (
        "The time for your landlord to {do} ended: {due}.",
        (
            "Nothing in your case says that it has happened. If it has, write the day down. If it has not, you can complain "
            "to the landlord, and then to the Housing Ombudsman. This is information, not advice."
        ),
    ),
}
_OFFICER = {
    "soon": (
        "Case {case}: by {due}: {title}.",
        (
            "Record the day when it is done. More time counts when the tenant agrees before the limit. Where to look: /housing, or "
            "`cityops case show {case}`."
        ),
    ),
    "missed": (
        "Case {case}: time was up {due}: {title}.",
        (
            "Nothing is recorded as done. Do it, record it and tell the tenant. Where to look: /housing, or "
            "`cityops case show {case}`."
        ),
    ),
}


EVENING_HOUR = 20
"""From this o'clock a reminder that is not of an emergency waits for the next morning."""


def told_from_s(reminder: Reminder, now_s: float, law: Law, days: WorkingDays) -> float:
    """Return when a reminder may be sent [s since 1970]: an emergency's at once, others by day."""
    if reminder.step.name == "emergency":
        return now_s
    today = days.day_of(now_s)
    morning_s = days.morning_of(today, law.remind.from_hour)
    if now_s < morning_s:
        return morning_s
    if now_s < days.morning_of(today, EVENING_HOUR):
        return now_s
    return days.morning_of(today + DAY, law.remind.from_hour)
