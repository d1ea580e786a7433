"""Edinburgh's question: after how many hours was a bin as full as it was found, and will it be overfull when it is emptied."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cityops.errors import ConfigurationError
from rules.core.bin_forecast.emptyings import Intervals, PaceParameters, Paces, paces
from rules.core.bin_forecast.overfull import OverfullParameters, overfull
from rules.core.bin_forecast.scores import brier, calibration_error, reliability
from rules.core.psychrometrics import Floats

MAE_MOST_H = 14.5
"""What is wanted of Edinburgh's bins."""
EARLIER = 5
LEAST_PCT, MOST_PCT = 30.0, 99.0
DEFINITION = (
    "second half of the time, bins with 5 intervals before; time: found 30 to 99 % full (above, the bin may have been"
    " full for long: censored); the pace knows the intervals before only"
)


def judged(seen: Intervals, name: str) -> dict[str, Any]:
    """Return the parts of the report.

    Raises:
        ConfigurationError: there is nothing to judge.
    """
    known = paces(seen, PaceParameters())
    half = (float(seen.end_h.min()) + float(seen.end_h.max())) / 2.0
    late = (known.earlier >= EARLIER) & (seen.end_h >= half)
    timed = late & (seen.fill_pct >= LEAST_PCT) & (seen.fill_pct <= MOST_PCT)
    if not timed.any():
        raise ConfigurationError(
            f"{name}: no interval to judge; allowed: bins that are emptied more than {EARLIER} times, in both halves"
        )
    return {
        "definition": DEFINITION,
        "time_to_fill": _time(seen, known, half, timed),
        "overfull": _over(seen, known, half, late),
    }


def _time(seen: Intervals, known: Paces, half: float, timed: NDArray[np.bool_]) -> dict[str, Any]:
    past = seen.end_h < half
    of_all = float(np.median(seen.hours[past]))
    ways = {
        "usual interval of all bins": np.full(len(seen.hours), of_all),
        "the bin's usual interval in the first half": _usual(seen, past, of_all),
        "the bin's usual interval so far": known.usual_hours,
        "moving average of the pace, half-life 5": seen.fill_pct / known.smoothed_pct_h,
        "of the logarithm of the pace, half-life 3": seen.fill_pct / known.pace_pct_h,
    }
    rows = {name: _errors(told[timed], seen.hours[timed]) for name, told in ways.items()}
    best = rows["of the logarithm of the pace, half-life 3"]["mae_h"]
    return {
        "judged": int(timed.sum()), "mean_h": round(float(seen.hours[timed].mean()), 1), "ways": rows,
        "wanted": {"mae_h": MAE_MOST_H}, "met": best <= MAE_MOST_H,
    }  # fmt: skip


def _usual(seen: Intervals, past: NDArray[np.bool_], of_all: float) -> Floats:
    usual = np.full(int(seen.bin.max()) + 1, of_all)
    for b in np.unique(seen.bin[past]):
        usual[b] = np.median(seen.hours[past & (seen.bin == b)])
    return np.asarray(usual[seen.bin], dtype=np.float64)


def _errors(told: Floats, came: Floats) -> dict[str, float]:
    off = np.abs(told - came)
    return {"mae_h": round(float(off.mean()), 2), "median_h": round(float(np.median(off)), 1)}


def _over(seen: Intervals, known: Paces, half: float, late: NDArray[np.bool_]) -> dict[str, Any] | None:
    tail, right = overfull(seen, known, OverfullParameters(earlier=EARLIER))
    told = late & ~np.isnan(right)
    if not told.any():
        return None
    happened = seen.fill_pct >= OverfullParameters().full_pct
    often = np.full(len(tail), float(happened[seen.end_h < half].mean()))
    ways = {
        "how often": often,
        "how often the bin was": known.over,
        "normal tail about the pace": tail,
        "put right": right,
    }
    return {
        "judged": int(told.sum()),
        "came": round(float(happened[told].mean()), 4),
        "ways": {
            name: {
                "brier": round(brier(p[told], happened[told]), 4),
                "calibration_error": round(calibration_error(p[told], happened[told]), 4),
            }
            for name, p in ways.items()
        },
        "reliability": [b._asdict() for b in reliability(right[told], happened[told])],
    }
