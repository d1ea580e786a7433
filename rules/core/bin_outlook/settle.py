"""Chances that are waited on: told, and settled by an overflow, an emptying, or the end of their time. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.bin_outlook import chances
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.levels import Levels
from rules.core.bin_outlook.outlook import Start, p_full
from rules.core.bin_outlook.pooling import Filling
from rules.core.bin_outlook.week import HOUR_S, Course
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.psychrometrics import Floats

FRESH_S = 3.0 * HOUR_S
"""A chance is waited on only where it was told of a level that is not older: a bin nobody hears of says nothing later either."""
SILENT_S = 86_400.0
"""So long after its end a chance is settled by what was last seen."""


class Ends(NamedTuple):
    """How waiting ended, by row: whether the bin overflowed, when it did or the watch ended, when the watch would have ended [s since 1970]."""

    rows: Rows
    came: Floats
    stop_s: Floats
    watched_s: Floats


def ended(c: OutlookColumns, now: Levels, at_s: float, p: OutlookParameters) -> Ends:
    """Return the chances that are settled by the levels as of a full hour; before they are learnt from."""
    told_s, till_s = c["told_s"], c["told_till_s"]
    waits = ~np.isnan(told_s)
    emptied = waits & (now.cycle_s > told_s)
    newer = waits & ~emptied & (now.at_s > told_s)
    full = newer & (now.fill_pct >= p.seen_full_pct)
    # Between the level before and this one: in the middle, as nobody saw it.
    passed_s = np.where(full, (np.maximum(c["seen_s"], told_s) + now.at_s) / 2.0, np.inf)
    came = passed_s <= till_s
    over = waits & ((newer & (now.at_s >= till_s)) | (at_s >= till_s + SILENT_S))
    rows: Rows = np.flatnonzero(emptied | came | over)
    last_s = np.where(emptied, now.cycle_s, np.where(newer, now.at_s, told_s))
    watched_s = np.where(came, till_s, np.minimum(last_s, till_s))
    stop_s = np.where(came, passed_s, watched_s)
    return Ends(rows, came[rows].astype(np.float64), stop_s[rows], watched_s[rows])


def settled(c: OutlookColumns, ends: Ends, ahead: Course, p: OutlookParameters) -> Floats:
    """Return what settled chances add to the sums, and wait on them no more. ``ahead``: must hold their time."""
    rows = ends.rows
    of = Start(*(c[f"told_{n}"][rows] for n in ("s", "pct", "rate_pct_h", "spread_pct", "strength_h")))
    whole, told = chances.hazard(c["told_raw"][rows]), chances.hazard(c["told_p"][rows])
    factor = told / np.maximum(whole, 1e-12)
    gone = np.minimum(chances.hazard(p_full(c, rows, of, ahead, ends.stop_s, p)), whole)
    watched = np.minimum(chances.hazard(p_full(c, rows, of, ahead, ends.watched_s, p)), whole)
    watched = np.where(ends.came > 0.0, whole, watched)
    c["told_s"][rows] = np.nan
    c.touch(rows)
    return chances.counted(whole, ends.came, gone, gone * factor, watched * factor)


def wait(
    c: OutlookColumns, rows: Rows, raw: Floats, known: Filling, at_s: float, p: OutlookParameters
) -> None:
    """Begin to wait on the chances just told of ``rows`` where none is waited on, and the bin is not full already."""
    seen_s, fill = c["seen_s"][rows], c["seen_pct"][rows]
    can = np.isnan(c["told_s"][rows]) & (at_s - seen_s <= FRESH_S) & (fill < p.seen_full_pct)
    can &= ~np.isnan(raw) & ~np.isnan(c["cycle_s"][rows])
    new = rows[can]
    c["told_s"][new], c["told_pct"][new] = seen_s[can], fill[can]
    c["told_rate_pct_h"][new], c["told_spread_pct"][new] = known.rate_pct_h[new], known.spread_pct[new]
    c["told_strength_h"][new] = known.strength_h[new]
    c["told_till_s"][new] = c["next_s"][new] + p.service.lead_h * HOUR_S
    c["told_raw"][new], c["told_p"][new] = raw[can], c["p"][new]
    c.touch(new)
