"""Errors, coverage and reliability of road forecasts against what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.nights.judged import Judged
from rules.core.road_now.stretches import Stretches

LEADS_H = (1, 3, 6, 12)
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
Flags = NDArray[np.bool_]


def groups(town: Stretches) -> dict[str, Flags]:
    """Return which segments have a sensor, which have none, and of these the highest and lowest quarters."""
    own = np.zeros(len(town), dtype=np.bool_)
    own[town.sensor_at] = True
    low, high = np.percentile(town.altitude_m, [25.0, 75.0])
    return {
        "sensors": own,
        "without_sensor": ~own,
        "hills": ~own & (town.altitude_m >= high),
        "valleys": ~own & (town.altitude_m <= low),
    }


def errors(found: Sequence[tuple[Judged, Mapping[str, Flags]]], group: str | None = None) -> dict[str, Any]:
    """Return bias and RMSE by lead of forecast and baselines, of all segments or a group [°C]."""
    of = {"forecast": "middle", "persistence": "persistence", "air_and_offset": "offset"}
    return {name: _by_lead(found, group, field) for name, field in of.items()}


def _by_lead(
    found: Sequence[tuple[Judged, Mapping[str, Flags]]], group: str | None, field: str
) -> dict[str, Any] | None:
    """Return bias and RMSE by lead; None where nothing is known."""
    rows = [(getattr(j, field) - j.truth)[:, slice(None) if group is None else g[group]] for j, g in found]
    lead = {h: np.concatenate([r[h - 1] for r in rows]) for h in LEADS_H}
    if any(np.isnan(e).any() or len(e) == 0 for e in lead.values()):
        return None
    return {
        f"{h}h": {"bias_c": round(float(e.mean()), 2), "rmse_c": round(float(np.sqrt((e**2).mean())), 2)}
        for h, e in lead.items()
    }


def chances(found: Sequence[Judged]) -> dict[str, Any]:
    """Return the Brier score of P(surface < 0 °C) with that of the truth's own frequency, and coverage of 10 to 90 %, by lead."""
    made = {}
    for h in LEADS_H:
        freezes = np.concatenate([(j.truth[h - 1] < 0.0) for j in found])
        below = np.concatenate([j.below[h - 1] for j in found])
        inside = [(j.truth[h - 1] >= j.low[h - 1]) & (j.truth[h - 1] <= j.high[h - 1]) for j in found]
        often = float(freezes.mean())
        made[f"{h}h"] = {
            "brier": round(float(((below - freezes) ** 2).mean()), 3),
            "brier_of_frequency": round(often * (1.0 - often), 3),
            "coverage_10_90": round(float(np.concatenate(inside).mean()), 2),
        }
    return made


def reliability(found: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return how often it froze where so much was said, all ``LEADS_H`` together."""
    freezes = np.concatenate([(j.truth[h - 1] < 0.0) for j in found for h in LEADS_H])
    below = np.concatenate([j.below[h - 1] for j in found for h in LEADS_H])
    place = np.clip(np.searchsorted(BINS, below, side="right") - 1, 0, len(BINS) - 2)
    return [
        {
            "said": [BINS[k], BINS[k + 1]],
            "mean_said": round(float(below[place == k].mean()), 2),
            "froze": round(float(freezes[place == k].mean()), 2),
            "n": int((place == k).sum()),
        }
        for k in range(len(BINS) - 1)
        if (place == k).any()
    ]
