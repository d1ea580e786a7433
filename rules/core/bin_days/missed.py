"""A household says that its bin was missed: what the calendar, the lorry's track and the crew say to it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from rules.core.bin_days.holidays import working_day_after
from rules.core.bin_days.model import Collection, Premises
from rules.core.bin_days.published import DROPPED
from rules.core.bin_days.track import Passing, Track, passing

Outcome = Literal["accepted", "to_check", "crew_reported", "not_due", "cancelled", "too_early", "too_late"]
OPEN: tuple[Outcome, ...] = ("accepted", "to_check")
"""Outcomes after which the council has something to do."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is judged by.

    Attributes:
        near_m: a lorry this near was at the household.
        stopped_m_s: below this speed it stood.
        claim_days: a missed bin can be told until so many working days after its day.
        return_days: within so many working days the lorry comes back.
        look_back_days: a stream that was not due for so long was not due.
    """

    near_m: float = 40.0
    stopped_m_s: float = 1.0
    claim_days: int = 2
    return_days: int = 2
    look_back_days: int = 14


class CrewSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What a crew reported of a household: ``what`` is ``blocked``, ``contaminated`` or ``not_out``."""

    what: str
    at_s: float
    note: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered.

    Attributes:
        original: the collection's identity, with the stream; None where none was due.
        day: when it was; None likewise.
        passed: a lorry at the household, on that day or, where none came then, later.
        next_day: when the stream is collected next; None: not known.
        return_by: until when the lorry comes back; of accepted ones.
        tracked: whether any lorry of the round was heard of on that day.
    """

    outcome: Outcome
    stream: str
    original: date | None = None
    day: date | None = None
    next_day: date | None = None
    return_by: date | None = None
    passed: Passing | None = None
    stopped: bool = False
    crew: CrewSaid | None = None
    tracked: bool = False
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the council has something to do."""
        return self.outcome in OPEN


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """When working days and rounds end: bank holidays, the round's end in minutes after midnight, the local zone."""

    holidays: frozenset[date]
    ends_min: int
    zone: ZoneInfo

    def over_s(self, day: date) -> float:
        """Return when the round is over on a day [s since 1970]."""
        return datetime.combine(day, time(*divmod(self.ends_min, 60)), self.zone).timestamp()


def due(days: Sequence[Collection], stream: str, today: date, terms: Terms) -> Verdict | Collection:
    """Return the newest collection of a stream that is or was due, or the verdict that there is none to tell of."""
    # What a new timetable has dropped was never due: the one that took its place is.
    mine = [c for c in days if c.service.stream == stream and not (c.day is None and c.reason == DROPPED)]
    since = today - timedelta(days=terms.look_back_days)
    coming = min((c.day for c in mine if c.day is not None and c.day > today), default=None)
    past = [c for c in mine if since <= (c.day or c.original) <= today]
    newest = max(past, key=lambda c: c.day or c.original, default=None)
    if newest is None:
        return Verdict(outcome="not_due", stream=stream, next_day=coming)
    if newest.day is None:
        return Verdict(
            outcome="cancelled",
            stream=stream,
            original=newest.original,
            next_day=coming,
            reason=newest.reason,
        )
    return newest


def judge(
    place: Premises,
    collection: Collection,
    coming: date | None,
    now_s: float,
    track: Track,
    said: Sequence[CrewSaid],
    calendar: Calendar,
    terms: Terms,
    later: Track | None = None,
) -> Verdict:
    """Return what is answered to a household whose collection was due.

    Args:
        place: the household's; without a position no track can be held against it.
        collection: from :func:`due`.
        coming: when the stream is collected next.
        now_s: the town's time [s since 1970].
        track: where the round's lorries were on that day.
        said: what crews reported there on that day, or up to :func:`fetched_until`.
        calendar: of the round.
        terms: to judge by.
        later: where they were after that day, up to :func:`fetched_until`; None: that is not known.
    """
    day = collection.day
    assert day is not None
    known = Verdict(
        outcome="accepted",
        stream=collection.service.stream,
        original=collection.original,
        day=day,
        next_day=coming,
    )
    today = datetime.fromtimestamp(now_s, calendar.zone).date()
    if now_s < calendar.over_s(day):
        return msgspec.structs.replace(known, outcome="too_early")
    if today > working_day_after(day, terms.claim_days, calendar.holidays):
        return msgspec.structs.replace(known, outcome="too_late")
    known = _seen(known, place, (track, later), said, terms)
    if known.crew is not None:
        return msgspec.structs.replace(known, outcome="crew_reported")
    return msgspec.structs.replace(
        known,
        outcome="to_check" if known.passed is not None else "accepted",
        return_by=working_day_after(today, terms.return_days, calendar.holidays),
    )


def fetched_until(days: Sequence[Collection], day: date, today: date) -> date:
    """Return the last day on which what was due on ``day`` may have been fetched.

    A lorry may come a day late. From the household's next collection on, of whatever stream, it comes for that one.
    """
    following = [c.day for c in days if c.day is not None and c.day > day]
    return max(day, min([today, *(d - timedelta(days=1) for d in following)]))


def next_of(days: Sequence[Collection], stream: str, today: date) -> date | None:
    """Return when a stream is collected next, after today."""
    found = (c.day for c in days if c.service.stream == stream and c.day is not None and c.day > today)
    return min(found, default=None)


def _seen(
    known: Verdict,
    place: Premises,
    tracks: tuple[Track, Track | None],
    said: Sequence[CrewSaid],
    terms: Terms,
) -> Verdict:
    passed = None
    for track in tracks:
        if place.latitude_deg is None or place.longitude_deg is None or track is None or track.is_empty:
            continue
        if passed is None:
            passed = passing(track, place.latitude_deg, place.longitude_deg, terms.near_m)
    return msgspec.structs.replace(
        known,
        passed=passed,
        stopped=passed is not None and passed.slowest_m_s <= terms.stopped_m_s,
        crew=max(said, key=lambda s: s.at_s, default=None),
        tracked=not tracks[0].is_empty,
    )
