"""The largest part of a network in which every place can be reached from every other, and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.network.draft import Draft, Road
from rules.core.network.lines import Point, middle

CUT = "not in the part that can be reached and left"


@dataclass(frozen=True, slots=True)
class CutPart:
    """Roads that hang together and were left out.

    Attributes:
        roads, length_m: how many, and their length.
        street: the name of the longest of them that has one.
        place: half way along that.
        why: in words.
    """

    roads: int
    length_m: float
    street: str
    place: Point
    why: str


def largest_part(draft: Draft) -> tuple[Draft, tuple[CutPart, ...]]:
    """Return the strongly connected part with the greatest length of road, and what was cut, longest first."""
    if not draft.roads:
        return draft, ()
    number = {key: i for i, key in enumerate(sorted(draft.nodes))}
    ends = np.array([(number[r.tail], number[r.head]) for r in draft.roads])
    both = np.array([not r.one_way for r in draft.roads])
    strong = strong_parts(len(number), np.r_[ends[:, 0], ends[both, 1]], np.r_[ends[:, 1], ends[both, 0]])
    lengths = np.array([r.length_m for r in draft.roads])
    inside = strong[ends[:, 0]] == strong[ends[:, 1]]
    totals = np.round(np.bincount(strong[ends[inside, 0]], lengths[inside], int(strong.max()) + 1), 3)
    # Of parts of the same length the one with the smallest key, whatever the order of the map.
    largest = int(strong[np.flatnonzero(totals[strong] == totals.max())[0]])
    kept = (strong[ends] == largest).all(axis=1)
    roads = tuple(r for r, keep in zip(draft.roads, kept, strict=True) if keep)
    cut = [r for r, keep in zip(draft.roads, kept, strict=True) if not keep]
    home = {n for road in roads for n in (road.tail, road.head)}
    return draft.with_roads(roads, {CUT: len(cut)} if cut else {}), _parts(cut, home)


def strong_parts(size: int, tails: NDArray[np.int64], heads: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the number of the strongly connected part of each of ``size`` nodes."""
    from scipy.sparse import coo_array  # slow to import, and services come here seldom
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(tails), dtype=np.int8), (tails, heads)), shape=(size, size))
    parts: NDArray[np.int32] = connected_components(graph, directed=True, connection="strong")[1]
    return parts


def _parts(cut: Sequence[Road], home: set[str]) -> tuple[CutPart, ...]:
    """Return what was cut by what hangs together without the part that was kept."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    keys = sorted({n for r in cut for n in (r.tail, r.head)} - home)
    number = {key: i for i, key in enumerate(keys)}
    joined = [(number[r.tail], number[r.head]) for r in cut if r.tail in number and r.head in number]
    pairs = np.array(joined, dtype=np.int64).reshape(-1, 2)
    graph = coo_array(
        (np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(keys),) * 2
    )
    part = connected_components(graph, directed=False)[1] if keys else np.zeros(0, dtype=np.int32)
    groups: dict[int, list[Road]] = {}
    for road in cut:
        # A road between two places of the part that was kept is in it, so one end is outside.
        outside = road.tail if road.tail in number else road.head
        groups.setdefault(int(part[number[outside]]), []).append(road)
    parts = [_part(roads, home) for roads in groups.values()]
    return tuple(sorted(parts, key=lambda p: (-p.length_m, p.street, p.place)))


def _part(roads: Sequence[Road], home: set[str]) -> CutPart:
    named = [r for r in roads if r.traits.street or r.traits.ref] or list(roads)
    longest = max(named, key=lambda r: (r.length_m, r.key))
    # A two-way road from there would belong to it, so what joins them is one-way.
    entered, left = any(r.tail in home for r in roads), any(r.head in home for r in roads)
    if not (entered or left):
        why = "no way there and none back"
    elif entered and left:
        why = "one-way roads that lead on to nowhere or come from nowhere"
    else:
        why = "can't be left" if entered else "can't be reached"
    return CutPart(
        len(roads),
        sum(r.length_m for r in roads),
        longest.traits.street or longest.traits.ref,
        middle(longest.line),
        why,
    )
