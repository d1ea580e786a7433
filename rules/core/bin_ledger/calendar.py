"""Days of the period by the town's clock, hours of the week, and the days and times of a fixed schedule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.values import HOUR_S, Bin, Floats, Plan, Schedule

EPOCH = date(1970, 1, 1)
WEEK_H = 168


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days that are judged: the days, and their edges, one more [s since 1970]."""

    days: tuple[date, ...]
    edges_s: Floats
    zone: tzinfo

    @property
    def first_s(self) -> float:
        """When the period begins [s since 1970]."""
        return float(self.edges_s[0])

    @property
    def last_s(self) -> float:
        """When it ends [s since 1970]."""
        return float(self.edges_s[-1])

    def day_of(self, t_s: float) -> int | None:
        """Return which day a time is in; None = outside of the period."""
        k = int(np.searchsorted(self.edges_s, t_s, side="right")) - 1
        return k if 0 <= k < len(self.days) else None


def calendar(first: date, last: date, zone: str) -> Calendar:
    """Return the days from ``first`` to ``last``, both included."""
    town = ZoneInfo(zone)
    days = tuple(first + timedelta(days=k) for k in range((last - first).days + 1))
    edges = [midnight_s(d, town) for d in (*days, last + timedelta(days=1))]
    return Calendar(days, np.array(edges), town)


def midnight_s(day: date, zone: tzinfo) -> float:
    """Return when a day begins by the town's clock [s since 1970]."""
    return datetime.combine(day, time(), zone).timestamp()


@lru_cache(maxsize=64)
def hours_of_week(first_h: int, n: int, zone: tzinfo) -> NDArray[np.int64]:
    """Return the hour of the week by the town's clock of ``n`` hours, 0 = Monday from midnight.

    ``first_h``: the first of them, in hours since 1970.
    """
    hours = first_h + np.arange(n)
    offsets_s = [
        (datetime.fromtimestamp(int(h) * HOUR_S, zone).utcoffset() or timedelta()).total_seconds()
        for h in hours
    ]
    # The first of January 1970 was a Thursday.
    return np.asarray((hours + np.floor(np.array(offsets_s) / HOUR_S).astype(np.int64) + 3 * 24) % WEEK_H)


def is_driven(plan: Plan, day: date) -> bool:
    """Whether a plan's round is driven on a day."""
    if day in plan.not_on:
        return False
    if plan.weekdays:
        return day.weekday() in plan.weekdays
    return (day - (plan.first_day or EPOCH)).days % plan.every_days == 0


def faults(schedule: Schedule) -> tuple[str, ...]:
    """Return what is wrong with a schedule, in words."""
    found = []
    named = [b for p in schedule.plans for b in p.bins]
    if not schedule.plans:
        found.append("a schedule has at least one round")
    if not schedule.source.strip():
        found.append("say where the schedule is from (source)")
    if len(named) != len(set(named)):
        found.append("a bin is in two rounds, or twice in one")
    if sum(not p.bins for p in schedule.plans) > 1:
        found.append("only one round can be of all other bins")
    return (*found, *(f for p in schedule.plans for f in _faults(p)))


def _faults(p: Plan) -> Iterator[str]:
    if bool(p.weekdays) == (p.every_days > 0) or p.every_days < 0:
        yield f"{p.name}: say either weekdays or every_days"
    if any(not 0 <= d <= 6 for d in p.weekdays):
        yield f"{p.name}: weekdays are 0 (Monday) to 6 (Sunday)"
    if not 0.0 <= p.from_h <= p.until_h <= 24.0:
        yield f"{p.name}: from_h and until_h are hours of a day, in order"
    if any(v is not None and not 0.0 <= v < 1e5 for v in (p.km, p.hours)) or p.lorries < 1:
        yield f"{p.name}: km, hours and lorries can't be that"


def of_plans(schedule: Schedule, bins: Iterable[Bin]) -> Mapping[str, tuple[str, ...]]:
    """Return the bins of each plan, by its name, in the order of driving."""
    ids = [b.bin_id for b in bins]
    named = {b for p in schedule.plans for b in p.bins}
    others = tuple(b for b in ids if b not in named)
    return {p.name: tuple(b for b in p.bins if b in ids) if p.bins else others for p in schedule.plans}


def visits_s(
    plan: Plan, bins: Sequence[str], days: Iterable[date], zone: tzinfo
) -> Iterator[tuple[str, float]]:
    """Yield each bin and time at which a plan empties it [s since 1970], day by day; spread evenly over its hours."""
    for day in days:
        if not is_driven(plan, day):
            continue
        noon = datetime.combine(day, time(), zone)
        for k, bin_id in enumerate(bins):
            hour = plan.from_h + (plan.until_h - plan.from_h) * k / len(bins)
            # Added to the clock on the wall: a round begins at seven whatever the clock did at night.
            yield bin_id, (noon + timedelta(hours=hour)).astimezone(UTC).timestamp()
