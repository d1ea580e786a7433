"""Where on the streets lorries stop: bins on their own side of a street, depots and tips at junctions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.ways import passable
from rules.core.network.network import Network
from rules.core.places import METRES_PER_DEGREE
from rules.core.rounds.model import Place
from rules.core.street_match import Streets

ANYWHERE_M = 5_000.0
"""A lorry on its way is on the nearest street, at most so far off: a tip's weighbridge is on none."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a lorry stops.

    Attributes:
        place: as it was given.
        node: of a depot or tip: index of the junction; None else.
        on: of a bin or of a lorry on its way: arcs and how far along them it is [m], the preferred first.
        either: whether a lorry may leave by any of ``on``: nobody knows which way it looks.
    """

    place: Place
    node: int | None = None
    on: tuple[tuple[int, float], ...] = ()
    either: bool = False


def at_kerbs(network: Network, streets: Streets, places: Sequence[Place], most_m: float) -> list[Site]:
    """Return where bins are emptied: from their own side of the nearest street; without arcs where none is near.

    Traffic is on the left: a bin on the left of the street's line is emptied from the arc along it. The arc
    back comes second, for lorries that can't come the first way.
    """
    segments, shares = _match(streets, places, most_m)
    return [
        Site(place) if segment < 0 else Site(place, on=_kerb(network, segment, share, place))
        for place, segment, share in zip(places, segments, shares, strict=True)
    ]


def on_the_way(network: Network, streets: Streets, place: Place) -> Site:
    """Return where a lorry on its way is; ValueError where no street is near."""
    (segment,), (share,) = _match(streets, [place], ANYWHERE_M)
    if segment < 0:
        raise ValueError(f"{_words(place)} is on no street of the network")
    return Site(place, on=_kerb(network, segment, share, place), either=True)


def at_junctions(network: Network, places: Sequence[Place], profiles: Iterable[FleetSettings]) -> list[Site]:
    """Return depots and tips at their nearest junctions that all lorries can come to and leave.

    Raises:
        ValueError: there are none.
    """
    nodes = np.array(_open_nodes(network, list(profiles)), dtype=np.int64)
    if len(nodes) == 0:
        raise ValueError("the network has no streets that all lorries can drive")
    latitudes = np.array([network.nodes[n].latitude_deg for n in nodes])
    longitudes = np.array([network.nodes[n].longitude_deg for n in nodes])
    found = []
    for place in places:
        east = (longitudes - place.longitude_deg) * math.cos(math.radians(place.latitude_deg))
        away = np.hypot(east, latitudes - place.latitude_deg)
        found.append(Site(place, node=int(nodes[int(np.argmin(away))])))
    return found


def _open_nodes(network: Network, profiles: Sequence[FleetSettings]) -> list[int]:
    """Return the nodes of the largest part that lorries of all profiles can drive to and fro."""
    from scipy.sparse import csr_array  # slow to import, and pages come here never
    from scipy.sparse.csgraph import connected_components

    open_ = [a for n, a in enumerate(network.arcs) if all(passable(network, n, p) for p in profiles)]
    if not open_:
        return []
    size = len(network.nodes)
    tails, heads = [a.tail for a in open_], [a.head for a in open_]
    graph = csr_array((np.ones(len(open_)), (tails, heads)), shape=(size, size))
    _, part = connected_components(graph, directed=True, connection="strong")
    largest = int(np.argmax(np.bincount(part)))
    return [int(n) for n in np.flatnonzero(part == largest)]


def _match(streets: Streets, places: Sequence[Place], most_m: float) -> tuple[list[int], list[float]]:
    latitudes = np.array([p.latitude_deg for p in places], dtype=np.float64)
    longitudes = np.array([p.longitude_deg for p in places], dtype=np.float64)
    segments, shares = streets.match(latitudes, longitudes, most_m)
    return segments.tolist(), shares.tolist()


def _kerb(network: Network, segment: int, share: float, place: Place) -> tuple[tuple[int, float], ...]:
    """Return a segment's arcs and how far along them the place is; the one on whose left it is first."""
    arcs = network.arcs_of[segment]
    length = network.arcs[arcs[0]].length_m
    along = [(arcs[0], share * length), *((a, (1.0 - share) * length) for a in arcs[1:])]
    left = _is_left(network.line(arcs[0]), share, place)
    return tuple(along if left else along[::-1])


def _is_left(line: Sequence[tuple[float, float]], share: float, place: Place) -> bool:
    """Whether a place is left of a line or on it, at a share of its length."""
    squeeze = math.cos(math.radians(place.latitude_deg))
    points = np.array([(x * squeeze, y) for x, y in line]) * METRES_PER_DEGREE
    steps = np.diff(points, axis=0)
    ends = np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))
    piece = min(int(np.searchsorted(ends, share * ends[-1])), len(steps) - 1)
    own = np.array([place.longitude_deg * squeeze, place.latitude_deg]) * METRES_PER_DEGREE - points[piece]
    return bool(steps[piece, 0] * own[1] - steps[piece, 1] * own[0] >= -1e-6)


def _words(place: Place) -> str:
    return f"{place.latitude_deg:.5f}, {place.longitude_deg:.5f}"
