"""Every bin-day of the period, as it was and as it would have been on fixed days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_ledger.calendar import Calendar, calendar, of_plans, visits_s
from rules.core.bin_ledger.counterfactual import known_days
from rules.core.bin_ledger.demand import Demand
from rules.core.bin_ledger.one_bin import ROWS, OneBin, one_bin
from rules.core.bin_ledger.values import Emptied, Floats, Inputs, Schedule

SIDES = ("actual", "fixed", "checked", "less", "more")
"""As measured; on fixed days; the replay of what was done; on fixed days with less, and with more, of what is estimated."""


@dataclass(frozen=True, slots=True)
class Side:
    """Bin-days of one way to collect, arrays of shape (bins, days).

    Attributes:
        visits: stops at a bin; wasted: of them at a bin that was not half full; told: of them with a known fill.
        fill: sum of those fills, each at most 100 [%]; litres: lifted.
        over_s: overflowing; full_s: at the end of the scale [s]; over_days: 1 where it was an overflow day.
    """

    visits: Floats
    wasted: Floats
    told: Floats
    fill: Floats
    litres: Floats
    over_s: Floats
    full_s: Floats
    over_days: Floats


@dataclass(frozen=True, slots=True)
class BinDays:
    """All bin-days.

    Attributes:
        cal: of the period.
        bins: that are judged, in order; known: whether a bin-day is known, shape (bins, days).
        sides: by :data:`SIDES`.
        loose: stops of each day at bins that nobody names.
        made: the bins.
        left_out: bins that are not judged, with the reason.
    """

    cal: Calendar
    bins: tuple[str, ...]
    known: NDArray[np.bool_]
    sides: Mapping[str, Side]
    loose: Floats
    made: tuple[OneBin, ...]
    left_out: Mapping[str, str]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which days anything is known of; all where no bin is judged, as nothing is compared then."""
        return (
            np.asarray(self.known.any(axis=0))
            if len(self.known)
            else np.ones(len(self.cal.days), dtype=np.bool_)
        )

    @property
    def demands(self) -> Iterator[Demand]:
        """What was thrown into each bin."""
        return (b.demand for b in self.made)


def bin_days(i: Inputs, schedule: Schedule | None = None) -> BinDays:
    """Return the bin-days of a period; ``schedule``: another one than the inputs'."""
    cal, m = calendar(i.first, i.last, i.zone), i.method
    traces = {t.bin_id: t for t in i.traces if len(t.t_s) >= 2}
    known = {b: known_days(t, m, cal) for b, t in traces.items()}
    left_out = dict(_left_out(i, known, m.judged_share * len(cal.days)))
    judged = [b for b in i.bins if b.bin_id not in left_out]
    bins = tuple(b.bin_id for b in judged)
    own = _by_bin(i, bins)
    fixed = fixed_visits(i, cal, i.schedule if schedule is None else schedule, bins)
    made = tuple(
        one_bin(traces[b], own[b], fixed[b], site.capacity_l, cal, m)
        for b, site in zip(bins, judged, strict=True)
    )
    sides = {name: _side(made, name, cal) for name in SIDES}
    sides["actual"] = _with_stops(sides["actual"], i, cal, bins)
    rows = np.array([known[b] for b in bins], dtype=np.bool_).reshape(len(bins), len(cal.days))
    found = BinDays(cal, bins, rows, sides, _loose(i, cal, sides["actual"]), made, left_out)
    return replace(found, loose=found.loose * found.seen)


def _left_out(i: Inputs, known: Mapping[str, NDArray[np.bool_]], least: float) -> Iterator[tuple[str, str]]:
    for b in i.bins:
        days = known.get(b.bin_id)
        if days is None:
            yield b.bin_id, "no sensor" if not b.device else "nothing was measured"
        elif days.sum() < least or not days.any():
            yield b.bin_id, f"{int(days.sum())} of {len(days)} days known"


def _by_bin(i: Inputs, bins: Sequence[str]) -> dict[str, list[Emptied]]:
    found: dict[str, list[Emptied]] = {b: [] for b in bins}
    for e in sorted(i.emptyings, key=lambda e: e.t_s):
        if e.bin_id in found:
            found[e.bin_id].append(e)
    return found


def fixed_visits(i: Inputs, cal: Calendar, schedule: Schedule, bins: Sequence[str]) -> Mapping[str, Floats]:
    """Return when each bin would be emptied [s since 1970], from the first reading on."""
    start_s = min((float(t.t_s[0]) for t in i.traces if len(t.t_s)), default=cal.first_s)
    since = min(i.first, datetime.fromtimestamp(start_s, cal.zone).date())
    days, whose = calendar(since, i.last, i.zone).days, of_plans(schedule, i.bins)
    found: dict[str, list[float]] = {b: [] for b in bins}
    for plan in schedule.plans:
        for bin_id, at_s in visits_s(plan, whose[plan.name], days, cal.zone):
            if bin_id in found:
                found[bin_id].append(at_s)
    return {b: np.array(sorted(times)) for b, times in found.items()}


def _side(made: Sequence[OneBin], name: str, cal: Calendar) -> Side:
    all_bins = np.array([b.sides[name] for b in made]).reshape(len(made), len(ROWS), len(cal.days))
    visits, wasted, fill, litres, over_s, full_s, over_days = all_bins.transpose(1, 0, 2)
    return Side(visits, wasted, visits.copy(), fill, litres, over_s, full_s, over_days)


def _with_stops(side: Side, i: Inputs, cal: Calendar, bins: Sequence[str]) -> Side:
    """Return the side with the stops of rounds at which no emptying was seen: little was in the bin, or it was not emptied."""
    stopped = np.zeros_like(side.visits)
    at = {b: k for k, b in enumerate(bins)}
    for d in i.rounds or ():
        if i.first <= d.day <= i.last:
            for b in d.bins:
                if b in at:
                    stopped[at[b], (d.day - i.first).days] += 1.0
    unseen = np.maximum(stopped - side.visits, 0.0)
    return replace(side, visits=side.visits + unseen, wasted=side.wasted + unseen)


def _loose(i: Inputs, cal: Calendar, actual: Side) -> Floats:
    """Return the stops of each day beyond those that are known by bin; only of rounds that name no bins."""
    found = np.zeros(len(cal.days))
    for d in i.rounds or ():
        if i.first <= d.day <= i.last and not d.bins:
            found[(d.day - i.first).days] += d.stops
    seen = actual.visits.sum(axis=0) if len(actual.visits) else np.zeros(len(cal.days))
    return np.where(found > 0.0, np.maximum(found - seen, 0.0), 0.0)
