"""OpenStreetMap's own files (``.pbf``, also ``.osm`` and ``.osm.bz2``), by ``osmium``, which is an extra."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from rules.core.network.barriers import close
from rules.core.network.draft import Draft
from rules.core.network.lines import Point
from rules.core.network.lorry import Gritter
from rules.core.network.noding import MapBan, MapWay, draft_of
from rules.network_files.area import Area

TURNING = {"turning_circle", "turning_loop", "mini_roundabout"}
"""Values of ``highway`` of nodes where a lorry is taken to turn round."""

RESTRICTIONS = ("restriction:hgv", "restriction")
"""A gritter is a heavy goods vehicle."""


def read_pbf(path: Path, *, service: bool, area: Area | None, gritter: Gritter) -> Draft:
    """Return the roads of a map.

    Raises:
        ConfigurationError: ``osmium`` is not installed, or the file can't be read.
    """
    osmium = _osmium(path)
    gathered = _Gathered(area)
    try:
        wanted = osmium.filter.KeyFilter("highway", "barrier", "type")
        for thing in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
            gathered.take(thing)
    except (RuntimeError, OSError) as error:
        raise ConfigurationError(f"{path} can't be read as a map: {error}") from error
    draft = draft_of(
        gathered.ways,
        gathered.positions,
        service=service,
        turning=frozenset(gathered.turning),
        bans=gathered.bans,
    )
    unread = Counter(draft.unread) + gathered.unread
    draft = replace(draft, turning=draft.turning & set(draft.nodes), unread=unread)
    return close(draft, gathered.barriers, gritter)


def _osmium(path: Path) -> Any:
    try:
        import osmium
        import osmium.filter
    except ImportError:
        raise ConfigurationError(
            f"{path}: reading OpenStreetMap's own files needs osmium, an extra: pip install 'cityops[network]',"
            " or in a checkout: pip install --require-hashes -r requirements/network.lock;"
            " GeoJSON is read without it"
        ) from None
    return osmium


def _point(location: Any) -> Point:
    return round(location.lon, 7), round(location.lat, 7)


class _Gathered:
    """What is wanted of a file that is read from its beginning to its end."""

    def __init__(self, area: Area | None) -> None:
        self.area = area
        self.ways: list[MapWay] = []
        self.positions: dict[str, Point] = {}
        self.turning: set[str] = set()
        self.barriers: dict[Point, Mapping[str, object]] = {}
        self.bans: list[MapBan] = []
        self.unread: Counter[str] = Counter()

    def take(self, thing: Any) -> None:
        """Keep what is a way of roads, a place to turn, a barrier or a restriction of turns."""
        if thing.is_node():
            if thing.tags.get("highway") in TURNING:
                self.turning.add(str(thing.id))
            if "barrier" in thing.tags and thing.location.valid():
                self.barriers[_point(thing.location)] = dict(thing.tags)
        elif thing.is_way():
            if "highway" in thing.tags:
                self._way(thing)
        elif thing.is_relation() and thing.tags.get("type") == "restriction":
            self._ban(thing)

    def _way(self, way: Any) -> None:
        known = {str(n.ref): _point(n.location) for n in way.nodes if n.location.valid()}
        if self.area is None or self.area.touches(known.values()):
            self.positions |= known
            self.ways.append(MapWay(f"way/{way.id}", tuple(str(n.ref) for n in way.nodes), dict(way.tags)))

    def _ban(self, relation: Any) -> None:
        tags: Mapping[str, str] = dict(relation.tags)
        kind = next((tags[k] for k in RESTRICTIONS if k in tags), "")
        if not kind.startswith(("no_", "only_")):
            self.unread["another kind, or for a part of the time only"] += 1
            return
        if "hgv" in tags.get("except", "").split(";"):
            return
        members: dict[str, list[str]] = {}
        for member in relation.members:
            members.setdefault(f"{member.role}:{member.type}", []).append(str(member.ref))
        came, via, goes = (members.get(k, []) for k in ("from:w", "via:n", "to:w"))
        if not (len(came) == len(via) == len(goes) == 1):
            self.unread["over a way, or from or to several"] += 1
            return
        key = f"relation/{relation.id}"
        self.bans.append(MapBan(key, f"way/{came[0]}", via[0], f"way/{goes[0]}", kind.startswith("only_")))
