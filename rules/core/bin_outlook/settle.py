"""Chances that are waited on: told, and settled by an overflow, an emptying, or the end of their time. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from rules.core.bin_outlook import chances
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.levels import Levels
from rules.core.bin_outlook.outlook import Start, p_reached, start
from rules.core.bin_outlook.pooling import Filling
from rules.core.bin_outlook.week import HOUR_S, Course
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.psychrometrics import Floats

TOLD = (
    "told_s", "told_pct", "told_rate_pct_h", "told_spread_pct", "told_strength_h", "told_till_s", "told_raw", "told_p",
)  # fmt: skip
"""What is kept of a chance: what it was reckoned from, its end, the chance as reckoned and as told."""
FRESH_S = 3.0 * HOUR_S
"""A chance is waited on only where it was told of a level that is not older: a bin nobody hears of says nothing later either."""
SILENT_S = 86_400.0
"""So long after its end a chance is settled by what was last seen."""


class Ends(NamedTuple):
    """Chances that are settled: their rows, whether the bin had overflowed when it was last watched, and when that was [s since 1970]."""

    rows: Rows
    came: Floats
    watched_s: Floats


def ended(c: OutlookColumns, now: Levels, at_s: float, p: OutlookParameters) -> Ends:
    """Return the chances that are settled by the levels as of a full hour; before they are learnt from.

    A bin has overflowed if the last level before its emptying, or before the time was over, says so. Any level between would
    say so too easily: of many, one is too high.
    """
    told_s, till_s = c["told_s"], c["told_till_s"]
    waits = ~np.isnan(told_s)
    emptied = waits & (now.cycle_s > told_s)
    is_last = waits & ~emptied & (now.at_s > told_s) & (now.at_s <= till_s)
    over = waits & ((now.at_s >= till_s) | (at_s >= till_s + SILENT_S))
    rows: Rows = np.flatnonzero(emptied | over)
    fill = np.where(is_last, now.fill_pct, c["seen_pct"])[rows]
    watched_s = np.where(is_last, now.at_s, c["seen_s"])[rows]
    return Ends(rows, (fill >= p.seen_full_pct).astype(np.float64), watched_s)


def settled(c: OutlookColumns, ends: Ends, ahead: Course, p: OutlookParameters) -> Floats:
    """Return what settled chances add to the sums, and wait on them no more. ``ahead``: must hold their time."""
    rows = ends.rows
    of = Start(*(c[name][rows] for name in TOLD[:5]))
    raw = np.minimum(p_reached(c, rows, of, ahead, ends.watched_s, p.seen_full_pct), c["told_raw"][rows])
    moved = chances.odds_of(c["told_p"][rows]) - chances.odds_of(c["told_raw"][rows])
    told = expit(chances.odds_of(raw) + moved)
    is_watched = ends.watched_s > of.at_s
    c["told_s"][rows] = np.nan
    c.touch(rows)
    return chances.counted(raw[is_watched], told[is_watched], ends.came[is_watched])


def wait(
    c: OutlookColumns,
    rows: Rows,
    known: Filling,
    ahead: Course,
    by: chances.Righting,
    at_s: float,
    p: OutlookParameters,
) -> None:
    """Begin to wait on the chances of ``rows`` where none is waited on, and the bin is not full already.

    They are chances that a sensor will see it: it shows no more than ``seen_full_pct``.
    """
    seen_s, fill = c["seen_s"][rows], c["seen_pct"][rows]
    can = np.isnan(c["told_s"][rows]) & (at_s - seen_s <= FRESH_S) & (fill < p.seen_full_pct)
    can &= ~np.isnan(c["next_s"][rows]) & ~np.isnan(c["cycle_s"][rows])
    new = rows[can]
    of, till_s = start(c, known, new), c["next_s"][new] + p.service.lead_h * HOUR_S
    raw = p_reached(c, new, of, ahead, till_s, p.seen_full_pct)
    columns = (*of, till_s, raw, chances.right(raw, by))
    for name, values in zip(TOLD, columns, strict=True):
        c[name][new] = values
    c.touch(new)
