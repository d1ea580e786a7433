"""The evidence page of a home: where the case stands, the law's limits, contacts, photos, packs. Pure; blames nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import home_words, words
from ops_api.web.brand import Brand
from rules.core.evidence.contents import Contact, Photo
from rules.evidence.ports import Pack

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
METHODS: Mapping[str, str] = {
    "phone": "Phone call",
    "email": "E-mail",
    "letter": "Letter",
    "visit": "Visit",
    "online": "Online form",
    "text": "Text message",
    "other": "Another way",
}
HAPPENED: Mapping[str, str] = {
    "investigated": "They finished looking into it",
    "summary": "They told me in writing what they found",
    "made_safe": "They made it safe",
    "steps_taken": "They booked or planned the repairs",
    "works_begun": "The repairs began",
    "works_done": "The repairs are done",
    "no_hazard": "They said that there is no danger",
    "aware": "They know about it now",
    "rehoused": "They offered another place to stay",
    "closed": "I want to close this case",
}
"""What can be written down with a tap, the likeliest first."""
PERIODS: Mapping[str, tuple[str, int]] = {
    "month": ("The last month", 30),
    "quarter": ("The last 3 months", 91),
    "year": ("The last year", 365),
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
class CaseView:
    """A case."""

    case_id: int
    title: str
    emergency: bool
    over: bool
    steps: tuple[StepLine, ...]
    events: tuple[EventLine, ...]
    warnings: tuple[str, ...]
    notice: str


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A call, letter or visit; ``reply`` and ``replied`` are empty until something came back."""

    contact_id: int
    at: str
    how: str
    who: str
    said: str
    reply: str
    replied: str


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photo; the page names it and shows it on a tap, for pictures are heavy."""

    photo_id: int
    at: str
    room: str
    caption: str


@dataclass(frozen=True, slots=True)
class PackLine:
    """A pack that was made."""

    made: str
    period: str
    pack_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """The page's content."""

    headline: str
    lead: str
    tone: str
    cases: tuple[CaseView, ...]
    contacts: tuple[ContactLine, ...]
    photos: tuple[PhotoLine, ...]
    packs: tuple[PackLine, ...]
    today: str


def view(
    cases: Sequence[Row],
    contacts: Sequence[Contact],
    photos: Sequence[Photo],
    packs: Sequence[Pack],
    *,
    now: datetime,
    brand: Brand,
) -> EvidenceView:
    """Return the page's content.

    Args:
        cases: as ``case_work.case_document`` returns them, in the order in which they were opened.
        contacts: in order of time.
        photos: in order of time.
        packs: the newest last.
        now: the wall clock's time: a landlord's days are real ones.
        brand: its time zone.
    """
    newest_first = sorted(cases, key=lambda c: (c["over"], -c["case_id"]))
    headline, lead, tone = first_line(newest_first, now, brand)
    return EvidenceView(
        headline=headline,
        lead=lead,
        tone=tone,
        cases=tuple(_case(c, now, brand) for c in newest_first),
        contacts=tuple(_contact(c, now, brand) for c in reversed(contacts)),
        photos=tuple(_photo(p, now, brand) for p in reversed(photos)),
        packs=tuple(_pack(p, now, brand) for p in reversed(packs)),
        today=now.astimezone(brand.time_zone).date().isoformat(),
    )


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
        return _day(local.date(), now, brand)
    return f"{local:%H:%M} on {_day(local.date(), now, brand)}"


def _day(day: date, now: datetime, brand: Brand) -> str:
    """Return ``Tuesday 16 December``, with the year where it is another one."""
    year = "" if day.year == now.astimezone(brand.time_zone).year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def _case(case: Row, now: datetime, brand: Brand) -> CaseView:
    landlord = f" with {case['landlord']}" if case["landlord"] else ""
    kind = "Emergency" if case["kind"] == "emergency" else "Case"
    return CaseView(
        case["case_id"],
        f"{kind}{landlord}",
        case["kind"] == "emergency",
        case["over"],
        tuple(_step(s, now, brand) for s in case["steps"]),
        tuple(
            EventLine(_when(e["at"], now, brand), f"{HAPPENED_SAID.get(e['kind'], e['words'])}.", e["note"])
            for e in sorted(case["events"], key=lambda e: (e["at"], e["number"]), reverse=True)
        ),
        tuple(case["warnings"]),
        case["notice"],
    )


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


def _step(step: Row, now: datetime, brand: Brand) -> StepLine:
    return StepLine(
        step["state"],
        MARKS[step["state"]],
        f"{home_words.first_upper(MUST[step['step']])}",
        _stands(step, now, brand),
    )


def _stands(step: Row, now: datetime, brand: Brand) -> str:
    state, warning = step["state"], f" {step['warning']}" if step["warning"] else ""
    done = "" if step["done_at"] is None else _when(step["done_at"], now, brand)
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
    more = f" They got more time: {step['reason']}" if step["extended_to"] is not None else ""
    return f"{said}{more}{warning}"


def _when(at: datetime, now: datetime, brand: Brand) -> str:
    return _day(at.astimezone(brand.time_zone).date(), now, brand)


def _contact(c: Contact, now: datetime, brand: Brand) -> ContactLine:
    return ContactLine(
        c.contact_id,
        _when(c.at, now, brand),
        METHODS.get(c.method, c.method),
        c.who,
        c.said,
        c.reply,
        "" if c.replied_at is None else _when(c.replied_at, now, brand),
    )


def _photo(p: Photo, now: datetime, brand: Brand) -> PhotoLine:
    return PhotoLine(p.photo_id, _when(p.taken_at, now, brand), p.room, p.caption)


def _pack(p: Pack, now: datetime, brand: Brand) -> PackLine:
    period = f"{_day(p.from_day, now, brand)} to {_day(p.to_day, now, brand)}"
    return PackLine(words.day_and_clock(p.made_at, brand.time_zone, now).capitalize(), period, p.pack_id)


def period(name: str, now: datetime) -> tuple[date, date]:
    """Return the first and last day (UTC) of a period by its name; the last is yesterday, which is whole."""
    last = now.date() - timedelta(days=1)
    return last - timedelta(days=PERIODS[name][1] - 1), last
