"""Sensors that move away from their neighbours.

A place differs from its neighbours by nature: a bridge is colder, a hollow too. So a sensor is
compared with itself: how far it was from what the others say in its first nights, and how far it
is now. A road sensor's neighbours are the estimate of its road without it; a weather station's
the median of the other stations.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np

from rules.core.context import Context
from rules.core.effects import num
from rules.core.psychrometrics import Floats
from rules.core.quality.finding import Finding, Verdict
from rules.core.quality_memory import DriftMemory
from rules.core.quality_parameters import DriftParameters
from rules.core.road_state import Sensed, estimate


def is_night(hour_local: float, p: DriftParameters) -> bool:
    """Whether an hour of the day counts."""
    return hour_local >= p.from_h or hour_local < p.to_h


def road_residuals_c(
    ctx: Context, surface_c: Floats, fresh: Floats, sky_effect_c: float, least: int
) -> Floats:
    """Return how far each road sensor is from the estimate of its road without it [°C]; NaN = unknown.

    Args:
        ctx: whose ``sensors`` and ``transfer`` are used.
        surface_c: by sensor [°C].
        fresh: by sensor, whether it counts.
        sky_effect_c: see :func:`rules.core.road_state.estimate`.
        least: number of other fresh sensors that are needed.
    """
    t, n = ctx.transfer, len(ctx.sensors)
    out = np.full(n, np.nan)
    rows = np.flatnonzero(t.own >= 0)
    own = t.own[rows]
    if n == 0 or int(fresh.sum()) - 1 < least:
        return out
    weight = t.weight[rows].copy()
    weight[np.arange(len(rows)), own] = 0.0
    others = replace(
        t, weight=weight, own=np.full(len(rows), -1, dtype=np.int64),
        segment_offset_c=t.segment_offset_c[rows], segment_sky=t.segment_sky[rows],
    )  # fmt: skip
    unknown = np.full(n, np.nan)
    sensed = Sensed(fresh.astype(bool), surface_c, unknown, unknown, unknown, unknown)
    guessed = estimate(others, sensed, sky_effect_c).surface_c
    out[own] = np.where(fresh[own].astype(bool), surface_c[own] - guessed, np.nan)
    return out


def station_residuals_c(air_c: dict[str, float], least: int) -> dict[str, float]:
    """Return how far each weather station is from the median of the others [°C]."""
    if len(air_c) - 1 < least:
        return {}
    return {name: c - median(v for other, v in air_c.items() if other != name) for name, c in air_c.items()}


def note(before: DriftMemory, night: int, residual_c: float, p: DriftParameters) -> DriftMemory:
    """Return the memory with one hour's residual; a night that is over becomes a mean."""
    now = close_night(before, night, p)
    return DriftMemory(night, now.total_c + residual_c, now.hours + 1, now.nights_c, now.learnt_c)


def close_night(before: DriftMemory, night: int, p: DriftParameters) -> DriftMemory:
    """Return the memory as of a night: the one before, where it has enough hours, as a mean."""
    if before.night == night:
        return before
    learnt, nights = before.learnt_c, before.nights_c
    if before.hours >= p.hours:
        mean = round(before.total_c / before.hours, 4)
        if len(learnt) < p.learn_nights:
            learnt = (*learnt, mean)
        else:
            nights = (*nights, mean)[-p.recent_nights :]
    return DriftMemory(night, 0.0, 0, nights, learnt)


def drift_verdict(memory: DriftMemory, p: DriftParameters) -> Verdict:
    """Return what the nights say of a sensor."""
    if len(memory.nights_c) < p.recent_nights:
        return "unsure"
    now_c, then_c = median(memory.nights_c), median(memory.learnt_c)
    moved_c = now_c - then_c
    if abs(moved_c) <= 0.5 * p.limit_c:
        return "fine"
    if abs(moved_c) <= p.limit_c:
        return "unsure"
    way = "warmer" if moved_c > 0 else "colder"
    return Finding(
        what="it drifts",
        reason=f"In the last {len(memory.nights_c)} nights it was {abs(moved_c):.1f} °C {way} against its "
        f"neighbours than when it was new; {p.limit_c:g} °C are allowed.",
        inputs={
            "moved_c": num(moved_c), "now_c": num(now_c), "at_first_c": num(then_c),
            "nights": len(memory.nights_c), "limit_c": p.limit_c,
        },
    )  # fmt: skip
