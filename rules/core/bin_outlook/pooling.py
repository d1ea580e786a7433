"""From sums to rates: a bin's own as far as it is known, else that of its kind of place, else the fleet's. Pure.

Levels: empirical Bayes. Bins of a place have levels that differ by a variance which the bins themselves tell (method of
moments); a bin's level is its place's by as much as its own sums are less sure than that (Bühlmann and Straub 1970).
Profile of the week: ratios of sums, shrunk from the place to the fleet, from that to the fleet's day, and that to an even one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.week import DAY_H, WEEK_H
from rules.core.bin_outlook_parameters import FillingParameters
from rules.core.psychrometrics import Floats

BIN, PLACE, FLEET = 0.0, 1.0, 2.0
FROM = {BIN: "bin", PLACE: "place", FLEET: "fleet"}
WIDEST = (0.02, 4.0)
"""Variance between bins over their mean squared is kept within."""
SPREADS_PCT = (0.3, 60.0)
LEAST_SHARE = 0.005
"""An hour of the week has at least such a share of an average one."""


class Filling(NamedTuple):
    """How the bins fill.

    Attributes:
        rate_pct_h: in an average hour of the week [%/h].
        spread_pct: variance over mean of what is added [%].
        strength_h: so many average hours' worth is known of the rate [h]; after ``w`` hours the variance is
            spread × mean × (1 + w / strength).
        source: whose the rate is for the most part: ``BIN``, ``PLACE`` or ``FLEET``.
        shape: places × 168, on average 1.
    """

    rate_pct_h: Floats
    spread_pct: Floats
    strength_h: Floats
    source: Floats
    shape: Floats


def fade(since_s: Floats, half_life_days: float) -> Floats:
    """Return how much what is so old still counts, 0..1."""
    return np.asarray(np.exp2(-since_s / (86_400.0 * half_life_days)))


def filling(c: OutlookColumns, week: Floats, at_s: float, p: FillingParameters) -> Filling:
    """Return how the bins fill by all that is known at a time.

    Args:
        c: sums by bin.
        week: places × 2 × 168: added and evenly expected by hour of the week [%].
        at_s: s since 1970.
        p: how it is learnt.
    """
    faded = fade(np.maximum(at_s - c["as_of_s"], 0.0), p.half_life_days)
    added, hours = c["added_pct"] * faded, c["hours"] * faded * c.scale
    spread, usual = _spreads(c, faded, p)
    first_h = p.first_pct_day / DAY_H
    known = hours + usual / (p.first_variation * first_h)
    place, weight = _levels(c, added / known, hours / known, first_h, p)
    mean = place[c.place]
    variation = _variation(added, hours, mean, spread, known, p)
    prior_h = spread / (variation * mean)
    level = (added + prior_h * mean) / (hours + prior_h)
    rate = np.maximum(level * c.scale, p.least_pct_day / DAY_H)
    source = np.where(hours >= prior_h, BIN, np.where(weight[c.place] >= p.place_bins, PLACE, FLEET))
    return Filling(rate, spread, (hours + prior_h) / c.scale, source, shapes(week, p.shape_pct))


def _spreads(c: OutlookColumns, faded: Floats, p: FillingParameters) -> tuple[Floats, float]:
    """Return the variance over the mean of each bin [%], and that of a bin of 240 l of the fleet."""
    squares, due = c["squares_pct2"] * faded, c["squares_due_pct"] * faded * c.scale
    fleet = _shrunk(squares.sum(), due.sum(), p.first_spread_pct, p.spread_pct)
    places = _shrunk(_by_place(c, squares), _by_place(c, due), fleet, p.spread_pct)
    own = _shrunk(squares, due, places[c.place], p.spread_pct)
    return np.asarray(np.clip(own, *SPREADS_PCT) * c.scale), float(np.clip(fleet, *SPREADS_PCT))


def _levels(
    c: OutlookColumns, part: Floats, weight: Floats, first_h: float, p: FillingParameters
) -> tuple[Floats, Floats]:
    """Return the level of each place [%/h of a bin of 240 l], and how many well-known bins it has."""
    parts, weights = _by_place(c, part), _by_place(c, weight)
    fleet = _shrunk(parts.sum(), weights.sum(), first_h, p.fleet_bins)
    found = _shrunk(parts, weights, fleet, p.place_bins)
    return np.maximum(found, p.least_pct_day / DAY_H), weights


def _variation(
    added: Floats, hours: Floats, mean: Floats, spread: Floats, known: Floats, p: FillingParameters
) -> float:
    """Return the variance between the levels of a place's bins over their mean squared: beyond what chance makes of equal ones."""
    off = ((added - mean * hours) / (mean * known)) ** 2 - spread * hours / (mean * known**2)
    weight = (hours / known) ** 2
    found = (off.sum() + p.variation_bins * p.first_variation) / (weight.sum() + p.variation_bins)
    return float(np.clip(found, *WIDEST))


def shapes(week: Floats, enough_pct: float) -> Floats:
    """Return the profile of the week of each place, places × 168, on average 1."""
    fleet = week.sum(axis=0)
    by_day = fleet.reshape(2, 7, DAY_H).sum(axis=1)
    day = np.tile(_shrunk(by_day[0], by_day[1], 1.0, enough_pct), WEEK_H // DAY_H)
    usual = _shrunk(fleet[0], fleet[1], day, enough_pct)
    found = np.maximum(_shrunk(week[:, 0], week[:, 1], usual, enough_pct), LEAST_SHARE)
    return np.asarray(found / found.mean(axis=1, keepdims=True))


def _by_place(c: OutlookColumns, values: Floats) -> Floats:
    return np.asarray(np.bincount(c.place, values, len(c.places)), dtype=np.float64)


def _shrunk(total: Floats, due: Floats, usual: Floats | float, weight: float) -> Floats:
    return np.asarray((total + weight * np.asarray(usual)) / (due + weight), dtype=np.float64)
