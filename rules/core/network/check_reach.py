"""What can't be reached on a network, in words: by the town that it is in and the depots that are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from devices.registry import Depot
from rules.core.network.check_words import Said, some
from rules.core.network.network import Network
from rules.core.network.towns import Town, Towns, towns_of

NO_ROAD = "there is no road"


def reach(network: Network, depots: Sequence[Depot]) -> Iterator[Said]:
    """Yield what can't be reached, and of networks that are not joined which there are and where no lorry gets.

    Args:
        network: the network.
        depots: that are to be on it; those on no road are left aside.
    """
    if not network.arcs:
        yield "error", NO_ROAD
        return
    towns = towns_of(network, depots)
    ends = [(network.segments[a.segment].segment_id, a.tail, a.head) for a in network.arcs]
    lost = {segment_id for segment_id, tail, head in ends if not (towns.home[tail] and towns.home[head])}
    lost |= {s.segment_id for t in towns.strays for s in t.segments}
    if lost:
        yield "error", f"{len(lost)} segments can't be reached or not be left: {some(sorted(lost))}"
    used = {n for _, *both in ends for n in both}
    if len(used) < len(network.nodes):
        yield "warning", f"{len(network.nodes) - len(used)} nodes are on no segment"
    yield from apart(towns)
    yield from _unserved(towns)


def apart(towns: Towns) -> Iterator[Said]:
    """Yield the depots from which lorries reach next to nothing."""
    for d in towns.apart():
        yield "error", f"no way leads to and from depot {d.depot_id} at node {d.node_id}"


def _unserved(towns: Towns) -> Iterator[Said]:
    """Say of several towns which there are, and to which no lorry gets."""
    several = list(towns.others)
    if len(several) > 1:
        yield "note", f"{len(several)} networks that are not joined: {some([t.words for t in several])}"
    for town in towns.unserved:
        if town.routes:
            yield "error", f"{unserved_words(town)}, and gritting routes are there: {some(town.routes)}"
        else:
            yield "warning", unserved_words(town)


def unserved_words(town: Town) -> str:
    """Return what is said of a town without a depot where others have one."""
    return f"no depot is on the {town.words}, which no road joins to one: no lorry gets there"
