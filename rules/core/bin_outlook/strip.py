"""The forecast strip of the bins: the coming week in steps of half a day, if nobody empties them. Pure.

At each step the middle and 80 % of the level, and the chance that more than the usable height is in by then. It is the process
that the outlook's own chance is reckoned with, and put right as that one is: worked out with it once an hour, for all bins at once.
Kept and told as whole percents, a byte each: a chance to be decided by is the outlook's own.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from rules.core.bin_outlook import chances
from rules.core.bin_outlook.columns import OutlookColumns, Rows
from rules.core.bin_outlook.gamma import NEVER, p_reaches
from rules.core.bin_outlook.outlook import start
from rules.core.bin_outlook.pooling import Filling
from rules.core.bin_outlook.week import HOUR_S, Course
from rules.core.bin_outlook_memory import STRIP_POINTS
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.psychrometrics import Floats

STEP_H = 12
LEVELS_AT = (0.1, 0.5, 0.9)
NORMAL = 1.2815515655446004
"""The normal distribution's 90 %, in standard deviations."""
HIGHEST_PCT = 250.0
"""So full is said of whatever is fuller."""
SURE_ABOVE, SURE_BELOW = 3.0, 5.0
"""A level whose mean is so many standard deviations above the brim, or below it, is over it, or not: within 1 %."""
SHAPES = (1e-4, 1e6)


class Strip(NamedTuple):
    """Levels and chances, bins × steps: the middle, 10 % and 90 % of the level [% of fill], and the chance of more than 100 %, 0..1."""

    median_pct: Floats
    low_pct: Floats
    high_pct: Floats
    p_over: Floats


def first_step_s(at_s: float, zone: tzinfo) -> float:
    """Return the local noon or midnight that comes next [s since 1970]; the others follow in steps of ``STEP_H``."""
    local = datetime.fromtimestamp(at_s, zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    noon, tomorrow = midnight.replace(hour=12).timestamp(), (midnight + timedelta(days=1)).timestamp()
    return noon if noon > at_s else tomorrow


def look_along(
    c: OutlookColumns, rows: Rows, known: Filling, ahead: Course, by: chances.Righting, at_s: float,
    zone: tzinfo, p: OutlookParameters,
) -> None:  # fmt: skip
    """Write the strips of ``rows``, and that the others have none. ``ahead`` must hold the week from ``at_s`` on."""
    first_s = first_step_s(at_s, zone)
    c.strip_s[:] = np.nan
    if len(rows) == 0:
        return
    c.strip_s[rows] = first_s
    found = strip(c, rows, known, ahead, by, first_s, p)
    for k, values in enumerate((*found[:3], 100.0 * found.p_over)):
        c.strips[rows, k] = np.rint(np.minimum(values, HIGHEST_PCT))


def strip(
    c: OutlookColumns, rows: Rows, known: Filling, ahead: Course, by: chances.Righting, first_s: float,
    p: OutlookParameters,
) -> Strip:  # fmt: skip
    """Return the strips of ``rows``, the first step at ``first_s`` [s since 1970]."""
    of, place = start(c, known, rows), c.place[rows]
    times = first_s + HOUR_S * STEP_H * np.arange(STRIP_POINTS)
    until = np.stack([ahead.upto(place, np.full(len(rows), t)) for t in times.tolist()], axis=1)
    hours = np.maximum(until - ahead.upto(place, of.at_s)[:, None], 0.0)
    mean = of.rate_pct_h[:, None] * hours
    variance = of.spread_pct[:, None] * mean * (1.0 + hours / of.strength_h[:, None])
    noise, cell = c.noise_pct[rows], c.cell_pct[rows]
    low, middle, high = levels(of.fill_pct, noise**2 + cell**2 / 12.0, mean, variance)
    p_over = p_reached(p.full_pct - of.fill_pct, noise, cell, mean, variance)
    p_over[of.fill_pct >= p.seen_full_pct] = 1.0
    return Strip(middle, low, high, chances.right(p_over, by))


def p_reached(
    missing_pct: Floats, noise_pct: Floats, cell_pct: Floats, mean_pct: Floats, variance_pct2: Floats
) -> Floats:
    """Return the chances that at least what is missing is added, n × steps, none below the one before.

    As :func:`rules.core.bin_outlook.gamma.p_reaches`, which is asked only where it is in doubt.
    """
    spread = np.sqrt(variance_pct2 + (noise_pct**2 + cell_pct**2 / 12.0)[:, None])
    far = (missing_pct[:, None] - mean_pct) / np.maximum(spread, NEVER)
    found = (far < 0.0).astype(np.float64)
    row, step = np.nonzero((far > -SURE_ABOVE) & (far < SURE_BELOW))
    mean, variance = mean_pct[row, step], variance_pct2[row, step]
    found[row, step] = p_reaches(missing_pct[row], noise_pct[row], cell_pct[row], mean, variance)
    return np.asarray(np.maximum.accumulate(found, axis=1))


def levels(
    fill_pct: Floats, error_pct2: Floats, mean_pct: Floats, variance_pct2: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return 10, 50 and 90 % of the level where a gamma amount is added to a level that is not exactly known [% of fill].

    The two kinds of doubt are added as squares, above and below the middle: of a sum of a skew and a normal quantity that is
    near enough (within 1.5 % of fill of what is simulated), and never falls with time.

    Args:
        fill_pct: the level, n.
        error_pct2: its variance, n [%²].
        mean_pct: of what is added, n × steps [%].
        variance_pct2: of the same [%²].
    """
    mean, variance = np.maximum(mean_pct, NEVER), np.maximum(variance_pct2, NEVER)
    shape, scale = mean**2 / variance, variance / mean
    at = np.log(np.clip(shape, *SHAPES))
    low, middle, high = (scale * np.exp(np.interp(at, *_quantiles(q))) for q in LEVELS_AT)
    error = (NORMAL * np.sqrt(error_pct2))[:, None]
    fill = fill_pct[:, None]
    below, above = np.hypot(middle - low, error), np.hypot(high - middle, error)
    return np.maximum(fill + middle - below, 0.0), fill + middle, fill + middle + above


@cache
def _quantiles(q: float) -> tuple[Floats, Floats]:
    """Return logarithms of shapes, and of the amount that a gamma process of scale 1 and such a shape stays below with chance ``q``."""
    shapes = np.geomspace(*SHAPES, 500)
    return np.log(shapes), np.log(np.maximum(gammaincinv(shapes, q), 1e-12))
