"""What is wrong with a network, and what one should know of it before routes are planned on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import Depot
from rules.core.network.build import Steps
from rules.core.network.check_lorry import closed_roads, met
from rules.core.network.check_reach import NO_ROAD, apart, reach
from rules.core.network.check_words import SHOWN, Level, some
from rules.core.network.connected import strong_parts
from rules.core.network.lines import distance_m, length_m
from rules.core.network.lorry import Gritter
from rules.core.network.network import Network
from rules.core.network.towns import in_largest, town_numbers, towns_of

USUAL_GRITTER = Gritter()
APART_M = 10.0
"""A segment's line may end so far from its node [m]."""
LENGTH_SHARE = 0.1
"""A segment's length may differ by this share from its line's, and by ``APART_M``."""
MOST_CUT = 0.2
"""More of a map's length than this should not be cut off."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to know: an error must be mended, a warning looked at, a note is for understanding."""

    level: Level
    text: str


def judge(
    network: Network,
    steps: Steps | None = None,
    depots: Sequence[Depot] = (),
    gritter: Gritter = USUAL_GRITTER,
) -> tuple[Finding, ...]:
    """Return what there is to say of a network, errors first.

    Args:
        network: the network.
        steps: what became of the map; None where the network comes from a registry.
        depots: those that are to be on it.
        gritter: that is to drive on it.
    """
    found = [*_turns(network), *_shapes(network), *_depots(network, depots)]
    found += [Finding(*said) for said in (*reach(network, depots), *closed_roads(network, gritter))]
    if steps is not None:
        found += [*_map(steps), *(Finding(*said) for said in met(steps.barriers, steps.limits))]
    return in_order(found)


def stopping(network: Network, depots: Sequence[Depot] = ()) -> tuple[Finding, ...]:
    """Return only what stops every plan on a network: no road, or a depot from which lorries reach next to nothing.

    A segment out of reach stops none: who asks for it is told that no lorry gets there. Nor does a town that is
    joined to none with a depot.
    """
    if not network.arcs:
        return (Finding("error", NO_ROAD),)
    off = tuple(_depots(network, depots))
    return off or tuple(Finding(*said) for said in apart(towns_of(network, depots)))


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with errors first, then warnings."""
    return tuple(sorted(found, key=lambda f: ("error", "warning", "note").index(f.level)))


def undrivable(network: Network) -> tuple[int, ...]:
    """Return the arcs that can't be driven on a round without a forbidden turn, by number.

    They are those outside the largest set of arcs of their town of which each can be reached from each other; who
    must turn round where that is not allowed is not there.
    """
    pairs = [
        (a, b)
        for a, arc in enumerate(network.arcs)
        for b in network.arcs_from[arc.head]
        if network.may_follow(a, b)
    ]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    parts = strong_parts(len(network.arcs), table[:, 0], table[:, 1])
    tails = np.array([arc.tail for arc in network.arcs], dtype=np.int64)
    return tuple(np.flatnonzero(~in_largest(town_numbers(network)[tails], parts)).tolist())


def _turns(network: Network) -> Iterator[Finding]:
    never = set(undrivable(network))
    neither = [n for n in sorted(never) if network.reverse[n] is None or network.reverse[n] in never]
    if neither:
        yield Finding(
            "warning",
            f"{len(neither)} arcs can't be driven on a round without a turn that is not allowed: {_arcs(network, neither)}",
        )
    if len(never) > len(neither):
        others = sorted(never - set(neither))
        yield Finding(
            "note",
            f"{len(others)} arcs begin where one could only turn round; their other direction can be driven:"
            f" {_arcs(network, others)}",
        )
    # Where a road ends for everybody, a lorry turns; here it does because all else comes the other way.
    forced = [a for a in sorted(network.ending) if network.arcs[a].head not in network.turning]
    if forced:
        yield Finding(
            "note",
            f"{len(forced)} arcs end against a one-way road or a ban, so lorries turn round there:"
            f" {_arcs(network, forced)}",
        )


def _arcs(network: Network, numbers: Sequence[int]) -> str:
    segments = [network.segments[network.arcs[n].segment] for n in numbers]
    return some([f"{s.segment_id} ({s.street})" for s in segments])


def _shapes(network: Network) -> Iterator[Finding]:
    apart, unequal = [], []
    for arcs in network.arcs_of:
        segment, line = network.segments[network.arcs[arcs[0]].segment], network.line(arcs[0])
        ends = (network.nodes[network.arcs[arcs[0]].tail], network.nodes[network.arcs[arcs[0]].head])
        places = [(n.longitude_deg, n.latitude_deg) for n in ends]
        if max(distance_m(line[0], places[0]), distance_m(line[-1], places[1])) > APART_M:
            apart.append(segment.segment_id)
        elif (
            segment.geometry
            and abs(length_m(line) - segment.length_m) > APART_M + LENGTH_SHARE * segment.length_m
        ):
            unequal.append(segment.segment_id)
    if apart:
        yield Finding(
            "error", f"{len(apart)} segments end more than {APART_M:g} m from their nodes: {some(apart)}"
        )
    if unequal:
        yield Finding("warning", f"{len(unequal)} segments are not as long as their lines: {some(unequal)}")


def _depots(network: Network, depots: Sequence[Depot]) -> Iterator[Finding]:
    used = {network.nodes[n].node_id for a in network.arcs for n in (a.tail, a.head)}
    for depot in depots:
        if depot.node_id not in used:
            yield Finding("error", f"depot {depot.depot_id} is at node {depot.node_id}, where no road is")


def _map(steps: Steps) -> Iterator[Finding]:
    cut_m = steps.read_m - steps.kept_m
    if cut_m > MOST_CUT * steps.read_m:
        yield Finding(
            "error",
            f"{cut_m / 1000:.1f} of {steps.read_m / 1000:.1f} km can't be reached and left: is the map whole?",
        )
    for part in steps.cut[:SHOWN]:
        x, y = part.place
        what = f"{part.roads} roads, {part.length_m / 1000:.2f} km, {part.street or 'no name'} at {y:.5f}, {x:.5f}"
        yield Finding("note", f"cut off: {what}: {part.why}")
    for sensor in steps.sensors:
        if sensor.segment_id is None:
            yield Finding("warning", f"sensor {sensor.device} is on no segment: {sensor.why}")
    if steps.survey_off > 0:
        yield Finding("warning", f"{steps.survey_off} surveyed places are on no road")
    if steps.bans_lost > 0:
        yield Finding("note", f"{steps.bans_lost} turn bans are about roads that were left out")
    for reason, n in Counter(steps.unread).most_common():
        yield Finding("warning", f"{n} turn bans of the map are not kept: {reason}")
    for what, n in sorted(steps.inferred.items()):
        yield Finding("note", f"worked out from the shape, {n} roads: {what}")
    for what, n in sorted(steps.assumed.items()):
        yield Finding("note", f"assumed, {n} segments: {what}")
