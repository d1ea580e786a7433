"""Which roads a plan is for: hashes by which a change is noticed, and the change in words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from devices.registry import RoadSegment
from rules.core.network.network import Network

FIELDS = (
    "segment_id", "street", "ref", "road_class", "from_node", "to_node", "length_m", "width_m", "lanes", "one_way",
    "carriageway", "bridge", "speed_km_h", "max_weight_t", "max_height_m", "max_width_m", "geometry",
)  # fmt: skip
"""What planner, check and card use of a stretch; sensors, routes and what forecasts use change no plan."""

VERSION = "2:"
"""Before a hash, so that a version after this one knows by what it was made; hashes before it have none."""

SHOWN = 5
"""So many streets are named."""


def roads_sha256(network: Network) -> str:
    """Return the hash of all that a plan needs of the roads: stretches, their nodes, and turn bans; its version is before it."""
    rows = [_row(s) for s in network.segments]
    nodes = [[n.node_id, n.longitude_deg, n.latitude_deg, n.turning_place] for n in network.nodes]
    return VERSION + _sha256([rows, nodes, _bans(network)])


def known_as(network: Network) -> frozenset[str]:
    """Return the hashes by which plans may name these roads: today's, and those of versions that wrote none before it.

    The first told no limits, speeds, shapes and places of nodes: a plan that has it is judged by what it kept.
    """
    today = roads_sha256(network)
    return frozenset({today, today.removeprefix(VERSION), _first(network)})


def marks_of(network: Network, segments: Iterable[str]) -> dict[str, str]:
    """Return a short hash of each of these stretches with its nodes, by name; who is not there has none."""
    index = network.graph.segment_index
    return {name: _mark(network, index[name]) for name in sorted(set(segments)) if name in index}


def changed_words(marks: Mapping[str, str], network: Network) -> str:
    """Return in words which stretches of ``marks`` are others now, or gone; empty where nothing was kept to tell.

    Where all are as they were, what changed is beside the plan's way, as a turn ban or a street it does not drive.
    """
    if not marks:
        return ""
    now = marks_of(network, marks)
    other = sorted(name for name, mark in marks.items() if now.get(name) != mark)
    if not other:
        return "none of the stretches that it drives, but roads or turns beside them"
    streets = dict.fromkeys(_street(network, name) for name in other)
    named = ", ".join(list(streets)[:SHOWN])
    more = f" and {len(streets) - SHOWN} more" if len(streets) > SHOWN else ""
    return f"{len(other)} of its stretches: {named}{more}"


def _first(network: Network) -> str:
    rows = [
        [s.segment_id, s.from_node, s.to_node, round(s.length_m, 2), round(s.width_m, 2), s.one_way, s.carriageway]
        for s in network.segments
    ]  # fmt: skip
    return _sha256([rows, _bans(network)])


def _bans(network: Network) -> list[object]:
    return [[b.from_segment, b.via_node, b.to_segment] for b in network.turn_bans]


def _sha256(told: object) -> str:
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def _row(s: RoadSegment) -> list[object]:
    return [getattr(s, name) for name in FIELDS]


def _mark(network: Network, index: int) -> str:
    segment, at = network.segments[index], network.graph.node_index
    ends = [network.nodes[at[n]] for n in (segment.from_node, segment.to_node)]
    rows = [_row(segment), *([n.longitude_deg, n.latitude_deg, n.turning_place] for n in ends)]
    return hashlib.blake2b(msgspec.json.encode(rows), digest_size=4).hexdigest()


def _street(network: Network, name: str) -> str:
    index = network.graph.segment_index.get(name)
    return f"{name} (gone)" if index is None else network.segments[index].street or name
