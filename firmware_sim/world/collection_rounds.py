"""Rounds that a crew makes up itself: bins shared out among lorries by sectors, each driven to the nearest next.

What crews do where no plan is given; it is also what a planned round is measured against.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

from firmware_sim.world.collection_lorry import Call

Point = tuple[float, float]
"""Longitude and latitude [deg]."""
CAPACITY_KG = 1_600.0
"""Payload of a cage tipper of 3.5 t to 5 t."""


def share_out(points: Sequence[Point], lorries: int) -> list[list[int]]:
    """Return which points each of ``lorries`` visits: sectors around their middle, as many points in each."""
    if not points:
        return [[] for _ in range(lorries)]
    x0 = sum(p[0] for p in points) / len(points)
    y0 = sum(p[1] for p in points) / len(points)
    squeeze = math.cos(math.radians(y0))
    angle = [math.atan2(p[1] - y0, (p[0] - x0) * squeeze) for p in points]
    order = sorted(range(len(points)), key=lambda i: (angle[i], i))
    cuts = [round(k * len(points) / lorries) for k in range(lorries + 1)]
    return [order[a:b] for a, b in itertools.pairwise(cuts)]


def nearest_next(points: Sequence[Point], start: Point) -> list[int]:
    """Return the order in which points are visited: from ``start`` always the nearest that is left, as the crow flies."""
    left, at, order = dict.fromkeys(range(len(points))), start, list[int]()
    squeeze = math.cos(math.radians(start[1]))

    def gap(i: int) -> float:
        return math.hypot((points[i][0] - at[0]) * squeeze, points[i][1] - at[1])

    while left:
        chosen = min(left, key=gap)
        del left[chosen]
        order.append(chosen)
        at = points[chosen]
    return order


def calls_of(
    bin_ids: Sequence[str], load_kg: Callable[[str], float], tip: int, yard: int, on_board_kg: float
) -> list[Call]:
    """Return a round's calls: to the tip whenever the next bin wouldn't fit, and at the end, then to the yard.

    Args:
        bin_ids: in driving order.
        load_kg: what is in a bin [kg].
        tip: node id of the tip.
        yard: node id of the lorry's yard.
        on_board_kg: what the lorry carries at the start [kg].
    """
    calls: list[Call] = []
    for bin_id in bin_ids:
        more_kg = load_kg(bin_id)
        if on_board_kg > 0.0 and on_board_kg + more_kg > CAPACITY_KG:
            calls.append(Call("tip", node_id=tip))
            on_board_kg = 0.0
        calls.append(Call("bin", bin_id=bin_id))
        on_board_kg += more_kg
    if on_board_kg > 0.0:
        calls.append(Call("tip", node_id=tip))
    return [*calls, Call("yard", node_id=yard)]
