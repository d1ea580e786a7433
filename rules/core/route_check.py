"""An independent check of a drive: it knows the segments, not the solver.

Nothing of :mod:`rules.core.routing`'s way of finding a drive is used here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from devices.registry import RoadSegment
from rules.core.routing import Drive, Leg


def check(
    drive: Drive, segments: Iterable[RoadSegment], required: Collection[str], depot_node: int
) -> list[str]:
    """Return what is wrong with a drive, in words; empty where it can be driven.

    Args:
        drive: to be checked.
        segments: every segment of the network.
        required: segment ids that must be served, except those the drive names unreachable.
        depot_node: node id where it starts and ends.
    """
    known = {s.segment_id: s for s in segments}
    problems = [p for leg in drive.legs for p in _check_leg(leg, known.get(leg.segment_id))]
    problems += _check_chain(drive.legs, depot_node)
    problems += _check_service(drive, set(required))
    problems += _check_lengths(drive)
    return problems


def _check_leg(leg: Leg, segment: RoadSegment | None) -> list[str]:
    if segment is None:
        return [f"{leg.segment_id}: no such segment"]
    forth = (segment.from_node, segment.to_node)
    ways = [forth] if segment.one_way else [forth, forth[::-1]]
    problems = []
    if (leg.from_node, leg.to_node) not in ways:
        problems.append(f"{leg.segment_id}: can't be driven from {leg.from_node} to {leg.to_node}")
    if abs(leg.length_m - segment.length_m) > 1e-6:
        problems.append(f"{leg.segment_id}: {leg.length_m} m, the segment has {segment.length_m} m")
    return problems


def _check_chain(legs: tuple[Leg, ...], depot_node: int) -> list[str]:
    at, problems = depot_node, []
    for leg in legs:
        if leg.from_node != at:
            problems.append(f"{leg.segment_id}: starts at {leg.from_node}, the lorry is at {at}")
        at = leg.to_node
    if at != depot_node:
        problems.append(f"ends at {at}, not at the depot {depot_node}")
    return problems


def _check_service(drive: Drive, required: set[str]) -> list[str]:
    served = Counter(leg.segment_id for leg in drive.legs if leg.treat)
    named = set(drive.unreachable)
    problems = [f"{s}: treated {n} times" for s, n in sorted(served.items()) if n > 1]
    problems += [f"{s}: not treated" for s in sorted(required - set(served) - named)]
    problems += [f"{s}: treated without need" for s in sorted(set(served) - required)]
    problems += [f"{s}: both treated and unreachable" for s in sorted(set(served) & named)]
    return problems


def _check_lengths(drive: Drive) -> list[str]:
    problems = []
    for name, total, treat in (("spread", drive.spread_m, True), ("deadhead", drive.deadhead_m, False)):
        real = sum(leg.length_m for leg in drive.legs if leg.treat is treat)
        if abs(real - total) > 1e-6 * max(1.0, real):
            problems.append(f"{name}: {total} m claimed, the legs have {real} m")
    return problems
