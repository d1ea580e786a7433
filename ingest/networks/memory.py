"""Road networks in memory: for tests and for what needs no database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from cityops.errors import ConfigurationError
from devices.registry import Device, Registry, RoadSegment
from ingest.networks.keep import Known, keeping, refuse_others
from ingest.networks.ports import Imported, Own, Replaced, Source

K = TypeVar("K", int, str)
V = TypeVar("V")


class MemoryRoadNetworks:
    """Networks of one process, beside what a registry has already."""

    def __init__(self, registry: Registry | None = None) -> None:
        given = Registry(name="memory") if registry is None else registry
        self._devices: tuple[Device, ...] = given.devices
        self._nodes = {n.node_id: n for n in given.nodes}
        self._segments = {s.segment_id: s for s in given.segments}
        self._bans = {b.ban_id: b for b in given.turn_bans}
        self._depots = {d.depot_id: d for d in given.depots}
        self._network: dict[str, str] = {}
        self._node_network: dict[int, str] = {}
        self._sources: dict[str, Source] = {}

    async def replace(self, imported: Imported) -> Replaced:
        """Put a network in the place of the one of its name."""
        network_id = imported.source.network_id
        known = {
            name: self._known(name) for s in imported.segments if (name := s.segment_id) in self._segments
        }
        refuse_others(network_id, known)
        self._check(imported)
        written = self._write(imported, keeping(imported.segments, known))
        self._sources[network_id] = imported.source
        lost = self._lost(imported)
        return Replaced(written, self._remove(imported), lost)

    def _known(self, segment_id: str) -> Known:
        segment = self._segments[segment_id]
        return Known(self._network.get(segment_id), segment.route_id, segment.device)

    def _check(self, imported: Imported) -> None:
        installed = {d.name for d in self._devices}
        missing = sorted({s.device for s in imported.segments if s.device is not None} - installed)
        if missing:
            raise ConfigurationError(
                f"registry {imported.source.network_id!r} names devices that are not installed: {', '.join(missing)}"
            )
        nodes = {n.node_id for n in imported.nodes} | set(self._nodes)
        for segment in imported.segments:
            for node in (segment.from_node, segment.to_node):
                if node not in nodes:
                    raise ConfigurationError(f"segment {segment.segment_id}: there is no node {node}")

    def _write(self, imported: Imported, segments: tuple[RoadSegment, ...]) -> dict[str, int]:
        for segment in segments:
            self._network[segment.segment_id] = imported.source.network_id
        for node in imported.nodes:
            self._node_network.setdefault(node.node_id, imported.source.network_id)
        return {
            "road_node": _put(self._nodes, {n.node_id: n for n in imported.nodes}),
            "road_segment": _put(self._segments, {s.segment_id: s for s in segments}),
            "turn_ban": _put(self._bans, {b.ban_id: b for b in imported.turn_bans}),
            "depot": _put(self._depots, {d.depot_id: d for d in imported.depots}),
        }

    def _lost(self, imported: Imported) -> dict[str, int]:
        kept = {s.segment_id for s in imported.segments}
        gone = [
            s
            for s, network in self._network.items()
            if network == imported.source.network_id and s not in kept
        ]
        routes = [self._segments[s].route_id for s in gone]
        return dict(Counter(route for route in routes if route is not None))

    def _remove(self, imported: Imported) -> dict[str, int]:
        own, bans = imported.source.network_id, {b.ban_id for b in imported.turn_bans}
        segments, nodes = {s.segment_id for s in imported.segments}, {n.node_id for n in imported.nodes}
        lost = [
            b for b, ban in self._bans.items() if self._network.get(ban.from_segment) == own and b not in bans
        ]
        counts = {"turn_ban": _drop(self._bans, lost)}
        gone = [s for s, network in self._network.items() if network == own and s not in segments]
        counts["road_segment"] = _drop(self._segments, gone)
        _drop(self._network, gone)
        _drop(
            self._bans, [b for b, ban in self._bans.items() if {ban.from_segment, ban.to_segment} & set(gone)]
        )
        used = {n for s in self._segments.values() for n in (s.from_node, s.to_node)}
        used |= {d.node_id for d in self._depots.values()} | {b.via_node for b in self._bans.values()} | nodes
        free = [n for n, network in self._node_network.items() if network == own and n not in used]
        counts["road_node"] = _drop(self._nodes, free)
        _drop(self._node_network, free)
        return counts

    async def roads(self) -> Registry:
        """Return nodes, segments, turn bans, depots and road sensors of the whole installation."""
        return Registry(
            name="memory",
            devices=tuple(sorted((d for d in self._devices if d.kind == "road"), key=lambda d: d.name)),
            nodes=tuple(_sorted(self._nodes)),
            segments=tuple(_sorted(self._segments)),
            turn_bans=tuple(_sorted(self._bans)),
            depots=tuple(_sorted(self._depots)),
        )

    async def own(self, network_id: str) -> Own:
        """Return what belongs to a network."""
        return Own(
            frozenset(s for s, network in self._network.items() if network == network_id),
            frozenset(n for n, network in self._node_network.items() if network == network_id),
        )

    async def sources(self) -> tuple[Source, ...]:
        """Return where the networks come from, by name."""
        return tuple(_sorted(self._sources))


def _put(there: dict[K, V], new: Mapping[K, V]) -> int:
    changed = sum(there.get(key) != value for key, value in new.items())
    there.update(new)
    return changed


def _drop(there: dict[K, V], keys: list[K]) -> int:
    for key in keys:
        there.pop(key, None)
    return len(keys)


def _sorted(there: Mapping[K, V]) -> list[V]:
    return [value for _, value in sorted(there.items(), key=lambda item: item[0])]
