"""The law's clock as a home's evidence page says it: what a landlord must do, until when, and where that stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import home_words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

MUST: Mapping[str, str] = {
    "emergency": "look at the danger and make it safe",
    "investigate": "look into the damp",
    "summary": "tell you in writing what they found",
    "safety": "make it safe",
    "begin": "start repairs, or take steps to start",
    "start": "have the repairs under way",
}
"""What a landlord must do, as a sentence goes on after "Your landlord has until … to"."""
MARKS: Mapping[str, str] = {
    "met": "✓",
    "late": "!",
    "missed": "!",
    "running": "→",
    "unknown": "?",
    "not_needed": "–",
    "closed": "–",
    "waiting": "·",
}
HAPPENED_SAID: Mapping[str, str] = {
    "reported": "You told your landlord",
    "aware": "Your landlord knew about it",
    "investigated": "They finished looking into it",
    "no_hazard": "They said that there is no danger",
    "summary": "They told you in writing what they found",
    "made_safe": "They made it safe",
    "steps_taken": "They booked or planned the repairs",
    "works_begun": "The repairs began",
    "works_done": "The repairs were done",
    "not_needed": "A step was not needed",
    "extended": "More time was given",
    "rehoused": "They offered another place to stay",
    "closed": "The case was closed",
    "withdrawn": "An earlier line was taken back",
}


@dataclass(frozen=True, slots=True)
class StepLine:
    """A limit of the law: what must be done, and where that stands."""

    state: str
    mark: str
    title: str
    said: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that was written into the case."""

    at: str
    said: str
    note: str


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """What the council says to be free of something, by its number: it counts only when the household agrees."""

    number: int
    said: str


@dataclass(frozen=True, slots=True)
class ReminderLine:
    """A message that was sent to the household about a case."""

    at: str
    said: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case."""

    case_id: int
    title: str
    emergency: bool
    over: bool
    steps: tuple[StepLine, ...]
    events: tuple[EventLine, ...]
    reminders: tuple[ReminderLine, ...]
    warnings: tuple[str, ...]
    claims: tuple[ClaimLine, ...]
    notice: str


def first_line(cases: Sequence[Row], now: datetime, brand: Brand) -> tuple[str, str, str]:
    """Return the answer: until when the landlord has time, or what comes first; with what it means, and its tone."""
    current = [c for c in cases if not c["over"]]
    if not current:
        done = "Your case is closed. " if cases else ""
        return (
            "No case is open",
            f"{done}Did you tell your landlord about the damp? Write down when. Then we count the days that the law gives them.",
            "unknown",
        )
    case = current[0]
    steps = {s["step"]: s for s in case["steps"]}
    if case["missed"]:
        late = steps[case["missed"][0]]
        return (
            f"Your landlord had until {until(late, now, brand)} to {MUST[late['step']]}",
            "It is not written down as done. If it was done, write down when. If not, tell them, and tell the council.",
            "high",
        )
    if case["next"] is not None:
        step = steps[case["next"]]
        return (
            f"Your landlord has until {until(step, now, brand)} to {MUST[step['step']]}",
            "We tell you here when the time is up. Write down what happens.",
            "raised",
        )
    if all(s["state"] == "waiting" for s in case["steps"]):
        return (
            "The clock has not started",
            "It starts on the day your landlord knew. Write down that day below.",
            "unknown",
        )
    return "There is no date to wait for now", "All that was due is done. Write down what comes next.", "low"


def until(step: Row, now: datetime, brand: Brand) -> str:
    """Return until when there is time: a day, or for a day's notice the hour."""
    at = step["until_at"] or step["due_at"]
    if at is None:
        return "a day that we do not know"
    local = at.astimezone(brand.time_zone)
    if (local.hour, local.minute) == (0, 0):
        local -= timedelta(seconds=1)
        return day_of(local.date(), now, brand)
    return f"{local:%H:%M} on {day_of(local.date(), now, brand)}"


def day_of(day: date, now: datetime, brand: Brand) -> str:
    """Return ``Tuesday 16 December``, with the year where it is another one."""
    year = "" if day.year == now.astimezone(brand.time_zone).year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def case_view(case: Row, reminders: Sequence[Row], now: datetime, brand: Brand) -> CaseView:
    """Return a case, as ``case_work.case_document`` returns it, with all its steps and what was written into it.

    ``reminders``: of the case to the household, in the order in which they were planned; shown are those that went out.
    """
    landlord = f" with {case['landlord']}" if case["landlord"] else ""
    kind = "Emergency" if case["kind"] == "emergency" else "Case"
    return CaseView(
        case["case_id"],
        f"{kind}{landlord}",
        case["kind"] == "emergency",
        case["over"],
        tuple(_step(s, now, brand) for s in case["steps"]),
        tuple(
            EventLine(when(e["at"], now, brand), _happened(e), e["note"])
            for e in sorted(case["events"], key=lambda e: (e["at"], e["number"]), reverse=True)
        ),
        tuple(
            dict.fromkeys(_reminder(r, now, brand) for r in reversed(reminders) if r["sent_at"] is not None)
        ),
        tuple(case["warnings"]),
        tuple(ClaimLine(c["number"], _claim(c, now, brand)) for c in _to_agree(case)),
        case["notice"],
    )


def _step(step: Row, now: datetime, brand: Brand) -> StepLine:
    return StepLine(
        step["state"],
        MARKS[step["state"]],
        f"{home_words.first_upper(MUST[step['step']])}",
        _stands(step, now, brand),
    )


def _happened(event: Row) -> str:
    who = " The council wrote this." if event["role"] == "officer" else ""
    return f"{HAPPENED_SAID.get(event['kind'], event['words'])}.{who}"


def _to_agree(case: Row) -> list[Row]:
    """Return what the household can still agree to: more time only while there is some."""
    running = {s["step"] for s in case["steps"] if s["state"] == "running"}
    left = [c for c in case["claims"] if c["kind"] != "extended" or c["step"] in running]
    return [] if case["over"] else left


def _claim(claim: Row, now: datetime, brand: Brand) -> str:
    """Return what an agreement would say."""
    if claim["kind"] == "closed":
        return "close this case"
    do = MUST[claim["step"]]
    if claim["kind"] == "not_needed":
        return f"they do not need to {do}"
    return f"they have until {day_of(claim['until'], now, brand)} to {do}"


def _reminder(r: Row, now: datetime, brand: Brand) -> ReminderLine:
    """Return a message without its way: what went by e-mail and by text is one."""
    return ReminderLine(when(r["sent_at"], now, brand), r["title"])


def _stands(step: Row, now: datetime, brand: Brand) -> str:
    state, warning = step["state"], f" {step['warning']}" if step["warning"] else ""
    done = "" if step["done_at"] is None else when(step["done_at"], now, brand)
    said = {
        "waiting": "The time for this has not begun.",
        "running": f"They have until {until(step, now, brand)}.",
        "met": f"Done in time, on {done}.",
        "late": f"Done on {done}. The limit was {until(step, now, brand)}.",
        "missed": f"Not written down as done by {until(step, now, brand)}.",
        "not_needed": "Not needed.",
        "closed": "The case was closed before.",
        "unknown": "We do not know the last day.",
    }[state]
    more = ""
    if step["said_by"] is not None:
        who = "You wrote" if step["said_by"] == "resident" else "The council wrote"
        more = f" {who}: {step['reason']}" if step["reason"] else ""
    return f"{said}{more}{warning}"


def when(at: datetime, now: datetime, brand: Brand) -> str:
    """Return the day of a time."""
    return day_of(at.astimezone(brand.time_zone).date(), now, brand)
