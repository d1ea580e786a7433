"""How long until a bin is full, judged beside simpler ways; and both forecasts of bins that have few days of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.bin_forecast.cycles import CycleRule, Origins, origins
from rules.core.bin_forecast.new_bin_walk import walk_new
from rules.core.bin_forecast.next_day import Daily, NextDayParameters, walk
from rules.core.bin_forecast.scores import brier
from rules.core.bin_forecast.time_baselines import simple_ways
from rules.core.bin_forecast.time_to_full import TimeParameters, TimeTold, Watched, told_of, watch
from rules.core.psychrometrics import Floats

MAE_MOST_H = 50.0
"""What is wanted of Wyndham's bins."""
WEEK_DAYS, DAY_H = 7.0, 24.0
OWN_DAYS = (0, 7, 14, 28)
DEFINITION = (
    "every reading below the level in a cycle that is full later; a cycle is a run of readings without a fall, days without"
    " a reading do not break it; the day on which a bin is found emptied is left out; cycles that end before they are full"
    " are censored and not judged, which makes all figures optimistic; readings are a day apart"
)
NEAR = {
    "with the day on which it is found emptied": CycleRule(empty_first=True),
    "and a day without a reading breaks a cycle": CycleRule(empty_first=True, gap_breaks=True),
    "and only cycles that begin with an emptying": CycleRule(empty_first=True, gap_breaks=True, begun=True),
}


def judged(daily: Daily, first: int) -> dict[str, Any]:
    """Return the part of the report: mean and median of the absolute error, in hours."""
    watched = watch(daily, TimeParameters())
    told = told_of(watched, origins(daily.fill_pct, CycleRule()), TimeParameters())
    rows, late = _scored(daily, told, first)
    censored = np.isnan(told.origins.days) & (told.origins.day >= first)
    return {
        "definition": DEFINITION,
        "first_day": first,
        "judged": int(late.sum()),
        "mean_h": _hours(told.origins.days[late]),
        "censored": {
            "origins": int(censored.sum()),
            "said_sooner": _share(told.right[censored] <= told.origins.seen_days[censored]),
        },
        "ways": rows,
        "between_10_and_90_pct": _share(
            (told.low[late] <= told.origins.days[late]) & (told.origins.days[late] <= told.high[late])
        ),
        "near_definitions": {name: _near(daily, watched, rule, first) for name, rule in NEAR.items()},
        "wanted": {"mae_h": MAE_MOST_H},
        "met": rows["put right"]["mae_h"] <= MAE_MOST_H if late.any() else None,
    }


def new_bins(daily: Daily, first: int, all_mae_h: float | None) -> dict[str, Any]:
    """Return the part of the report on bins with few days of their own, by the days; the gamma process alone, not put right.

    Args:
        daily: readings.
        first: day that is judged first.
        all_mae_h: error with all days of their own, as if never emptied [h].
    """
    p = NextDayParameters()
    told, asked = walk(daily, p), origins(daily.fill_pct, CycleRule())
    late = told.day >= first
    asked = asked.only((asked.day >= first) & ~np.isnan(asked.days))
    rows = {}
    for own in OWN_DAYS:
        new = walk_new(daily, asked, first, own, p.full_pct, p.increments)
        rows[str(own)] = {
            "brier": round(brier(new.p, new.happened), 4) if len(new.p) else None,
            "mae_h": _hours(np.abs(new.days - asked.days)),
        }
    rows["all"] = {"brier": round(brier(told.raw[late], told.happened[late]), 4), "mae_h": all_mae_h}
    return {
        "definition": "each bin taken out of the fleet in turn, with so many days of its own",
        "own_days": rows,
    }


def _near(daily: Daily, watched: Watched, rule: CycleRule, first: int) -> dict[str, Any]:
    told = told_of(watched, origins(daily.fill_pct, rule), TimeParameters(rule=rule))
    rows, late = _scored(daily, told, first)
    kept = (
        "the bin's usual interval less its age",
        "by the bin's mean pace, from the middle of the cell",
        "put right",
    )
    return {
        "judged": int(late.sum()),
        "mean_h": _hours(told.origins.days[late]),
        "mae_h": {name: rows[name]["mae_h"] for name in kept if name in rows},
    }


def _scored(daily: Daily, told: TimeTold, first: int) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    late = (told.origins.day >= first) & ~np.isnan(told.origins.days)
    ways = {**_simple(daily, told.origins, first), "as if never emptied": told.never_emptied}
    ways |= {"full before the cycle ends": told.seen, "put right": told.right}
    return {name: _errors(days[late], told.origins.days[late]) for name, days in ways.items()}, late


def _simple(daily: Daily, asked: Origins, first: int) -> dict[str, Floats]:
    full = CycleRule().full_pct
    known = (asked.day + np.where(np.isnan(asked.days), np.inf, asked.days)) < first
    return simple_ways(daily, asked, first, full) if known.any() else {}


def _errors(told: Floats, came: Floats) -> dict[str, float | None]:
    off, week = np.abs(told - came), came <= WEEK_DAYS
    return {
        "mae_h": _hours(off),
        "median_h": round(DAY_H * float(np.median(off)), 1) if len(off) else None,
        "mae_week_h": _hours(off[week]),
    }


def _hours(days: Floats) -> float | None:
    return round(DAY_H * float(days.mean()), 1) if len(days) else None


def _share(those: NDArray[np.bool_]) -> float | None:
    return round(float(those.mean()), 3) if len(those) else None
