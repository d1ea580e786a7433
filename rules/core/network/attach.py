"""A cleaned draft as the registry's nodes, segments and turn bans."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from devices.registry import RoadNode, RoadSegment, TurnBan
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Draft, Road

UNNAMED = "unnamed road"
"""Name of a stretch that has neither name nor number."""

OWN_NUMBERS = 1 << 50
"""Numbers of nodes whose key is no number begin here; above all of OpenStreetMap's, below what JSON keeps exact."""


def node_id(key: str) -> int:
    """Return the number of a node: its key where that is a whole number, else one made of the key."""
    if key.isascii() and key.isdigit() and int(key) < OWN_NUMBERS:
        return int(key)
    return OWN_NUMBERS | int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest())


def nodes_of(draft: Draft) -> tuple[RoadNode, ...]:
    """Return the nodes, by number.

    Raises:
        ValueError: two keys give the same number.
    """
    keys: dict[int, str] = {}
    for key in draft.nodes:
        other = keys.setdefault(node_id(key), key)
        if other != key:
            raise ValueError(f"network: nodes {other!r} and {key!r} would both get the number {node_id(key)}")
    return tuple(
        RoadNode(
            node_id=number,
            longitude_deg=draft.nodes[key][0],
            latitude_deg=draft.nodes[key][1],
            turning_place=key in draft.turning,
        )
        for number, key in sorted(keys.items())
    )


def segments_of(draft: Draft, settings: NetworkSettings) -> tuple[RoadSegment, ...]:
    """Return the segments, by name, with what the map does not say filled in."""
    return tuple(_segment(road, settings) for road in sorted(draft.roads, key=lambda r: r.key))


def _segment(road: Road, settings: NetworkSettings) -> RoadSegment:
    traits = road.traits
    return RoadSegment(
        segment_id=road.key,
        street=traits.street or traits.ref or UNNAMED,
        ref=traits.ref,
        road_class=traits.road_class,
        from_node=node_id(road.tail),
        to_node=node_id(road.head),
        length_m=max(round(road.length_m, 1), 0.1),
        width_m=round(settings.width_m(road), 2),
        lanes=traits.lanes,
        one_way=road.one_way,
        carriageway=traits.carriageway,
        bus_route=traits.bus_route,
        bridge=traits.bridge,
        speed_km_h=None if traits.speed_km_h is None else round(traits.speed_km_h, 1),
        sky_view_factor=settings.sky_view_of(traits),
        altitude_m=settings.altitude_m,
        max_weight_t=traits.max_weight_t,
        max_height_m=traits.max_height_m,
        max_width_m=traits.max_width_m,
        geometry=road.line,
    )


def bans_of(draft: Draft) -> tuple[tuple[TurnBan, ...], int]:
    """Return the turn bans between segments, and how many of the map's fit no segments any more.

    One that allows a single way out becomes a ban on each of the others but turning round.
    """
    at: dict[tuple[str, str], set[str]] = defaultdict(set)
    meeting: dict[str, set[str]] = defaultdict(set)
    for road in draft.roads:
        for node, end in ((road.tail, road.first), (road.head, road.last)):
            at[node, end].add(road.key)
            meeting[node].add(road.key)
    found: dict[str, TurnBan] = {}
    lost = 0
    for ban in draft.bans:
        into, out = at[ban.via, ban.from_road], at[ban.via, ban.to_road]
        lost += not (into and out)
        others = sorted(meeting[ban.via] - out - into) if ban.only and out else sorted(out)
        found |= {b.ban_id: b for b in _between(ban.ban_id, sorted(into), node_id(ban.via), others)}
    return tuple(found.values()), lost


def _between(ban_id: str, into: Iterable[str], via: int, out: Iterable[str]) -> Iterable[TurnBan]:
    for first in into:
        for second in out:
            yield TurnBan(
                ban_id=f"{ban_id}:{first}:{second}", from_segment=first, via_node=via, to_segment=second
            )
