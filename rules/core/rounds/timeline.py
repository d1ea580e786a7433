"""When a lorry is where, by the order of its visits: waits, breaks, loads and what it costs.

A visit is a job's number, or minus one minus a tip's. Breaks are put in as late as their rule allows, or once
earlier where that is said. Nothing is refused here: what is late or too much is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.core.rounds.case import Case, Truck
from rules.core.rounds.travel import FAR_S


@dataclass(slots=True)
class Event:
    """One stop: ``kind`` as in :class:`rules.core.rounds.plan.Stop`; ``visit`` of a bin or tip."""

    kind: str
    site: int
    visit: int | None
    arrive_s: int
    begins_s: int
    ends_s: int
    kg: int
    litres: int
    drive_s: int = 0
    metres: int = 0


@dataclass
class Timeline:
    """What a lorry does.

    Attributes:
        events: in order, without the start and with the end.
        late: visits that begin too late.
        over: kilograms or litres beyond what it holds, or how far the end is beyond its hours and
            work goes on without a break [s].
        cost: [units]; 0 of a lorry that stays.
        site, time_s, kg, litres, counted_s: where it ends, when, with what on board, and of the break's rule.
    """

    site: int
    time_s: int
    kg: int
    litres: int
    counted_s: int
    events: list[Event] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    over: int = 0
    cost: int = 0
    metres: int = 0
    break_s: int = 0
    no_way: bool = False

    @property
    def fits(self) -> bool:
        """Whether it can be driven."""
        return not self.late and self.over == 0 and not self.no_way


def begin(truck: Truck) -> Timeline:
    """Return a lorry that has done nothing yet."""
    return Timeline(truck.start, truck.begins_s, truck.board_kg, truck.board_l, truck.counted_s)


def drive(case: Case, truck: Truck, visits: Sequence[int], early: int | None = None) -> Timeline:
    """Return what a lorry does, from where it is to its home, unloading before it ends.

    Args:
        case: the day.
        truck: the lorry.
        visits: in order; a last tip may be left out: the best is put in.
        early: a break is taken before the visit with this index, if any time counts yet.
    """
    t = begin(truck)
    if not visits and truck.may_stay:
        return t
    for index, visit in enumerate(visits):
        go(case, truck, t, visit, forced=index == early)
    if t.kg or t.litres or (visits and visits[-1] >= 0):
        go(case, truck, t, -1 - last_tip(case, truck, t), forced=early == len(visits))
    _go_home(case, truck, t)
    return t


def go(case: Case, truck: Truck, t: Timeline, visit: int, forced: bool = False) -> None:
    """Drive on to a visit and do it."""
    if visit >= 0:
        job = case.jobs[visit]
        one = job.candidate
        site, first, last, takes = job.site, one.from_s, one.until_s, one.service_s
    else:
        tip = case.tips[-1 - visit]
        entry = tip.entry
        site, first, last, takes = tip.site, entry.opens_s, entry.closes_s, entry.unload_s
    way_s, metres = truck.drive_rows[t.site][site], truck.metre_rows[t.site][site]
    begins = max(t.time_s + way_s, first)
    _rest(case, t, way_s, begins - t.time_s + takes, forced)
    arrive = t.time_s + way_s
    begins = max(arrive, first)
    if begins > last:
        t.late.append(visit)
    t.no_way = t.no_way or way_s >= FAR_S
    _count(case, t, way_s, begins - t.time_s + takes)
    t.site, t.time_s, t.metres = site, begins + takes, t.metres + metres
    if visit >= 0:
        t.kg, t.litres = t.kg + job.kg, t.litres + job.litres
        t.over += max(0, t.kg - truck.max_kg) + max(0, t.litres - truck.max_l)
    else:
        t.kg = t.litres = 0
    kind = "bin" if visit >= 0 else "tip"
    t.events.append(Event(kind, site, visit, arrive, begins, begins + takes, t.kg, t.litres, way_s, metres))


def last_tip(case: Case, truck: Truck, t: Timeline) -> int:
    """Return the tip over which the way home is cheapest; one that is open when it comes before one that is not."""

    def key(number: int) -> tuple[bool, int, int]:
        tip = case.tips[number]
        begins = max(t.time_s + truck.drive_rows[t.site][tip.site], tip.entry.opens_s)
        home = begins + tip.entry.unload_s + truck.drive_rows[tip.site][truck.home]
        metres = truck.metre_rows[t.site][tip.site] + truck.metre_rows[tip.site][truck.home]
        return begins > tip.entry.closes_s, truck.per_s * home + truck.per_m * metres, number

    return min(truck.tips, key=key)


def _go_home(case: Case, truck: Truck, t: Timeline) -> None:
    way_s, metres = truck.drive_rows[t.site][truck.home], truck.metre_rows[t.site][truck.home]
    _rest(case, t, way_s, way_s, forced=False)
    _count(case, t, way_s, way_s)
    t.no_way = t.no_way or way_s >= FAR_S
    t.site, t.time_s, t.metres = truck.home, t.time_s + way_s, t.metres + metres
    t.events.append(
        Event("end", truck.home, None, t.time_s, t.time_s, t.time_s, t.kg, t.litres, way_s, metres)
    )
    t.over += max(0, t.time_s - truck.latest_s)
    work_s = t.time_s - truck.begins_s - t.break_s
    overtime_s = max(0, t.time_s - max(truck.shift_ends_s, truck.begins_s))
    t.cost = truck.per_day + truck.per_m * t.metres + truck.per_s * work_s + truck.per_over_s * overtime_s


def _rest(case: Case, t: Timeline, way_s: int, busy_s: int, forced: bool) -> None:
    """Take a break where the lorry stands if what comes next would go beyond the rule."""
    rule = case.settings.break_
    if rule is None or t.counted_s == 0:
        return
    what, after_s, break_s = rule
    if not forced and t.counted_s + (way_s if what == "driving" else busy_s) <= after_s:
        return
    begins = t.time_s
    t.events.append(Event("break", t.site, None, begins, begins, begins + break_s, t.kg, t.litres))
    t.time_s += break_s
    t.break_s += break_s
    t.counted_s = 0


def _count(case: Case, t: Timeline, way_s: int, busy_s: int) -> None:
    rule = case.settings.break_
    if rule is not None:
        t.counted_s += way_s if rule[0] == "driving" else busy_s
        t.over += max(0, t.counted_s - rule[1])


def best_breaks(case: Case, truck: Truck, visits: Sequence[int]) -> Timeline:
    """Return what a lorry does with its first break where nothing becomes late by it, if there is such a place."""
    t = drive(case, truck, visits)
    if t.fits or not any(e.kind == "break" for e in t.events):
        return t
    tries = (drive(case, truck, visits, early) for early in range(len(visits) + 1))
    return next((one for one in tries if one.fits), t)
