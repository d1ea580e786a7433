"""Sensors that move away from their neighbours.

A place differs from its neighbours by nature: a bridge is colder, a hollow too. So a sensor is
compared with itself: how far it was from what the others say in its first nights, and how far it
is now. Its neighbours' word is a median: of two that stand side by side and disagree, nobody could
tell which is wrong. A road sensor's are the nearest five, moved to its own road as estimates are; a
weather station's all other stations.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from rules.core.context import Context
from rules.core.effects import num
from rules.core.psychrometrics import Floats
from rules.core.quality.finding import Finding, Verdict
from rules.core.quality_memory import DriftMemory
from rules.core.quality_parameters import DriftParameters
from rules.core.road_state import Flags

NEAREST = 5
"""So many sensors speak for a road."""


def is_night(hour_local: float, p: DriftParameters) -> bool:
    """Whether an hour of the day counts."""
    return hour_local >= p.from_h or hour_local < p.to_h


def road_residuals_c(
    ctx: Context, surface_c: Floats, fresh: Flags, sky_effect_c: float, least: int
) -> Floats:
    """Return how far each road sensor is from its neighbours, moved to its road [°C]; NaN = unknown.

    Args:
        ctx: whose ``sensors`` and ``transfer`` are used.
        surface_c: by sensor [°C].
        fresh: by sensor, whether it is recent.
        sky_effect_c: see :func:`rules.core.road_state.estimate`.
        least: number of other fresh sensors that are needed.
    """
    t = ctx.transfer
    out = np.full(len(ctx.sensors), np.nan)
    rows = np.flatnonzero(t.own >= 0)
    own = t.own[rows]
    if len(rows) == 0:
        return out
    usable = np.broadcast_to(fresh, (len(rows), len(fresh))).copy()
    usable[np.arange(len(rows)), own] = False
    moved = surface_c - t.sensor_offset_c - sky_effect_c * t.sensor_sky
    nearest = np.argsort(-np.where(usable, t.weight[rows], -1.0), axis=1, kind="stable")[:, :NEAREST]
    values = np.where(np.take_along_axis(usable, nearest, axis=1), moved[nearest], np.nan)
    enough = fresh[own] & (usable.sum(axis=1) >= least)
    if not enough.any():
        return out
    here = (t.segment_offset_c + sky_effect_c * t.segment_sky)[rows[enough]]
    out[own[enough]] = surface_c[own[enough]] - np.nanmedian(values[enough], axis=1) - here
    return out


def station_residuals_c(air_c: dict[str, float], least: int) -> dict[str, float]:
    """Return how far each weather station is from the median of the others [°C]."""
    if len(air_c) - 1 < least:
        return {}
    return {name: c - median(v for other, v in air_c.items() if other != name) for name, c in air_c.items()}


def note(before: DriftMemory, night: int, residual_c: float, p: DriftParameters) -> DriftMemory:
    """Return the memory with one hour's residual; a night that is over becomes one figure."""
    now = close_night(before, night, p)
    return DriftMemory(night, (*now.hours_c, round(residual_c, 3)), now.nights_c, now.learnt_c)


def close_night(before: DriftMemory, night: int, p: DriftParameters) -> DriftMemory:
    """Return the memory as of a night: the one before, where it has enough hours, as its median: a few spikes are no drift."""
    if before.night == night:
        return before
    learnt, nights = before.learnt_c, before.nights_c
    if len(before.hours_c) >= p.hours:
        middle = round(median(before.hours_c), 3)
        if len(learnt) < p.learn_nights:
            learnt = (*learnt, middle)
        else:
            nights = (*nights, middle)[-p.recent_nights :]
    return DriftMemory(night, (), nights, learnt)


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
