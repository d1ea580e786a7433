"""The chance that a bin is full tomorrow, judged on the days after the first part of a file, beside simpler ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from cityops.errors import ConfigurationError
from rules.core.bin_forecast.baselines import by_bin_and_level, by_level, how_often
from rules.core.bin_forecast.monitor import drift
from rules.core.bin_forecast.next_day import Daily, NextDayParameters, Told, walk
from rules.core.bin_forecast.scores import brier, calibration_error, reliability
from rules.core.psychrometrics import Floats

BRIER_MOST, ERROR_MOST = 0.085, 0.02
"""What is wanted of Wyndham's bins."""
DEFINITION = (
    "bins below the level, judged where the level did not fall by the next day; nothing of later days is used;"
    " the simple ways know the days before the first judged one only"
)


def judged(daily: Daily, first: int, name: str, p: NextDayParameters | None = None) -> dict[str, Any]:
    """Return the part of the report, with how often calibration was found to drift.

    Raises:
        ConfigurationError: there is nothing to judge by or to be judged.
    """
    settings = NextDayParameters() if p is None else p
    told = walk(daily, settings)
    late = told.day >= first
    if not late.any() or late.all():
        raise ConfigurationError(
            f"{name}: {len(daily.fill_pct)} days with {len(told.day)} of them to judge by and to be judged;"
            " allowed: bins that are not full on days in both parts"
        )
    happened = told.happened[late]
    rows = {way: _scored(p_[late], happened) for way, p_ in _ways(daily, told, first).items()}
    best = rows["put right"]
    return {
        "judged": int(late.sum()),
        "came": round(float(happened.mean()), 4),
        "next_day": {
            "definition": DEFINITION,
            "first_day": first,
            "ways": rows,
            "reliability": [b._asdict() for b in reliability(told.p[late], happened)],
            "drift": _drift(told, first),
            "wanted": {"brier": BRIER_MOST, "calibration_error": ERROR_MOST},
            "met": best["brier"] <= BRIER_MOST and best["calibration_error"] <= ERROR_MOST,
        },
    }


def _ways(daily: Daily, told: Told, first: int) -> dict[str, Floats]:
    return {
        "how often": how_often(told, first),
        "by level": by_level(daily, told, first),
        "by bin and level": by_bin_and_level(daily, told, first),
        "gamma process": told.raw,
        "put right": told.p,
    }


def _scored(p: Floats, happened: Any) -> dict[str, float]:
    return {
        "brier": round(brier(p, happened), 4),
        "calibration_error": round(calibration_error(p, happened), 4),
    }


def _drift(told: Told, first: int, every: int = 28) -> dict[str, int]:
    """Return in how many of the judged months calibration would have been said to have drifted: raw and put right."""
    months = range(first, int(told.day.max()) + 1, every)
    found = {"months": len(months)}
    for way, p in (("gamma process", told.raw), ("put right", told.p)):
        windows = [(told.day >= m) & (told.day < m + every) for m in months]
        found[way] = sum(drift(p[w], np.asarray(told.happened[w]), told.day[w]).drifted for w in windows)
    return found
