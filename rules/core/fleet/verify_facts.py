"""What a check knows of the roads and of what is asked for, in seconds and kilograms.

Nothing of the search, its tables, its jobs, its times or its ways is used here: passes, salt,
turns and times are worked out anew from the network's segments, arcs and bans.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.core.fleet.jobs import Wanted
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

ACROSS_DEG = 90.0
"""Between the two sides of a dual carriageway a sharper turn is turning round [°]."""


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

    def from_s(self, arc: int) -> float:
        """Return when an arc's treatment may begin [s]."""
        one = self.by_segment.get(self.network.segments[self.network.arcs[arc].segment].segment_id)
        return 0.0 if one is None else one.from_s

    def may_turn(self, first: int, second: int) -> bool:
        """Worked out from segments and bans, not from the network's own answer."""
        network = self.network
        a, b = network.arcs[first], network.arcs[second]
        come, here = network.segments[a.segment].segment_id, network.nodes[a.head]
        if (come, here.node_id, network.segments[b.segment].segment_id) in self._banned:
            return False
        if here.turning_place or not self._is_round(first, second):
            return True
        # Who comes this way has nowhere else to go: the road ends here for him.
        return all(
            (come, here.node_id, network.segments[network.arcs[n].segment].segment_id) in self._banned
            or any(self.limits(n))
            for n in self.leaving.get(a.head, ())
            if not self._is_round(first, n)
        )

    def limits(self, arc: int) -> Iterator[str]:
        """Yield for what a lorry is too heavy, too high or too wide there, and why nobody may drive there."""
        index = self.network.arcs[arc].segment
        if index in self.network.closed:
            yield f"{self.network.segments[index].segment_id} is closed: {self.network.closed[index]}"
        s, own = self.network.segments[self.network.arcs[arc].segment], self.settings
        for what, most, has in (
            ("weight", s.max_weight_t, own.weight_t),
            ("height", s.max_height_m, own.height_m),
            ("width", s.max_width_m, own.width_m),
        ):
            if most is not None and has > most:
                yield f"{s.segment_id} allows a {what} of {most}, lorries have {has}"

    def _is_round(self, first: int, second: int) -> bool:
        """Back on the same segment, or round the end of what parts the sides of one dual carriageway."""
        a, b = (self.network.segments[self.network.arcs[n].segment] for n in (first, second))
        if a is b:
            return self.network.arcs[first].forward != self.network.arcs[second].forward
        apart = all(s.one_way and s.carriageway == "dual" for s in (a, b))
        one_name = a.street == b.street != "" or a.ref == b.ref != ""
        return apart and one_name and abs(self._angle_deg(first, second)) > ACROSS_DEG

    def _angle_deg(self, first: int, second: int) -> float:
        turn = _bearing(self.network, second, first=True) - _bearing(self.network, first, first=False)
        return (turn + 180.0) % 360.0 - 180.0

    @cached_property
    def _banned(self) -> frozenset[tuple[str, int, str]]:
        return frozenset((ban.from_segment, ban.via_node, ban.to_segment) for ban in self.network.turn_bans)

    @cached_property
    def leaving(self) -> dict[int, list[int]]:
        """Arcs that start at each node."""
        found: dict[int, list[int]] = {}
        for number, arc in enumerate(self.network.arcs):
            found.setdefault(arc.tail, []).append(number)
        return found

    def turn_s(self, last: int | None, arc: int) -> float:
        """Return the time of the turn from one arc into the next [s]."""
        if last is None:
            return 0.0
        own, turn = self.settings, self._angle_deg(last, arc)
        if self._is_round(last, arc) or abs(turn) > own.round_deg:
            return own.turn_round_s
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
