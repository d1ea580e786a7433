"""Which day is whose: rules of recurrence, and the changes on top of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

from rules.core.bin_days.model import MOVED_MOST_DAYS, Change, Collection, Round, Service

PARTS = ("FREQ", "INTERVAL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "UNTIL", "COUNT", "WKST")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY")
INTERVAL_MOST = 366
_MARGIN = timedelta(days=MOVED_MOST_DAYS)
_FIRST = date(1, 2, 2)
_LAST = date(9998, 12, 1)


def check_rule(rule: str, start: date) -> str | None:
    """Return what is wrong with a rule of recurrence, in words; None: nothing.

    Only parts that speak of days: one of seconds would be minutes of work.
    """
    fields = dict(part.partition("=")[::2] for part in rule.split(";"))
    strange = [name for name in fields if name not in PARTS]
    if strange:
        return f"has {strange[0]!r}; allowed are {', '.join(PARTS)}"
    if fields.get("FREQ") not in FREQUENCIES:
        return f"begins with FREQ=, one of {', '.join(FREQUENCIES)}"
    interval = fields.get("INTERVAL", "1")
    if not (interval.isdecimal() and 1 <= int(interval[:4]) <= INTERVAL_MOST):
        return f"has INTERVAL={interval}; allowed are 1 to {INTERVAL_MOST}"
    try:
        first = _rrule(rule, start).after(datetime.combine(start, time()), inc=True)
    except (ValueError, TypeError, OverflowError) as error:
        return f"is no rule of RFC 5545: {error}"
    # Looking for days that never come goes on to the year 9999, each time a page is asked for.
    return "gives no day at all" if first is None else None


@lru_cache(maxsize=4096)
def _rrule(rule: str, start: date) -> rrule:
    found = rrulestr(rule, dtstart=datetime.combine(start, time()))
    if not isinstance(found, rrule):
        raise ValueError("one rule, on one line")
    return found


def rule_days(service: Service, first: date, last: date) -> list[date]:
    """Return the days that a service's rule gives from ``first`` to ``last``."""
    begin, end = (datetime.combine(d, time()) for d in (first, last))
    return [at.date() for at in _rrule(service.rule, service.start).between(begin, end, inc=True)]


def change_of(changes: Sequence[Change], round_id: str, stream: str, day: date) -> Change | None:
    """Return the change that counts for a day: that of the round and stream before that of one of them, before all."""
    found = [
        c for c in changes if c.day == day and c.round_id in (None, round_id) and c.stream in (None, stream)
    ]
    return max(found, key=lambda c: (c.round_id is not None, c.stream is not None), default=None)


def collections(each: Round, changes: Sequence[Change], first: date, last: date) -> list[Collection]:
    """Return a round's collections whose original day, or the day on which they are, lies in a span of days.

    Of each service at most one is on a day: one that is moved to where another is already happens with that one,
    and counts as cancelled. Sorted by day (else original day), then stream.
    """
    first, last = max(first, _FIRST), min(last, _LAST)
    by_day: dict[date, list[Change]] = {}
    for change in changes:
        by_day.setdefault(change.day, []).append(change)
    found = [
        c
        for service in each.services
        for c in _of_service(each.round_id, service, by_day, first - 2 * _MARGIN, last + 2 * _MARGIN)
        if first <= c.original <= last or (c.day is not None and first <= c.day <= last)
    ]
    return sorted(found, key=lambda c: (c.day or c.original, c.service.stream, c.original))


def _of_service(
    round_id: str, service: Service, changes: Mapping[date, Sequence[Change]], first: date, last: date
) -> list[Collection]:
    days = rule_days(service, max(first, date.min), min(last, date.max))
    said = {d: change_of(changes.get(d, ()), round_id, service.stream, d) for d in days}
    taken = {d for d, change in said.items() if change is None or change.to == d}
    made = []
    for original in days:
        change = said[original]
        if change is None or change.to == original:
            made.append(Collection(round_id=round_id, service=service, original=original, day=original))
            continue
        to, reason = change.to, change.reason
        if to is not None and to in taken:
            to, reason = None, f"{reason}: collected with the next one"
        elif to is not None:
            taken.add(to)
        made.append(Collection(round_id=round_id, service=service, original=original, day=to, reason=reason))
    return made
