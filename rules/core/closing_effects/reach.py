"""What a closure does to emergency vehicles: which streets are reached later from the nearest station, or not at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.closing_effects.document import Later, Reach
from rules.core.emergency.finding import start_of
from rules.core.emergency.graph import graph_of
from rules.core.emergency.parameters import WayParameters
from rules.core.emergency.reach import reach_s
from rules.core.emergency.roster import Station
from rules.core.emergency.surface import Conditions, paces
from rules.core.network.network import Network

THAN_MIN = 1.0
SHOWN = 10


def reach_effect(
    network: Network,
    closed: Network,
    conditions: Conditions,
    stations: Sequence[Station],
    vehicle: str,
    p: WayParameters,
) -> Reach:
    """Return what is reached later.

    Args:
        network: the roads as they are.
        closed: the same with what would be closed.
        conditions: of their surfaces now.
        stations: with such a vehicle.
        vehicle: of the parameters.
        p: shares of speed and settings.
    """
    graph, pace = graph_of(network.roads, p, p.vehicle[vehicle]), paces(conditions, p).usual
    starts = [spot for s in stations if (spot := start_of(network, graph, s, p)) is not None]
    if not starts:
        return Reach(vehicle=vehicle, than_min=THAN_MIN, why_not="no station is near a road")
    before, after = (reach_s(graph, pace, n.closed, starts) for n in (network, closed))
    open_ = np.isfinite(before)
    open_[list(closed.closed)] = False
    later_s = np.where(open_, after - np.where(open_, before, 0.0), 0.0)
    rows = np.flatnonzero(later_s > 60.0 * THAN_MIN)
    worst: dict[str, tuple[float, int]] = {}
    for i in rows.tolist():
        name = network.segments[i].street or network.segments[i].segment_id
        worst[name] = max(worst.get(name, (0.0, i)), (float(later_s[i]), i))
    ordered = sorted(worst.items(), key=lambda row: (-row[1][0], row[0]))
    return Reach(
        vehicle=vehicle, than_min=THAN_MIN, stretches=len(rows),
        streets=tuple(_later(name, before[i], after[i]) for name, (_, i) in ordered[:SHOWN]),
        cut_off=tuple(name for name, (late_s, _) in ordered if np.isinf(late_s)),
    )  # fmt: skip


def _later(street: str, before_s: float, after_s: float) -> Later:
    after = round(float(after_s) / 60.0, 1) if np.isfinite(after_s) else None
    return Later(street=street, before=round(float(before_s) / 60.0, 1), after=after)
