"""Groups that are no wider than an incident may be: single linkage that does not chain through a whole town. Pure.

Where what neighbours connect is wider than that, it is put together again from the shortest edge on, as Kruskal builds a
shortest spanning tree, and an edge that would make a group wider than it may be binds nothing. Kruskal, On the shortest
spanning subtree of a graph, Proc. Amer. Math. Soc. 7 (1956).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.core.incidents.near import Ints, labels
from rules.core.incidents.sphere import EARTH_M, Floats

Boxes = NDArray[np.float64]
"""Of each group its western, southern, minus eastern and minus northern end [m]: united by the minimum of each."""


def labels_within(latitude_deg: Floats, longitude_deg: Floats, near: Ints, ties: Ints, most_m: float) -> Ints:
    """Return the number of each signal's group, the least of its members'.

    Args:
        latitude_deg: of n signals [°]; NaN: nowhere.
        longitude_deg: of n signals [°]; NaN: nowhere.
        near: pairs that fall together, m × 2.
        ties: pairs that are one whatever it makes of the width.
        most_m: diagonal of the box around a group at most [m]; what is wider by its ties grows no further.
    """
    n = len(latitude_deg)
    found = labels(n, np.concatenate([near, ties]))
    boxes = _boxes(latitude_deg, longitude_deg)
    around = boxes.copy()
    np.minimum.at(around, found, boxes)
    wide = _across_m(around) > most_m
    if wide.any():
        near, ties = near[wide[found[near[:, 0]]]], ties[wide[found[ties[:, 0]]]]
        again = _put_together(boxes, near, ties, most_m)
        found = np.where(wide[found], again, found)
    return found


def _boxes(latitude_deg: Floats, longitude_deg: Floats) -> Boxes:
    """Return each signal's place as a box: metres to the east and to the north, infinity (no box) where it is nowhere."""
    known = np.isfinite(latitude_deg) & np.isfinite(longitude_deg)
    north_m = EARTH_M * np.radians(latitude_deg)
    east_m = EARTH_M * np.radians(longitude_deg) * np.cos(np.radians(latitude_deg))
    return np.where(known[:, None], np.stack([east_m, north_m, -east_m, -north_m], axis=1), np.inf)


def _across_m(boxes: Boxes) -> Floats:
    wide_m = -boxes[..., 2:] - boxes[..., :2]
    return np.where(np.isfinite(wide_m).all(axis=-1), np.hypot(wide_m[..., 0], wide_m[..., 1]), 0.0)


def _put_together(boxes: Boxes, near: Ints, ties: Ints, most_m: float) -> Ints:
    root, box = list(range(len(boxes))), boxes.copy()

    def top(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    def join(a: int, b: int, limit_m: float) -> None:
        a, b = sorted((top(a), top(b)))
        both = np.minimum(box[a], box[b])
        own_m = max(float(_across_m(box[a])), float(_across_m(box[b])))
        if a != b and float(_across_m(both)) <= max(limit_m, own_m):
            root[b], box[a] = a, both

    for a, b in ties.tolist():
        join(a, b, np.inf)
    # Millimetres, and then the order of the signals: the same in whatever order they came.
    apart = np.round(np.linalg.norm(boxes[near[:, 0], :2] - boxes[near[:, 1], :2], axis=1), 3)
    for a, b in near[np.lexsort((near[:, 1], near[:, 0], apart))].tolist():
        join(a, b, most_m)
    return np.array([top(i) for i in range(len(boxes))], dtype=np.int64)
