"""Collection days in plain English, for pages, calendars, reminders and answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rules.core.bin_days.missed import Verdict
from rules.core.bin_days.model import Collection

CREW = {
    "blocked": "the way to it was blocked",
    "contaminated": "there was something in it that it is not for",
    "not_out": "it was not out",
}
PHONE_HINT = "If that is not right, please call us and say the reference."


def day_words(day: date, year: bool = False) -> str:
    """Return ``Tuesday 29 December``."""
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if year else "")


def when(day: date, today: date) -> str:
    """Return ``today``, ``tomorrow, Tuesday 29 December`` or ``on Tuesday 29 December``."""
    ahead = (day - today).days
    if ahead == 0:
        return f"today, {day_words(day)}"
    return f"tomorrow, {day_words(day)}" if ahead == 1 else f"on {day_words(day, day.year != today.year)}"


def joined(items: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def put_out(collections: Iterable[Collection]) -> str:
    """Return what to put out: ``the black bin and the brown caddy``."""
    return joined([f"the {name}" for name in dict.fromkeys(c.service.container for c in collections)])


def why(c: Collection) -> str:
    """Return why a collection is not on its usual day: ``Tuesday instead of Monday because of the bank holiday``."""
    if not c.reason:
        return ""
    if c.day is None:
        return f"No collection on {day_words(c.original)} because of {c.reason}"
    if not c.is_moved:
        return ""
    near = abs((c.day - c.original).days) < 7
    usual = f"{c.original:%A}" if near else day_words(c.original)
    return f"{c.day:%A} instead of {usual} because of {c.reason}"


def changes(collections: Iterable[Collection]) -> list[str]:
    """Return why some of a day's collections are not on their usual day, each reason once."""
    return list(dict.fromkeys(w for c in collections if (w := why(c))))


def next_day(found: Sequence[Collection], today: date) -> tuple[date, list[Collection]] | None:
    """Return the next day with collections, today included, and what is collected; None: none is known."""
    ahead = [c for c in found if c.day is not None and c.day >= today]
    day = min((c.day for c in ahead if c.day is not None), default=None)
    return None if day is None else (day, [c for c in ahead if c.day == day])


def headline(found: Sequence[Collection], today: date) -> str:
    """Return the answer to "when is my next collection and what do I put out?"."""
    coming = next_day(found, today)
    if coming is None:
        return "No collection is planned here."
    day, mine = coming
    return f"Put out {put_out(mine)} {'by 6:30am ' if day == today else 'for collection '}{when(day, today)}."


def reminder(mine: Sequence[Collection], day: date, today: date) -> tuple[str, str]:
    """Return first line and text of a reminder, but for its links."""
    title = f"Bins {when(day, today)}: put out {put_out(mine)}"
    return title, "\n".join(
        [f"Put out {put_out(mine)}: collected {when(day, today)}.", *_dots(changes(mine))]
    )


def _dots(said: Iterable[str]) -> list[str]:
    return [f"{s}." for s in said]


def clock(at_s: float, zone: ZoneInfo) -> str:
    """Return ``07:42``."""
    return f"{datetime.fromtimestamp(at_s, zone):%H:%M}"


def _clock_and_day(at_s: float, zone: ZoneInfo) -> str:
    """Return ``07:42 on Tuesday 29 December``: a lorry that comes late comes on another day."""
    return f"{clock(at_s, zone)} on {day_words(datetime.fromtimestamp(at_s, zone).date())}"


def answer(verdict: Verdict, label: str, zone: ZoneInfo) -> tuple[str, str]:
    """Return what a household is told: one line, and what follows of it. ``label``: what its stream is called."""
    what, day = label.lower(), "" if verdict.day is None else day_words(verdict.day)
    coming = "" if verdict.next_day is None else f"The next collection is on {day_words(verdict.next_day)}."
    if verdict.outcome == "not_due":
        return f"Your {what} was not due in the last days.", coming
    if verdict.outcome == "cancelled":
        return f"Your {what} was not collected because of {verdict.reason}.", coming
    if verdict.outcome == "too_early":
        return (
            "The round is still going on.",
            f"Your {what} may still be collected {day}. If it is not, tell us when the day's round is over.",
        )
    if verdict.outcome == "too_late":
        return (
            f"It is too late to come back for {day}.",
            f"Tell us within two working days next time. {coming}",
        )
    return _seen(verdict, what, day, zone)


def _seen(verdict: Verdict, what: str, day: str, zone: ZoneInfo) -> tuple[str, str]:
    back = "" if verdict.return_by is None else day_words(verdict.return_by)
    passed = verdict.passed
    lorry = (
        "" if passed is None else f"The lorry was in your street at {_clock_and_day(passed.first_s, zone)}"
    )
    if verdict.crew is not None:
        said = CREW.get(verdict.crew.what, "it could not be emptied")
        first = f"{lorry}; the" if lorry else "The"
        at = "" if lorry else f" at {_clock_and_day(verdict.crew.at_s, zone)}"
        return f"{first} crew reported{at} that {said}.", PHONE_HINT
    if passed is not None:
        stood = " and stopped" if verdict.stopped else ", but did not stop"
        return (
            f"{lorry}{stood}. The crew reported nothing.",
            f"We ask the crew, and come back by {back} if your {what} is still there. Please leave it out.",
        )
    no_track = (
        "The lorry did not come to your street" if verdict.tracked else "We do not know where the lorry was"
    )
    return f"{no_track} on {day}. We come back by {back}.", "Please leave it out."
