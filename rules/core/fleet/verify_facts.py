"""What a check knows of the roads and of what is asked for, in seconds and kilograms.

Nothing of the search, its tables, its jobs, its times or its ways is used here: passes, salt,
turns and times are worked out anew from the network's segments, arcs and bans.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.core.fleet.jobs import Wanted
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network
from rules.core.road_graph import Arc


@dataclass(frozen=True)
class Facts:
    """The raw roads, what is to be treated, and the lorries' settings."""

    network: Network
    wanted: Sequence[Wanted]
    settings: FleetSettings

    @cached_property
    def by_segment(self) -> dict[str, Wanted]:
        """What is wanted, by segment."""
        return {one.segment_id: one for one in self.wanted}

    def passes(self, segment: int) -> int:
        """Return the passes that a segment's width needs, as often as it is to be treated."""
        asked = self.by_segment.get(self.network.segments[segment].segment_id)
        across = math.ceil(self.network.segments[segment].width_m / self.settings.spread_width_m - 1e-9)
        return max(1, across) * (1 if asked is None else asked.runs)

    def salt_kg(self, arc: int) -> float:
        """Salt of one pass over an arc [kg]; 0 where none is wanted."""
        index = self.network.arcs[arc].segment
        segment = self.network.segments[index]
        one = self.by_segment.get(segment.segment_id)
        rate = 0.0 if one is None else one.g_m2
        return rate * segment.width_m / self.passes(index) * segment.length_m / 1000.0

    def needs(self, index: int, arcs: Sequence[int]) -> list[list[int]]:
        """Return the passes by direction that treat a segment; any of them will do."""
        passes, segment = self.passes(index), self.network.segments[index]
        if len(arcs) == 1:
            return [[passes]]
        if segment.carriageway == "dual" and not segment.one_way:
            return [[passes, passes]]
        if passes == 1:
            return [[1, 0], [0, 1]]
        return [[math.ceil(passes / 2), passes // 2]]

    def due_s(self, arc: int) -> float:
        """Return when an arc's treatment must be over [s]."""
        name = self.network.segments[self.network.arcs[arc].segment].segment_id
        one = self.by_segment.get(name)
        if one is None:
            return math.inf
        limit = self.settings.limits_s.get(one.priority, math.inf)
        return limit if one.due_s is None else min(limit, one.due_s)

    def may_turn(self, first: int, second: int) -> bool:
        """Worked out from segments and bans, not from the network's own answer."""
        network = self.network
        a, b = network.arcs[first], network.arcs[second]
        come, here = network.segments[a.segment].segment_id, network.nodes[a.head]
        if (come, here.node_id, network.segments[b.segment].segment_id) in self._banned:
            return False
        if a.segment != b.segment or here.turning_place:
            return True
        # Who comes this way has nowhere else to go: the road ends here for him.
        return all(
            (come, here.node_id, network.segments[arc.segment].segment_id) in self._banned
            for arc in self._leaving.get(a.head, ())
            if arc.segment != a.segment
        )

    @cached_property
    def _banned(self) -> frozenset[tuple[str, int, str]]:
        return frozenset((ban.from_segment, ban.via_node, ban.to_segment) for ban in self.network.turn_bans)

    @cached_property
    def _leaving(self) -> dict[int, list[Arc]]:
        found: dict[int, list[Arc]] = {}
        for arcs in self.network.graph.arcs_of:
            for arc in arcs:
                found.setdefault(arc.tail, []).append(arc)
        return found

    def turn_s(self, last: int | None, arc: int) -> float:
        """Return the time of the turn from one arc into the next [s]."""
        if last is None:
            return 0.0
        own, a, b = self.settings, self.network.arcs[last], self.network.arcs[arc]
        if a.segment == b.segment and a.forward != b.forward:
            return own.turn_round_s
        turn = _bearing(self.network, arc, first=True) - _bearing(self.network, last, first=False)
        turn = (turn + 180.0) % 360.0 - 180.0
        if abs(turn) <= own.straight_deg:
            return own.straight_s
        return own.right_s if turn > 0.0 else own.left_s

    def speed_km_h(self, arc: int, treating: bool) -> float:
        """Return the speed on an arc [km/h]."""
        own = self.settings
        driving = own.driving_share * self.network.speed_km_h(arc)
        return min(driving, own.treating_km_h) if treating else driving


def _bearing(network: Network, arc: int, first: bool) -> float:
    line = network.line(arc)
    a, b = (line[0], line[1]) if first else (line[-2], line[-1])
    east = (b[0] - a[0]) * math.cos(math.radians(a[1]))
    return math.degrees(math.atan2(east, b[1] - a[1]))
