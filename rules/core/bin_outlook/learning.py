"""What the levels of an hour teach: what was added since the level before, and when in the week. Pure.

Nothing is cut off at 0: litter settles and echoes are noisy, and the sum over a cycle is what was put in, whatever its steps.
Nothing is learnt across an emptying, a fall that is no settling, a long gap, or from a bin that lay on its side or was full
before: then what was added is not known. Where it became full in between, at least so much was added as was room for: it
counts as what is expected of such an amount (an EM step), as leaving it out would teach that bins fill slowly.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

import numpy as np

from rules.core.bin_outlook import gamma
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.levels import Levels
from rules.core.bin_outlook.pooling import Filling, fade
from rules.core.bin_outlook.week import HOUR_S, WEEK_H, hours_of_week
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.psychrometrics import Floats

BLOCK_S = 86_400.0
"""Squares are taken of a day's sum: noise of the sensor counts once a day there, and busy days as such."""


class Taught(NamedTuple):
    """What was added, place by place and hour by hour of the week: places × 2 × 168, added and evenly expected [%]."""

    week: Floats


class _Parts(NamedTuple):
    """Intervals cut at full hours: of which row, the hour of the week, and how much of it [h]."""

    row: Rows
    hour: Rows
    part_h: Floats


def learn(
    c: OutlookColumns, now: Levels, known: Filling, at_s: float, zone: tzinfo, p: OutlookParameters
) -> Taught:
    """Take the levels as of a full hour; return what they teach of the week.

    Args:
        c: what is known by bin; changed.
        now: levels as of ``at_s``.
        known: how bins fill by what was known before.
        at_s: s since 1970.
        zone: the week's.
        p: parameters.
    """
    newer = ~np.isnan(now.at_s) & ~(now.at_s <= c["seen_s"])
    follows = newer & ~now.unsure & (now.cycle_s == c["cycle_s"])
    follows &= (now.at_s - c["seen_s"] <= p.filling.gap_h * HOUR_S) & (c["seen_pct"] < p.seen_full_pct)
    follows &= now.fill_pct - c["seen_pct"] > -p.filling.fall_pct
    rows: Rows = np.flatnonzero(follows)
    begins: Rows = np.flatnonzero(newer & ~follows)
    _end_days(c, begins, known, p)
    week = np.zeros((len(c.places), 2, WEEK_H))
    if len(rows) > 0:
        _take(c, rows, now, known, at_s, zone, p, week)
    changed: Rows = np.flatnonzero(newer)
    c["seen_s"][changed], c["seen_pct"][changed] = now.at_s[changed], now.fill_pct[changed]
    c["cycle_s"][changed] = now.cycle_s[changed]
    tilted: Rows = np.flatnonzero(now.unsure & ~np.isnan(c["seen_s"]))
    c["cycle_s"][tilted] = np.nan  # what comes next follows nothing
    c.touch(changed)
    c.touch(tilted)
    return Taught(week)


def _take(
    c: OutlookColumns,
    rows: Rows,
    now: Levels,
    known: Filling,
    at_s: float,
    zone: tzinfo,
    p: OutlookParameters,
    week: Floats,
) -> None:
    """Add what the intervals of ``rows`` say to the sums and to ``week``."""
    parts = _cut(c["seen_s"][rows], now.at_s[rows], at_s, zone)
    place, rate = c.place[rows], known.rate_pct_h[rows]
    weighted = parts.part_h * known.shape[place[parts.row], parts.hour]
    hours = np.bincount(parts.row, weighted, len(rows))
    added, unseen = _added(c, rows, now, rate * hours, known.spread_pct[rows], p)
    faded = fade(np.maximum(at_s - c["as_of_s"][rows], 0.0), p.filling.half_life_days)
    for name, more in (
        ("added_pct", added),
        ("hours", hours),
        ("squares_pct2", 0.0),
        ("squares_due_pct", 0.0),
    ):
        c[name][rows] = c[name][rows] * faded + more
    c["as_of_s"][rows] = at_s
    _go_on(c, rows, added, rate * hours, unseen)
    full_day: Rows = rows[now.at_s[rows] - c["day_s"][rows] >= BLOCK_S - HOUR_S / 2.0]
    _end_days(c, full_day, known, p)
    at = (place[parts.row], parts.hour)
    np.add.at(week[:, 0], at, (added / hours)[parts.row] * weighted)
    np.add.at(week[:, 1], at, rate[parts.row] * parts.part_h)


def _added(
    c: OutlookColumns, rows: Rows, now: Levels, due: Floats, spread: Floats, p: OutlookParameters
) -> tuple[Floats, Floats]:
    """Return what was added [%], and the variance of what could not be seen of it [%²]."""
    added = now.fill_pct[rows] - c["seen_pct"][rows]
    unseen = np.zeros(len(rows))
    full = np.flatnonzero(now.fill_pct[rows] >= p.seen_full_pct)
    if len(full) > 0:
        room = np.maximum(p.seen_full_pct - c["seen_pct"][rows[full]], 0.0)
        added[full], unseen[full] = gamma.at_least(room, due[full], spread[full])
    return added, unseen


def _go_on(c: OutlookColumns, rows: Rows, added: Floats, due: Floats, unseen: Floats) -> None:
    """Add to the day that squares are being taken of; where there is none, it begins at the level before."""
    new = np.isnan(c["day_s"][rows])
    c["day_s"][rows] = np.where(new, c["seen_s"][rows], c["day_s"][rows])
    for name, more in (("day_added_pct", added), ("day_expected_pct", due), ("day_unseen_pct2", unseen)):
        c[name][rows] = np.where(new, 0.0, c[name][rows]) + more


def _end_days(c: OutlookColumns, rows: Rows, known: Filling, p: OutlookParameters) -> None:
    """Take the squares of days that are over; the rate's own doubt is expected in them, the sensor's noise is taken off."""
    rows = rows[~np.isnan(c["day_s"][rows])]
    due = c["day_expected_pct"][rows]
    doubt = 1.0 + due / (known.rate_pct_h[rows] * known.strength_h[rows])
    noise = 2.0 * (c.noise_pct[rows] ** 2 + c.cell_pct[rows] ** 2 / 12.0)
    c["squares_pct2"][rows] += (c["day_added_pct"][rows] - due) ** 2 + c["day_unseen_pct2"][rows] - noise
    c["squares_due_pct"][rows] += due * doubt
    c["day_s"][rows] = np.nan
    c.touch(rows)


def _cut(from_s: Floats, to_s: Floats, at_s: float, zone: tzinfo) -> _Parts:
    first, last = np.floor(from_s / HOUR_S).astype(np.int64), np.ceil(to_s / HOUR_S).astype(np.int64)
    counts = np.maximum(last - first, 1)
    row: Rows = np.repeat(np.arange(len(counts)), counts)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    hour = first[row] + nth
    part_h = (np.minimum(to_s[row], (hour + 1) * HOUR_S) - np.maximum(from_s[row], hour * HOUR_S)) / HOUR_S
    begin = int(hour.min())
    week = hours_of_week(begin, int(np.floor(at_s / HOUR_S)) - begin + 1, zone)
    return _Parts(row, week[hour - begin], np.maximum(part_h, 0.0))
