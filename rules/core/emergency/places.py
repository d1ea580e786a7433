"""From places on the ground to spots on roads."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from rules.core.emergency.graph import WayGraph
from rules.core.emergency.search import Spot
from rules.core.network.lines import Point, distance_m
from rules.core.network.network import Network
from rules.core.street_match import Streets

_STREETS: WeakKeyDictionary[Network, Streets] = WeakKeyDictionary()


def streets_of(network: Network) -> Streets:
    """Return a network's lines ready to be searched, worked out once."""
    if network not in _STREETS:
        _STREETS[network] = Streets(network.graph)
    return _STREETS[network]


def nearest(
    network: Network, latitude_deg: float, longitude_deg: float, most_m: float
) -> tuple[int, float] | None:
    """Return the segment nearest to a place and the share of its line; None where none is within ``most_m`` [m]."""
    segment, share = streets_of(network).match(np.array([latitude_deg]), np.array([longitude_deg]), most_m)
    return None if segment[0] < 0 else (int(segment[0]), float(share[0]))


def spot_on(graph: WayGraph, segment: int, share: float) -> Spot:
    """Return a place on a segment as a spot on its arcs: a vehicle stops on either side."""
    arcs = graph.network.arcs
    return Spot(
        on=tuple((a, share if arcs[a].forward else 1.0 - share) for a in graph.network.arcs_of[segment])
    )


def point_on(network: Network, segment: int, share: float) -> Point:
    """Return where on the ground a share of a segment's line is: (longitude, latitude) [°]."""
    line = network.graph.line(network.graph.arcs_of[segment][0])
    return part(line, share, share)[0]


def part(line: Sequence[Point], begin: float, end: float) -> list[Point]:
    """Return a line from one share of its length to another, at least one point."""
    steps = [distance_m(a, b) for a, b in pairwise(line)]
    total, walked, found = sum(steps), 0.0, [_at(line, steps, begin)]
    for point, step in zip(line[1:], steps, strict=True):
        walked += step
        if begin * total < walked < end * total:
            found.append(point)
    return [*found, _at(line, steps, end)] if end > begin else found


def _at(line: Sequence[Point], steps: Sequence[float], share: float) -> Point:
    left = share * sum(steps)
    for (a, b), step in zip(pairwise(line), steps, strict=True):
        if left <= step and step > 0.0:
            return a[0] + left / step * (b[0] - a[0]), a[1] + left / step * (b[1] - a[1])
        left -= step
    return line[-1]
