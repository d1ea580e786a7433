"""Which signals fall together: single linkage within a radius and a time, on arrays. Pure.

An edge is a matter of two signals alone, so that the groups of a set of signals are the same in whatever
order they came. Sibson, SLINK: an optimally efficient algorithm for the single-link cluster method,
The Computer Journal 16 (1973). Neighbours are sought among signals of nearly the same latitude only, which keeps it
small for signals spread over a town. Without scipy, whose trees and graphs the rules' process does not load.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.incidents.sphere import EARTH_M, Floats, xyz_m

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
AT_ONCE = 500_000
"""So many pairs are looked at in one piece, to be frugal with memory."""
NONE: Ints = np.zeros((0, 2), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Points:
    """n signals as arrays.

    Attributes:
        latitude_deg, longitude_deg: where [°]; NaN: nowhere, near nothing.
        at_s: when each began [s].
        radius_m: how far each reaches [m]; ``window_s``: for how long [s].
        binds: whether it binds others together; two that do not are no neighbours.
        holds: whether it waits for others however long: it is up in an incident that people have in hand.
    """

    latitude_deg: Floats
    longitude_deg: Floats
    at_s: Floats
    radius_m: Floats
    window_s: Floats
    binds: Flags
    holds: Flags


def pairs(points: Points) -> Ints:
    """Return the pairs of signals that fall together, m × 2."""
    known = np.flatnonzero(np.isfinite(points.latitude_deg) & np.isfinite(points.longitude_deg))
    if len(known) < 2:
        return NONE
    known = known[np.argsort(points.latitude_deg[known], kind="stable")]
    where = xyz_m(points.latitude_deg[known], points.longitude_deg[known])
    north_m = EARTH_M * np.radians(points.latitude_deg[known])
    reach_m = float(points.radius_m[known].max()) * (1.0 + 1e-6)
    # No two are nearer than their latitudes are: those after the last that may be near need no look.
    ahead = np.searchsorted(north_m, north_m + reach_m, side="right") - np.arange(len(known)) - 1
    return np.concatenate([NONE, *(_near(points, known, where, *piece) for piece in _pieces(ahead))])


def _pieces(ahead: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield, in pieces, each signal with those that come after it in the order of latitude; ``ahead``: how many to look at."""
    first, total = 0, np.cumsum(ahead)
    while first < len(ahead):
        before = int(total[first - 1]) if first else 0
        end = max(first + 1, int(np.searchsorted(total, before + AT_ONCE, side="right")))
        counts = ahead[first:end]
        a = np.repeat(np.arange(first, end), counts)
        yield a, a + 1 + np.arange(len(a)) - np.repeat(np.cumsum(counts) - counts, counts)
        first = end


def _near(points: Points, known: Ints, where: Floats, i: Ints, j: Ints) -> Ints:
    """Return those pairs of places in the order of latitude that fall together, as pairs of signals."""
    a, b = known[i], known[j]
    near = np.linalg.norm(where[i] - where[j], axis=1) <= np.maximum(points.radius_m[a], points.radius_m[b])
    then = np.abs(points.at_s[a] - points.at_s[b]) <= np.maximum(points.window_s[a], points.window_s[b])
    later = np.where(points.at_s[a] <= points.at_s[b], points.holds[a], points.holds[b])
    keep = near & (then | later) & (points.binds[a] | points.binds[b])
    return np.stack([a[keep], b[keep]], axis=1).astype(np.int64)


def labels(n: int, edges: Ints) -> Ints:
    """Return the number of each signal's group, the least of its members': equal where a chain of edges joins them."""
    found = np.arange(n, dtype=np.int64)
    a, b = edges[:, 0], edges[:, 1]
    while (found[a] != found[b]).any():
        least = np.minimum(found[a], found[b])
        # The least goes to the groups' own first members, from whom all of them have it by the next line.
        np.minimum.at(found, found[a], least)
        np.minimum.at(found, found[b], least)
        while (found[found] != found).any():
            found = found[found]
    return found
