"""From which days the time until a bin is full is asked, and how long it took: readings without a fall between them are a cycle.

A cycle ends with the first fall, of any size: after an emptying it is known to have begun, after a small fall it is only not
known to go on. Cycles that end before they are full are censored: how long it would have taken is not known, only that it
was longer than what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats


@dataclass(frozen=True, slots=True)
class CycleRule:
    """What counts as an origin.

    Attributes:
        full_pct: from this reading on a bin is full.
        gap_breaks: a day without a reading ends a cycle.
        begun: only cycles that begin with an emptying.
        emptied_pct: a fall by so much is one.
        empty_first: the day of the emptying counts, too, where the bin is empty on it.
    """

    full_pct: float = 80.0
    gap_breaks: bool = False
    begun: bool = False
    emptied_pct: float = 60.0
    empty_first: bool = False


@dataclass(frozen=True, slots=True)
class Origins:
    """Days from which it is asked, in order of days; one entry each.

    Attributes:
        day, bin: of the reading.
        age_days: since the cycle began, as far as it was seen.
        days: until it was full; NaN where the cycle ended before.
        seen_days: how far the cycle was seen after this day; until full where it was.
    """

    day: NDArray[np.int64]
    bin: NDArray[np.int64]
    age_days: Floats
    days: Floats
    seen_days: Floats

    def only(self, those: NDArray[np.bool_]) -> Origins:
        """Return those entries."""
        return Origins(*(getattr(self, name)[those] for name in self.__slots__))


def origins(fill_pct: Floats, rule: CycleRule) -> Origins:
    """Return the origins of readings, days × n [% of fill], NaN = none."""
    rows = [row for column in range(fill_pct.shape[1]) for row in _of_bin(fill_pct[:, column], column, rule)]
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    day, column = (table[:, i].astype(np.int64) for i in (0, 1))
    return Origins(day, column, table[:, 2], table[:, 3], table[:, 4])


def _of_bin(fill_pct: Floats, column: int, rule: CycleRule) -> list[tuple[float, ...]]:
    found: list[tuple[float, ...]] = []
    for days, begun in _cycles(fill_pct, rule):
        if rule.begun and not begun:
            continue
        full = days[fill_pct[days] >= rule.full_pct]
        last = int(full[0]) if len(full) else int(days[-1]) + 1
        for day in days[days < last]:
            if day == days[0] and fill_pct[day] == 0.0 and not rule.empty_first:
                continue
            known = float(last - day)
            found.append(
                (
                    day,
                    column,
                    day - days[0],
                    known if len(full) else np.nan,
                    known if len(full) else known - 1.0,
                )
            )
    return found


def _cycles(fill_pct: Floats, rule: CycleRule) -> list[tuple[NDArray[np.int64], bool]]:
    """Return the days with a reading of each cycle, and whether it began with an emptying."""
    known = np.flatnonzero(~np.isnan(fill_pct))
    if not len(known):
        return []
    fall = fill_pct[known[:-1]] - fill_pct[known[1:]]
    breaks = (fall > 0.0) | (rule.gap_breaks & (np.diff(known) > 1))
    starts = np.flatnonzero(breaks) + 1
    begun = [False, *(fall[starts - 1] >= rule.emptied_pct)]
    return list(zip(np.split(known, starts), begun, strict=True))
