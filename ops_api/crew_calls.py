"""A lorry's planned round as the simulated lorry drives it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from devices.registry import RoadNode
from firmware_sim.world.collection_lorry import Call
from rules.core.cab.codec import name_of
from rules.core.network.network import Network
from rules.core.rounds.model import Place
from rules.core.rounds.plan import LorryRound, Stop


class CallsOf:
    """Makes calls of rounds.

    Args:
        nodes: junctions of the town.
        bins: that it has.
        network: by whose arcs the plan names the ways; None: it is for other roads, and lorries find theirs.
    """

    def __init__(self, nodes: Sequence[RoadNode], bins: Collection[str], network: Network | None) -> None:
        self._nodes, self._bins, self._network = nodes, bins, network

    def __call__(
        self, planned: LorryRound, day_s: float, left: Collection[str] = (), *, under_way: bool = False
    ) -> list[Call]:
        """Return a round's calls in its order.

        Args:
            planned: the round.
            day_s: midnight of its day [s since 1970].
            left: bins that are left out: they are done.
            under_way: the lorry may have left where the plan has it: it finds its way to the first place itself.
        """
        found: list[Call] = []
        for stop in planned.stops:
            if stop.kind == "start" or (
                stop.kind == "bin" and (stop.ref in left or stop.ref not in self._bins)
            ):
                continue
            via = () if under_way and all(c.what == "break" for c in found) else self._via(stop)
            found.append(self._call(stop, day_s, via))
        return found

    def _call(self, stop: Stop, day_s: float, via: tuple[tuple[str, int], ...]) -> Call:
        at_s, lasts_s = day_s + stop.begins_s, float(stop.ends_s - stop.begins_s)
        if stop.kind == "break":
            return Call("break", arrive_s=at_s, service_s=lasts_s)
        if stop.kind == "bin":
            return Call("bin", bin_id=stop.ref, via=via, arrive_s=at_s, service_s=lasts_s)
        what = "tip" if stop.kind == "tip" else "yard"
        return Call(what, node_id=self._node(stop), via=via, arrive_s=at_s, service_s=lasts_s)  # type: ignore[arg-type]

    def _via(self, stop: Stop) -> tuple[tuple[str, int], ...]:
        return () if self._network is None else tuple(name_of(self._network, arc) for arc in stop.arcs)

    def _node(self, stop: Stop) -> int:
        """Return the junction where a lorry stops: where the plan's way ends, else the nearest."""
        if self._network is not None and stop.arcs:
            return self._network.nodes[self._network.arcs[stop.arcs[-1]].head].node_id
        return nearest(self._nodes, stop.place)


def nearest(nodes: Sequence[RoadNode], place: Place) -> int:
    """Return the junction that is nearest to a place."""
    squeeze = math.cos(math.radians(place.latitude_deg))

    def gap(n: RoadNode) -> float:
        return math.hypot(
            (n.longitude_deg - place.longitude_deg) * squeeze, n.latitude_deg - place.latitude_deg
        )

    return min(nodes, key=gap).node_id
