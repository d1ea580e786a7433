"""What a gritter can't pass: roads too weak, low or narrow for it, what lies beyond them, and barriers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from devices.registry import RoadSegment
from rules.core.network.check_words import Said, some
from rules.core.network.connected import strong_parts
from rules.core.network.draft import Barrier
from rules.core.network.lorry import Gritter
from rules.core.network.network import Network
from rules.core.network.towns import Flags, in_largest, town_numbers


def closed_roads(network: Network, gritter: Gritter) -> Iterator[Said]:
    """Yield which roads a gritter may not drive, and which it can't reach and leave for that."""
    why = {i: words for i, s in enumerate(network.segments) if (words := gritter.too_much_on(s))}
    if not why:
        return
    closed = [network.segments[i] for i in why]
    named = [
        f"{network.segments[i].segment_id} ({network.segments[i].street}: {', '.join(w)})"
        for i, w in why.items()
    ]
    yield (
        "warning",
        f"{_of(closed)} closed to a gritter of {gritter.words}, and neither driven nor treated: {some(named, '; ')}",
    )
    beyond = [network.segments[i] for i in _beyond(network, why)]
    if beyond:
        names = [f"{s.segment_id} ({s.street})" for s in beyond]
        yield (
            "warning",
            f"{_of(beyond)} open to it but can't be reached and left past what is closed: {some(names, '; ')}",
        )


def _beyond(network: Network, closed: Mapping[int, list[str]]) -> list[int]:
    """Return the segments that a gritter could get to and back from but for what is closed."""
    whole, own = _reached(network, {}), _reached(network, closed)
    return [
        i
        for i, numbers in enumerate(network.arcs_of)
        if i not in closed
        and all(whole[n] for n in _ends(network, numbers[0]))
        and not all(own[n] for n in _ends(network, numbers[0]))
    ]


def _ends(network: Network, arc: int) -> tuple[int, int]:
    return network.arcs[arc].tail, network.arcs[arc].head


def _reached(network: Network, closed: Mapping[int, list[str]]) -> Flags:
    """Tell of each node whether it is in the largest part of its town that can be driven."""
    ends = [(a.tail, a.head) for a in network.arcs if a.segment not in closed]
    table = np.array(ends, dtype=np.int64).reshape(-1, 2)
    return in_largest(town_numbers(network), strong_parts(len(network.nodes), table[:, 0], table[:, 1]))


def met(barriers: Sequence[Barrier], limits: Mapping[str, int]) -> Iterator[Said]:
    """Yield what a map says of limits and barriers, and what of it is not kept."""
    shut, unclear = ([_place(b) for b in barriers if b.closes is closes] for closes in (True, False))
    if shut:
        yield "note", f"{len(shut)} barriers close a road, nothing passes there: {some(shut, '; ')}"
    if unclear:
        yield (
            "warning",
            (
                f"{len(unclear)} barriers are where three or more roads meet, so it is not clear which they close, and none"
                f" is closed: {some(unclear, '; ')}"
            ),
        )
    for what, n in sorted(limits.items()):
        yield (
            "warning" if what.startswith("not kept") else "note",
            f"limits for lorries, {n} roads of the map: {what}",
        )


def _place(b: Barrier) -> str:
    x, y = b.place
    return f"{b.what} in {b.street or 'an unnamed road'} at {y:.5f}, {x:.5f}"


def _of(segments: Sequence[RoadSegment]) -> str:
    what, are = ("segments", "are") if len(segments) > 1 else ("segment", "is")
    return f"{len(segments)} {what} ({sum(s.length_m for s in segments) / 1000:.2f} km) {are}"
