"""A map, what is known beside it, and the network that they make."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.registry import Depot, Device, Registry
from ingest.networks.ports import Imported, Source
from rules.core.network.build import Beside, Steps, build
from rules.core.network.check import Finding, in_order, judge
from rules.core.network.check_reach import unserved_words
from rules.core.network.counts import counts
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Draft
from rules.core.network.lines import distance_m
from rules.core.network.network import Network
from rules.core.network.snap import SurveyPoint
from rules.core.network.towns import towns_of
from rules.network_files.area import Area
from rules.network_files.read import MapFile, read_map

FARTHEST_DEPOT_M = 1_000.0
"""A depot's place may be so far from the nearest node [m]."""
_DEPOT = re.compile(r"^(?P<id>[a-z0-9][a-z0-9-]*)=(?P<lat>-?\d+(\.\d+)?),(?P<lon>-?\d+(\.\d+)?)$")
LACKS = {
    "osm-geojson": "GeoJSON of OpenStreetMap has no turn restrictions, and barriers only where they are in it as points; its .pbf has both",
    "os-geopackage": "OS Open Roads has no one-way streets, turn restrictions, lanes, limits of weight and height, and barriers: check routes on the ground",
}
LACKS["os-geojson"] = LACKS["os-geopackage"]
"""What maps of a kind can't tell and routes need."""
NO_LIMITS = (
    "no road of this map has a limit of weight, height or width or is closed to lorries: many extracts are written"
    " without these tags; check weak and low bridges on the ground"
)
NETWORK_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a file, how it is read, and what is put on it."""

    file: Path
    settings: NetworkSettings = field(default_factory=NetworkSettings)
    kind: str | None = None
    area: Area | None = None
    survey: Sequence[SurveyPoint] = ()
    devices: Sequence[Device] = ()
    depots: Sequence[str] = ()
    standing: Sequence[Depot] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A network with its depots, what became of the map (None for a registry file), and what there is to say."""

    kind: str
    attribution: str
    network: Network
    depots: tuple[Depot, ...]
    steps: Steps | None
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether something must be mended."""
        return any(f.level == "error" for f in self.findings)


def make(wanted: Wanted) -> Made:
    """Return the network of a file.

    Raises:
        ConfigurationError: the file can't be read, holds no network, or a depot is nowhere near it.
    """
    read = read_map(wanted.file, wanted.settings, wanted.kind, wanted.area)
    try:
        network, steps, depots = _network(read, wanted)
    except ValueError as error:
        raise ConfigurationError(f"{wanted.file}: {error}") from error
    depots = (*depots, *(depot_at(text, network) for text in wanted.depots))
    lacks = [Finding("warning", LACKS[read.kind])] if read.kind in LACKS else []
    if isinstance(read.content, Draft) and read.kind.startswith("osm") and not read.content.limits:
        lacks.append(Finding("warning", NO_LIMITS))
    findings = in_order((*judge(network, steps, depots, wanted.settings.gritter), *lacks))
    return Made(read.kind, read.attribution, network, depots, steps, findings)


def _network(read: MapFile, wanted: Wanted) -> tuple[Network, Steps | None, tuple[Depot, ...]]:
    if isinstance(read.content, Registry):
        return Network.of(read.content), None, read.content.depots
    keep = {d.node_id for d in wanted.standing}
    network, steps = build(read.content, wanted.settings, Beside(wanted.devices, wanted.survey, keep))
    return network, steps, ()


def depot_at(text: str, network: Network) -> Depot:
    """Return the depot of ``id=latitude,longitude`` at the nearest node of a network.

    Raises:
        ConfigurationError: another form, or no node within ``FARTHEST_DEPOT_M``.
    """
    match = _DEPOT.match(text)
    if match is None:
        raise ConfigurationError(
            f"depot is {text!r}; allowed: id=latitude,longitude, as north=52.2310,0.1160"
        )
    lat, lon = float(match["lat"]), float(match["lon"])
    node = network.nodes[network.graph.nearest_node(lat, lon)]
    away_m = distance_m((lon, lat), (node.longitude_deg, node.latitude_deg))
    if away_m > FARTHEST_DEPOT_M:
        raise ConfigurationError(
            f"depot {match['id']}: the nearest road is {away_m:.0f} m away; allowed: up to {FARTHEST_DEPOT_M:.0f} m"
        )
    return Depot(depot_id=match["id"], label=match["id"], node_id=node.node_id)


def lost_depots(made: Made, standing: Collection[Depot], was_there: Collection[int]) -> tuple[Finding, ...]:
    """Return an error for each standing depot that the former import had a road at, and the new one has not.

    Args:
        made: the new network.
        standing: depots of the installation.
        was_there: numbers of the nodes of the former import.
    """
    nodes = {n.node_id for n in made.network.nodes}
    named = {d.depot_id for d in made.depots}
    return tuple(
        Finding(
            "error",
            f"depot {d.depot_id} is at node {d.node_id}, which the new map has not: give --depot {d.depot_id}=lat,lon",
        )
        for d in standing
        if d.node_id in was_there and d.node_id not in nodes and d.depot_id not in named
    )


def unserved(made: Made, standing: Registry, own: Collection[str]) -> tuple[Finding, ...]:
    """Return a warning where no depot will be on the new roads, nor on any that they join, and there is one elsewhere.

    Args:
        made: the new network.
        standing: the installation.
        own: ids of the segments of the former import.
    """
    new = {s.segment_id for s in made.network.segments}
    others = [s for s in standing.segments if s.segment_id not in new | set(own)]
    nodes = {n.node_id: n for n in (*standing.nodes, *made.network.nodes)}
    depots = {d.depot_id: d for d in (*standing.depots, *made.depots)}
    try:
        both = Network(tuple(nodes.values()), (*others, *made.network.segments))
    except ValueError:
        return ()  # what stands is wrong by itself; `network check` says how
    towns = towns_of(both, tuple(depots.values()))
    return tuple(
        Finding("warning", f"{unserved_words(town)}: --depot puts one there")
        for town in towns.unserved
        if any(s.segment_id in new for s in town.segments)
    )


def check_name(name: str) -> None:
    """Refuse what is no name of a network.

    Raises:
        ConfigurationError: the name is none.
    """
    if not NETWORK_ID.match(name):
        raise ConfigurationError(
            f"name is {name!r}; allowed: lower case letters, digits and -, at most 63, a letter or digit first"
        )


def imported(made: Made, wanted: Wanted, name: str, at: datetime) -> Imported:
    """Return a network as it is stored.

    Raises:
        ConfigurationError: the name is none.
    """
    check_name(name)
    source = Source(
        network_id=name,
        source=wanted.file.name,
        format=made.kind,
        checksum=hashlib.sha256(wanted.file.read_bytes()).hexdigest(),
        attribution=made.attribution,
        imported_at=at,
        summary=asdict(counts(made.network))
        | {"dropped": {} if made.steps is None else dict(made.steps.dropped)},
    )
    network = made.network
    return Imported(
        source=source,
        nodes=network.nodes,
        segments=network.segments,
        turn_bans=network.turn_bans,
        depots=made.depots,
    )


def as_registry(made: Made, name: str, devices: Sequence[Device] = ()) -> Registry:
    """Return a network as a registry file, with the devices that its segments name."""
    network, named = made.network, {s.device for s in made.network.segments}
    return Registry(
        name=name,
        devices=tuple(d for d in devices if d.name in named),
        nodes=network.nodes,
        segments=network.segments,
        turn_bans=network.turn_bans,
        depots=made.depots,
    )
