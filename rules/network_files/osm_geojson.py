"""OpenStreetMap as GeoJSON: as a graph (osmnx: ``u``, ``v``, one feature a direction) or as plain ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cityops.errors import ConfigurationError
from rules.core.network.draft import Draft, Road
from rules.core.network.lines import Point
from rules.core.network.noding import MapWay, draft_of
from rules.core.network.osm_limits import said
from rules.core.network.osm_tags import way_of
from rules.network_files.features import SHORT, Feature


def read_osm(found: Sequence[Feature], *, service: bool) -> Draft:
    """Return the roads of a collection; errors name the feature.

    Raises:
        ConfigurationError: some features have ``u`` and ``v`` and others not.
    """
    graph = ["u" in f.properties and "v" in f.properties for f in found]
    if all(graph):
        return _from_graph(found, service)
    if any(graph):
        raise ConfigurationError(f"{found[graph.index(False)].place} has no u and v, as others have")
    return _from_ways(found, service)


def _from_graph(found: Sequence[Feature], service: bool) -> Draft:
    nodes: dict[str, Point] = {}
    roads: list[Road] = []
    dropped: Counter[str] = Counter()
    limits: Counter[str] = Counter()
    for feature in found:
        way = SHORT if feature.is_short else way_of(feature.properties, service=service)
        if isinstance(way, str):
            dropped[way] += 1
            continue
        ends = str(feature.properties["u"]), str(feature.properties["v"])
        for node, point in zip(ends, (feature.line[0], feature.line[-1]), strict=True):
            if nodes.setdefault(node, point) != point:
                raise ConfigurationError(f"{feature.place}: node {node} is at {point} and at {nodes[node]}")
        limits.update(said(feature.properties))
        key = f"{ends[0]}-{ends[1]}-{feature.properties.get('key', 0)}"
        # A graph's edges run as they are driven, whatever the way was drawn like.
        roads.append(Road(key, *ends, feature.line, way.traits, one_way=way.direction != 0))
    return Draft(nodes, tuple(roads), dropped=dropped, limits=limits)


def _from_ways(found: Sequence[Feature], service: bool) -> Draft:
    positions: dict[str, Point] = {}
    ways: list[MapWay] = []
    short = sum(feature.is_short for feature in found)
    for number, feature in enumerate(found):
        if feature.is_short:
            continue
        keys = tuple(f"{x:.7f},{y:.7f}" for x, y in feature.line)
        positions |= dict(zip(keys, feature.line, strict=True))
        tags = feature.properties
        name = next((str(tags[k]) for k in ("@id", "osmid", "osm_id", "id") if tags.get(k) is not None), "")
        key = f"way/{name.rpartition('/')[2]}" if name and not name.startswith("[") else f"feature/{number}"
        ways.append(MapWay(key, keys, tags))
    repeated = [key for key, n in Counter(w.key for w in ways).items() if n > 1]
    if repeated:
        raise ConfigurationError(f"{found[0].place.partition(',')[0]}: {repeated[0]} is there more than once")
    draft = draft_of(ways, positions, service=service)
    return replace(draft, dropped={**draft.dropped, SHORT: short}) if short > 0 else draft
