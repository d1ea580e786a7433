"""Which days of a home are worked out now, and what waits afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from rules.core.analyst.days import (
    AHEAD,
    LOOK_BACK_DAYS,
    MOST_DAYS,
    begins_s,
    day_of,
    ends_s,
    read_from_s,
    settled_day,
    settles_after_s,
)
from rules.core.analyst.rules import DampRules


@dataclass(frozen=True, slots=True)
class Plan:
    """Days from ``due`` to ``last``, both in it; ``rest``: whether days after them wait."""

    due: date
    last: date
    rest: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits of a home afterwards.

    Attributes:
        due_from: first day that is still to be worked out; None: none.
        settle_day: first day that what comes in time can still change; None: none.
        settle_s: event time from which it can't [s since 1970].
    """

    due_from: date | None
    settle_day: date | None
    settle_s: float | None


def plan(
    due_from: date, first_s: float | None, newest_s: float | None, kept_to: date | None, rules: DampRules
) -> Plan | None:
    """Return the days of a home to be worked out now; None where it has no reading from then on.

    No day is left out: where a home was silent, its days are worked out as not known.

    Args:
        due_from: first day that is due.
        first_s: its first reading [s since 1970].
        newest_s: its newest one.
        kept_to: last day that is kept.
        rules: whose zone is used.
    """
    if first_s is None or newest_s is None:
        return None
    due = due_from if kept_to is None else min(due_from, kept_to + timedelta(days=1))
    due = max(due, day_of(first_s, rules.zone))
    last = day_of(newest_s, rules.zone)
    if due > last:
        return None
    cut = min(last, due + timedelta(days=MOST_DAYS - 1))
    return Plan(due, cut, cut < last)


def waits(planned: Plan, seen_s: float, rules: DampRules) -> Waits:
    """Return what waits of a home whose days are worked out as planned; ``seen_s`` is event time."""
    p = rules.catalogue.damp_events.parameters
    if planned.rest:
        return Waits(planned.last + timedelta(days=1), None, None)
    settled = settled_day(seen_s, rules.zone, p)
    if settled >= planned.last:
        return Waits(None, None, None)
    open_day = settled + timedelta(days=1)
    # A second more: a day that ends on the hour is settled from then on.
    return Waits(None, open_day, ends_s(open_day, rules.zone) + settles_after_s(p) + 1.0)


def span_s(planned: Plan, rules: DampRules) -> tuple[float, float]:
    """Return from when to when readings of the home are needed [s since 1970]."""
    p = rules.catalogue.damp_events.parameters
    return read_from_s(planned.due, rules.zone, p), ends_s(planned.last + AHEAD, rules.zone)


def outdoor_span_s(due: date, last: date, rules: DampRules) -> tuple[float, float]:
    """Return from when to when outdoors must be known for days from ``due`` to ``last`` [s since 1970]."""
    first = due - timedelta(days=LOOK_BACK_DAYS)
    return begins_s(first, rules.zone), ends_s(last + AHEAD, rules.zone)
