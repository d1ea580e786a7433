"""The rota as an iCalendar: events become shifts.

SUMMARY or an ATTENDEE is a person's name, CATEGORIES the roles (``duty_officer`` without).
Recurrences are expanded by the clock on the wall: a hand-over at 9 stays one at 9 when the
clocks change, and so does the end of a shift. EXDATE, RDATE, RECURRENCE-ID and cancelled
events count; all-day events are whole local days. RFC 5545.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar, Event

from rules.core.notify.model import Person, Shift
from rules.core.notify.route import LAST_ROLE

AHEAD_DAYS = 60
BEHIND_DAYS = 2
_MOST = 20_000


class RotaError(ValueError):
    """A calendar that can't be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class _Span:
    """One event's beginning and length, by the clock on the wall of its zone."""

    start: datetime
    zone: ZoneInfo
    length: timedelta

    def shift(self, start: datetime, role: str, person: str) -> Shift:
        """Return the shift of an occurrence that begins at ``start`` (naive, local)."""
        begin, end = (_seconds(at, self.zone) for at in (start, start + self.length))
        return Shift(role=role, person=person, from_s=begin, to_s=end)


def read_rota(raw: bytes, people: Sequence[Person], zone: ZoneInfo, now_s: float) -> tuple[Shift, ...]:
    """Return the shifts of a calendar from two days before ``now_s`` until 60 days after.

    Args:
        raw: the file.
        people: who may be on call; found by name, label or an address of theirs.
        zone: of times that name none, and of whole days.
        now_s: s since 1970.

    Raises:
        RotaError: no calendar, an event without beginning or end, or somebody who is not known.
    """
    try:
        events = [e for e in Calendar.from_ical(raw).walk("VEVENT") if isinstance(e, Event)]
    except ValueError as error:
        raise RotaError(f"no iCalendar: {error}") from error
    names = _names(people)
    now = datetime.fromtimestamp(now_s, zone).replace(tzinfo=None)
    window = (now - timedelta(days=BEHIND_DAYS), now + timedelta(days=AHEAD_DAYS))
    moved = _moved(events, zone)
    found = {s for e in events for s in _shifts(e, names, zone, window, moved) if s.to_s > s.from_s}
    return tuple(sorted(found, key=lambda s: (s.from_s, s.role, s.person)))


def _shifts(
    event: Event,
    names: Mapping[str, str],
    zone: ZoneInfo,
    window: tuple[datetime, datetime],
    moved: Mapping[str, set[datetime]],
) -> Iterator[Shift]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    span = _span(event, zone)
    roles = [str(c).strip().lower() for c in event.categories if str(c).strip()] or [LAST_ROLE]
    is_moved = event.get("RECURRENCE-ID") is not None
    starts: Iterable[datetime] = [span.start] if is_moved else _starts(event, span, window)
    gone = set() if is_moved else moved.get(str(event.get("UID", "")), set())
    kept = [s for s in starts if s not in gone and s < window[1] and s + span.length > window[0]]
    if kept:
        yield from (span.shift(s, r, p) for p in _who(event, names) for r in roles for s in kept)


def _starts(event: Event, span: _Span, window: tuple[datetime, datetime]) -> list[datetime]:
    """Return when occurrences begin, by the clock on the wall."""
    rules = rruleset()
    for rule in event.rrules:
        text = rule.to_ical().decode()
        rules.rrule(rrulestr(_local_until(text, span.zone), dtstart=span.start))
    for extra in event.rdates:
        rules.rdate(_wall(extra[0] if isinstance(extra, tuple) else extra, span.zone))
    for left_out in event.exdates:
        rules.exdate(_wall(left_out, span.zone))
    if not event.rrules:
        rules.rdate(span.start)
    found: list[datetime] = rules.between(window[0] - span.length, window[1], inc=True)
    if len(found) > _MOST:
        raise RotaError(f"{_title(event)}: {len(found)} occurrences; at most {_MOST} are taken")
    return found


def _local_until(rule: str, zone: ZoneInfo) -> str:
    """Return a recurrence rule whose UNTIL is local: RFC 5545 gives it in UTC."""
    parts = [part.partition("=") for part in rule.split(";")]
    return ";".join(f"{n}={_until(v, zone) if n.upper() == 'UNTIL' else v}" for n, _, v in parts)


def _until(value: str, zone: ZoneInfo) -> str:
    if not value.endswith("Z"):
        return value if "T" in value else f"{value}T235959"
    at = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return at.astimezone(zone).strftime("%Y%m%dT%H%M%S")


def _span(event: Event, zone: ZoneInfo) -> _Span:
    try:
        begin, end = event.start, event.end
    except ValueError as error:
        raise RotaError(f"{_title(event)}: {error}") from error
    own = begin.tzinfo if isinstance(begin, datetime) else None
    used = own if isinstance(own, ZoneInfo) else zone
    start = _wall(begin, used)
    return _Span(start, used, _wall(end, used) - start)


def _wall(at: date | datetime, zone: ZoneInfo) -> datetime:
    """Return a time as the clock on the wall shows it, without zone; a date is its midnight."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001  # wall time
    return (at if at.tzinfo is None else at.astimezone(zone)).replace(tzinfo=None)


def _seconds(wall: datetime, zone: ZoneInfo) -> float:
    return wall.replace(tzinfo=zone).timestamp()


def _moved(events: Iterable[Event], zone: ZoneInfo) -> dict[str, set[datetime]]:
    """Return by UID the occurrences that have an event of their own."""
    found: dict[str, set[datetime]] = {}
    for event in events:
        at: Any = event.get("RECURRENCE-ID")
        if at is not None:
            used = at.dt.tzinfo if isinstance(getattr(at.dt, "tzinfo", None), ZoneInfo) else zone
            found.setdefault(str(event.get("UID", "")), set()).add(_wall(at.dt, used))
    return found


def _names(people: Iterable[Person]) -> dict[str, str]:
    found: dict[str, str] = {}
    for p in people:
        for text in (p.person, p.label, *(c.address for c in p.contacts)):
            found.setdefault(text.strip().lower(), p.person)
    return found


def _who(event: Event, names: Mapping[str, str]) -> list[str]:
    """Return the people of an event: its attendees that are known, else its summary."""
    attendees = [str(a).lower().removeprefix("mailto:").strip() for a in event.attendees]
    found = [names[a] for a in attendees if a in names]
    summary = str(event.get("SUMMARY", "")).strip()
    if not found and summary.lower() in names:
        found = [names[summary.lower()]]
    if not found:
        raise RotaError(
            f"{_title(event)}: neither its summary nor an attendee is somebody of `cityops people list`"
        )
    return list(dict.fromkeys(found))


def _title(event: Event) -> str:
    return f"event {str(event.get('SUMMARY', '')).strip() or event.get('UID', '?')!s}"
