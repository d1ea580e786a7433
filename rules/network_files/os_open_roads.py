"""OS Open Roads: links of a GeoPackage or of GeoJSON as roads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cityops.errors import ConfigurationError
from rules.core.network.directions import give_directions
from rules.core.network.draft import Draft, Road
from rules.core.network.lines import Point
from rules.core.network.os_tags import one_side, traits_of, value
from rules.network_files.features import SHORT, Feature


def read_os(found: Iterable[Feature], *, restricted: bool) -> Draft:
    """Return the roads of links.

    Raises:
        ConfigurationError: a link without its id or nodes, an id that is there twice.
    """
    nodes: dict[str, Point] = {}
    roads: dict[str, Road] = {}
    dropped: Counter[str] = Counter()
    one_sided: set[str] = set()
    for feature in found:
        key, start, end = (_need(feature, name) for name in ("id", "start", "end"))
        traits = SHORT if feature.is_short else traits_of(feature.properties, restricted=restricted)
        if isinstance(traits, str):
            dropped[traits] += 1
            continue
        if key in roads:
            raise ConfigurationError(f"{feature.place}: link {key} is there twice")
        nodes.setdefault(start, feature.line[0])
        nodes.setdefault(end, feature.line[-1])
        roads[key] = Road(key, start, end, feature.line, traits)
        if one_side(feature.properties):
            one_sided.add(key)
    return give_directions(Draft(nodes, tuple(roads.values()), dropped=dropped), one_sided)


def _need(feature: Feature, name: str) -> str:
    found = value(feature.properties, name)
    if not found:
        raise ConfigurationError(f"{feature.place}: a link of OS Open Roads needs its {name}")
    return found
