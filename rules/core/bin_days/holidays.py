"""Bank holidays: what a week's collections move to, and working days. Pure."""

from __future__ import annotations

from collections.abc import Collection as Days
from collections.abc import Sequence
from datetime import date, timedelta

from rules.core.bin_days.model import Change

DAY = timedelta(days=1)
SATURDAY = 5
REASON = "the bank holiday"
CLOSED = ((12, 25), (12, 26), (1, 1))
"""Month and day on which nobody drives, also where the bank holiday for it is on the Monday after."""


def proposed(holidays: Days[date], first: date, last: date) -> tuple[list[Change], list[date]]:
    """Return the changes that the weeks with a bank holiday ask for, and the days for which there is no room.

    In each week from the holiday on every day's collections move one day later, Saturday included; with two holidays
    in a week, to the next days that are free. A day that would have to go beyond Saturday, or on to a Saturday that
    is Christmas, Boxing or New Year's Day, is in the second list: a person decides. A holiday at a weekend moves nothing.

    Args:
        holidays: bank holidays.
        first: a day of the first week.
        last: a day of the last one; days outside the two are left out.
    """
    found: list[Change] = []
    left: list[date] = []
    monday = first - first.weekday() * DAY
    while monday <= last:
        week = [monday + n * DAY for n in range(SATURDAY)]
        free = [
            d
            for d in (*week, monday + SATURDAY * DAY)
            if d not in holidays and (d.month, d.day) not in CLOSED
        ]
        place = monday - DAY
        for day in week if any(d in holidays for d in week) else ():
            to = next((d for d in free if d >= day and d > place), None)
            if to is None:
                left.append(day)
                continue
            place = to
            if to != day:
                found.append(Change(day=day, to=to, reason=REASON))
        monday += 7 * DAY
    return [c for c in found if first <= c.day <= last], [d for d in left if first <= d <= last]


def working_day_after(day: date, count: int, holidays: Days[date]) -> date:
    """Return the ``count``-th working day after ``day``: Monday to Friday without bank holidays."""
    left = count
    while left > 0:
        day += DAY
        left -= day.weekday() < SATURDAY and day not in holidays
    return day


def without(changes: Sequence[Change], proposals: Sequence[Change]) -> list[Change]:
    """Return the proposals for days of which nobody has said anything for all rounds yet."""
    said = {c.day for c in changes if c.round_id is None and c.stream is None}
    return [p for p in proposals if p.day not in said]
