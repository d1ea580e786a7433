"""The outlook of the bins: the chance of an overflow if the coming round leaves them out, and the time until they are full. Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

import numpy as np

from rules.core.bin_outlook import gamma
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.pooling import Filling
from rules.core.bin_outlook.services import Coming
from rules.core.bin_outlook.week import HOUR_S, Course, course
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.psychrometrics import Floats

CHANCES = {"full_from_s": 0.1, "full_s": 0.5, "full_to_s": 0.9}
"""With which chance a bin is full by when."""
TOLD = ("p", "next_s", "service_s", "service_pct", *CHANCES, "rate_pct_h", "source")
LONGEST_H = 60.0 * 24.0
"""Farther ahead nothing is told: it only says that a bin hardly fills."""


class Start(NamedTuple):
    """What a chance is reckoned from, by row.

    Attributes:
        at_s, fill_pct: of the last level [s since 1970, % of fill].
        rate_pct_h, spread_pct, strength_h: as of :class:`rules.core.bin_outlook.pooling.Filling`.
    """

    at_s: Floats
    fill_pct: Floats
    rate_pct_h: Floats
    spread_pct: Floats
    strength_h: Floats


def start(c: OutlookColumns, known: Filling, rows: Rows) -> Start:
    """Return what the chances of ``rows`` are reckoned from now."""
    return Start(
        c["seen_s"][rows], c["seen_pct"][rows], known.rate_pct_h[rows], known.spread_pct[rows], known.strength_h[rows]
    )  # fmt: skip


def p_reached(
    c: OutlookColumns, rows: Rows, of: Start, ahead: Course, till_s: Floats, level_pct: float
) -> Floats:
    """Return the chance that bins reach a level by a time each, 0..1."""
    place = c.place[rows]
    hours = ahead.upto(place, till_s) - ahead.upto(place, of.at_s)
    mean = of.rate_pct_h * np.maximum(hours, 0.0)
    variance = of.spread_pct * mean * (1.0 + hours / of.strength_h)
    return gamma.p_reaches(level_pct - of.fill_pct, c.noise_pct[rows], c.cell_pct[rows], mean, variance)


def look_ahead(
    c: OutlookColumns, known: Filling, when: Coming, at_s: float, zone: tzinfo, p: OutlookParameters
) -> tuple[Rows, Course]:
    """Write the outlook of all bins whose level is known and not too old; return which, and the course of the time around.

    The chance is as reckoned; :mod:`rules.core.bin_outlook.chances` puts it right.
    """
    rows: Rows = np.flatnonzero(at_s - c["seen_s"] <= p.level_age_h * HOUR_S)
    _forget_old(c, rows)
    begin_s = float(c["seen_s"][rows].min()) if len(rows) else at_s
    lead_s = p.service.lead_h * HOUR_S
    till_s = at_s if when.next_s is None else when.next_s + lead_s
    ahead = course(known.shape, begin_s, max(till_s, at_s + 168.0 * HOUR_S), zone)
    of = start(c, known, rows)
    if when.next_s is None:
        c["p"][rows] = np.nan
    else:
        found = p_reached(c, rows, of, ahead, np.full(len(rows), till_s), p.full_pct)
        c["p"][rows] = np.where(of.fill_pct >= p.seen_full_pct, 1.0, found)
    c["next_s"][rows] = np.nan if when.next_s is None else when.next_s
    _at_service(c, rows, of, ahead, when, at_s)
    _times(c, rows, of, ahead, p)
    c["rate_pct_h"][rows], c["source"][rows] = of.rate_pct_h, known.source[rows]
    c.touch(rows)
    return rows, ahead


def _forget_old(c: OutlookColumns, known: Rows) -> None:
    """Let nothing be told any more of bins that are not among ``known``."""
    old = ~np.isnan(c["rate_pct_h"])
    old[known] = False
    rows: Rows = np.flatnonzero(old)
    for name in TOLD:
        c[name][rows] = np.nan
    c["due"][rows] = 0.0
    c.touch(rows)


def _at_service(c: OutlookColumns, rows: Rows, of: Start, ahead: Course, when: Coming, at_s: float) -> None:
    """Write what is expected in the bins when the coming round begins; of one that is under way, now."""
    place = c.place[rows]
    service_s = np.nan if when.service_s is None else max(when.service_s, at_s)
    hours = ahead.upto(place, np.full(len(rows), service_s)) - ahead.upto(place, of.at_s)
    c["service_s"][rows] = np.nan if when.service_s is None else when.service_s
    c["service_pct"][rows] = of.fill_pct + of.rate_pct_h * np.maximum(hours, 0.0)


def _times(c: OutlookColumns, rows: Rows, of: Start, ahead: Course, p: OutlookParameters) -> None:
    """Write when the bins are full with the chances of ``CHANCES``; NaN: not within ``LONGEST_H``."""
    missing = np.maximum(p.full_pct - of.fill_pct, 0.0)
    missing = np.where(of.fill_pct >= p.seen_full_pct, 0.0, missing)
    unsure = c.noise_pct[rows] ** 2 + c.cell_pct[rows] ** 2 / 12.0
    # The process's spread where it is most likely to pass: with the rate's own doubt and the level's.
    spread = of.spread_pct * (1.0 + missing / (of.rate_pct_h * of.strength_h)) + unsure / np.maximum(
        missing, 1.0
    )
    for name, chance in CHANCES.items():
        hours = gamma.mean_to_pass(chance, missing, spread) / of.rate_pct_h
        found = ahead.reaches(c.place[rows], of.at_s, np.minimum(hours, 2.0 * LONGEST_H))
        found = np.where(missing > 0.0, found, of.at_s)
        c[name][rows] = np.where(hours <= LONGEST_H, found, np.nan)
