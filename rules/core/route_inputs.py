"""Which readings should have informed a route's decision, and which of them had come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rules.core.context import Context
from rules.core.memory import RoadMemory
from rules.core.quality_memory import HeardMemory
from rules.core.road_columns import HISTORY_POINTS, HISTORY_STEP_S
from rules.core.work import Work

NEIGHBOURS = 5
"""So many sensors count for a road that has none of its own."""


@dataclass(frozen=True, slots=True)
class Informed:
    """Readings expected within the trend window, how many of them are missing, and whose."""

    expected: int
    missing: int
    devices: tuple[str, ...]


def informants(ctx: Context, route_id: str) -> set[str]:
    """Return the road devices that a route's segments take their temperature from: their own, else the next."""
    rows = np.array(ctx.segments_of[route_id], dtype=np.int64)
    if len(rows) == 0 or not ctx.sensors:
        return set()
    own = ctx.transfer.own[rows]
    others = np.argsort(-ctx.transfer.weight[rows[own < 0]], axis=1, kind="stable")[:, :NEIGHBOURS]
    return {ctx.sensors[i] for i in {*own[own >= 0].tolist(), *others.ravel().tolist()}}


def informed(work: Work, ctx: Context, route_id: str, at_s: float) -> Informed:
    """Count the readings behind a decision.

    A device that has never reported is not in service and not expected. Half an interval is
    allowed for a reading that is just due.
    """
    window_s = 3600.0 * ctx.catalogue.gritting.parameters.trend_window_h
    roads: Mapping[str, RoadMemory] = work.read("road")
    stations: Mapping[str, HeardMemory] = work.read("heard")
    times = {d: [t for t, _ in roads[d].history] for d in informants(ctx, route_id) if d in roads}
    times.update({d: list(heard.times_s) for d, heard in stations.items() if d in ctx.devices})
    expected, missing = 0, {}
    for device in sorted(times):
        cadence_s = max(ctx.devices[device].cadence_s, HISTORY_STEP_S)
        due = min(int(window_s / cadence_s), HISTORY_POINTS)
        there = _within(times[device], at_s - window_s - cadence_s / 2.0, at_s)
        expected += due
        if there < due:
            missing[device] = due - there
    return Informed(expected, sum(missing.values()), tuple(missing))


def _within(times_s: Iterable[float], after_s: float, upto_s: float) -> int:
    return sum(after_s < t <= upto_s for t in times_s)
