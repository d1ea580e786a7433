"""The evidence page of a home: where the case stands, the law's limits, contacts, photos, packs. Pure; blames nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.home_clock import CaseView, case_view, day_of, first_line, when
from rules.core.evidence.contents import Contact, Photo
from rules.evidence.ports import Pack

Row = Mapping[str, Any]

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
    reminders: Mapping[int, Sequence[Row]],
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
        reminders: rows of ``my_reminders`` to the household, by case.
        now: the wall clock's time: a landlord's days are real ones.
        brand: its time zone.
    """
    newest_first = sorted(cases, key=lambda c: (c["over"], -c["case_id"]))
    headline, lead, tone = first_line(newest_first, now, brand)
    return EvidenceView(
        headline=headline,
        lead=lead,
        tone=tone,
        cases=tuple(case_view(c, reminders.get(c["case_id"], ()), now, brand) for c in newest_first),
        contacts=tuple(_contact(c, now, brand) for c in reversed(contacts)),
        photos=tuple(_photo(p, now, brand) for p in reversed(photos)),
        packs=tuple(_pack(p, now, brand) for p in reversed(packs)),
        today=now.astimezone(brand.time_zone).date().isoformat(),
    )


def _contact(c: Contact, now: datetime, brand: Brand) -> ContactLine:
    return ContactLine(
        c.contact_id,
        when(c.at, now, brand),
        METHODS.get(c.method, c.method),
        c.who,
        c.said,
        c.reply,
        "" if c.replied_at is None else when(c.replied_at, now, brand),
    )


def _photo(p: Photo, now: datetime, brand: Brand) -> PhotoLine:
    return PhotoLine(p.photo_id, when(p.taken_at, now, brand), p.room, p.caption)


def _pack(p: Pack, now: datetime, brand: Brand) -> PackLine:
    period = f"{day_of(p.from_day, now, brand)} to {day_of(p.to_day, now, brand)}"
    return PackLine(words.day_and_clock(p.made_at, brand.time_zone, now).capitalize(), period, p.pack_id)


def period(name: str, now: datetime) -> tuple[date, date]:
    """Return the first and last day (UTC) of a period by its name; the last is yesterday, which is whole."""
    last = now.date() - timedelta(days=1)
    return last - timedelta(days=PERIODS[name][1] - 1), last
