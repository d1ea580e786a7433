"""Roads of a map without those that are none: of no length, or there twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rules.core.network.draft import Draft, Road
from rules.core.network.lines import Line

LEAST_M = 0.05
"""A road shorter than this [m] that ends where it begins is none."""


def clean(draft: Draft) -> Draft:
    """Return the draft without loops of no length and without roads that are there twice.

    A two-way road that is drawn once for each direction is there twice. Where a line is one-way
    and two-way at once, or one-way in both directions, it is two-way.
    """
    dropped: Counter[str] = Counter()
    kept: dict[tuple[frozenset[str], Line], Road] = {}
    for road in draft.roads:
        if road.tail == road.head and road.length_m < LEAST_M:
            dropped["a loop of no length"] += 1
            continue
        key = (frozenset((road.tail, road.head)), min(road.line, road.line[::-1]))
        known = kept.get(key)
        if known is None:
            kept[key] = road
            continue
        dropped["there twice, as the same line"] += 1
        kept[key] = _both(known, road)
    return draft.with_roads(tuple(kept.values()), dropped)


def _both(known: Road, road: Road) -> Road:
    """Return one road for two on the same line: that of the smaller key, whichever comes first."""
    least = min(known, road, key=lambda r: r.key)
    same_way = known.tail == road.tail and known.line == road.line
    return replace(least, one_way=known.one_way and road.one_way and same_way)
