"""Who asks for a way, and what is found: over all stations, with the next best way and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from rules.core.emergency.answer import Roads, Way, way_of
from rules.core.emergency.graph import WayGraph, graph_of
from rules.core.emergency.parameters import WayParameters
from rules.core.emergency.places import nearest, point_on, spot_on
from rules.core.emergency.roster import Station
from rules.core.emergency.search import Found, Spot, Ways
from rules.core.emergency.surface import Conditions, paces
from rules.core.network.lines import distance_m
from rules.core.network.network import Network

ONE_WAY_WORDS = (
    "Against one-way streets and banned turns: only where the traffic order exempts emergency vehicles."
)
SLACK_S = 1e-3
"""Sums of the same times in another order differ by less [s]."""
NONE_LEADS = "No way leads there from any station for such a vehicle, as roads are now."


class NoPlaceError(ValueError):
    """What is asked for is on no road, or is no vehicle; in words."""


@dataclass(frozen=True)
class AskedWay:
    """What is asked: where to [°, WGS 84], for which vehicle, whether one-way streets and turn bans bind it; names of the place."""

    latitude_deg: float
    longitude_deg: float
    vehicle: str
    exempt: bool = False
    label: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where it is to: the place as asked, the road it is reached by, and how far that is off [m]; why it can't be driven to."""

    label: str
    latitude_deg: float
    longitude_deg: float
    street: str
    segment_id: str
    off_road_m: float
    closed: str = ""


class FromStation(msgspec.Struct, frozen=True, kw_only=True):
    """How long it takes from a station [min]; None: no way leads from it."""

    id: str
    label: str
    latitude_deg: float
    longitude_deg: float
    minutes: float | None


class ClosedRoad(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is closed, and why."""

    segment_id: str
    street: str
    why: str


class WayAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.

    Attributes:
        stations: the quickest first.
        best: the quickest way; None: none leads there.
        other: the next best; ``shared_pct``: of its length on stretches of the best.
        late_min: what closures cost: the quickest way with all roads open is so much quicker.
        closed: closed roads that the quickest way with all roads open drives.
        rules: id and version of what it was found by.
    """

    target: Target
    vehicle: str
    exempt: bool
    stations: tuple[FromStation, ...]
    best: Way | None
    other: Way | None
    shared_pct: int | None
    late_min: float
    closed: tuple[ClosedRoad, ...]
    notes: tuple[str, ...]
    rules: str


def find_way(
    network: Network,
    conditions: Conditions,
    stations: Sequence[Station],
    asked: AskedWay,
    p: WayParameters,
) -> WayAnswer:
    """Return the quickest way from the best station, and what belongs to it.

    Args:
        network: the roads, with what is closed on them.
        conditions: what is known of each of its segments now.
        stations: with such a vehicle.
        asked: where to.
        p: shares of speed, vehicles, settings.

    Raises:
        NoPlaceError: there is no such vehicle, or no road near the place.
    """
    if asked.vehicle not in p.vehicle:
        raise NoPlaceError(f"there is no vehicle {asked.vehicle!r}; there are {', '.join(p.vehicle)}")
    graph = graph_of(network.roads, p, p.vehicle[asked.vehicle], exempt=asked.exempt)
    roads = Roads(graph, conditions, paces(conditions, p), 60.0 * p.settings.stale_min, network.closed)
    target, spots = _target(network, graph, asked, p)
    # What is kept of roads is kept of the open ones: closures come and go.
    ways = [Ways(graph, roads.paces.usual, network.closed, spot) for spot in spots]
    starts = {s.id: spot for s in stations if (spot := start_of(network, graph, s, p)) is not None}
    told, found = _from_stations(stations, starts, ways)
    best = None if found is None else way_of(roads, found[0], found[1])
    other = None if found is None else _other(roads, found, starts, spots, p)
    late_min, closed = _closures(roads, found, starts, spots)
    notes = [ONE_WAY_WORDS] * asked.exempt + [NONE_LEADS] * (best is None)
    lost = [s.label for s in stations if s.id not in starts]
    notes += [f"On no road near: {', '.join(lost)}."] * bool(lost)
    return WayAnswer(
        target=target, vehicle=asked.vehicle, exempt=asked.exempt, stations=told, best=best,
        other=None if other is None else other[0], shared_pct=None if other is None else other[1], late_min=late_min,
        closed=closed, notes=tuple(notes), rules=f"{p.id} {p.version}",
    )  # fmt: skip


def _target(
    network: Network, graph: WayGraph, asked: AskedWay, p: WayParameters
) -> tuple[Target, list[Spot]]:
    """Return where it is to, and the spots that will do: its place on the road, or the ends of a road that is closed there."""
    place = nearest(network.roads, asked.latitude_deg, asked.longitude_deg, p.settings.on_road_m)
    if place is None:
        raise NoPlaceError(
            f"no road within {p.settings.on_road_m:g} m of {asked.latitude_deg:.5f}, {asked.longitude_deg:.5f}"
        )
    index, share = place
    segment = network.segments[index]
    off = distance_m((asked.longitude_deg, asked.latitude_deg), point_on(network, index, share))
    why = network.closed.get(index, "")
    target = Target(
        label=asked.label, latitude_deg=asked.latitude_deg, longitude_deg=asked.longitude_deg,
        street=segment.street or segment.ref, segment_id=segment.segment_id, off_road_m=round(off, 1), closed=why,
    )  # fmt: skip
    if not why:
        return target, [spot_on(graph, index, share)]
    nodes = network.graph.node_index
    return target, [Spot(node=nodes[segment.from_node]), Spot(node=nodes[segment.to_node])]


def start_of(network: Network, graph: WayGraph, station: Station, p: WayParameters) -> Spot | None:
    """Return where a station's vehicles set out; None where no road is near it."""
    place = nearest(network.roads, station.latitude_deg, station.longitude_deg, p.settings.on_road_m)
    if place is None:
        return None
    index, share = place
    if share in (0.0, 1.0):
        # At a junction it leaves by any road.
        segment = network.segments[index]
        end = segment.from_node if share == 0.0 else segment.to_node
        return Spot(node=network.graph.node_index[end])
    return spot_on(graph, index, share)


Best = tuple[str, Found, int]


def _from_stations(
    stations: Sequence[Station], starts: Mapping[str, Spot], ways: Sequence[Ways]
) -> tuple[tuple[FromStation, ...], Best | None]:
    """Return what it takes from each station, the quickest first, and the quickest way with the spot it is to."""
    rows: list[tuple[float, Station, int]] = []
    for s in stations:
        spot = starts.get(s.id)
        times = [np.inf if spot is None else w.seconds(spot) for w in ways]
        rows.append((min(times), s, int(np.argmin(times))))
    rows.sort(key=lambda row: (row[0], row[1].id))
    told = tuple(
        FromStation(
            id=s.id, label=s.label, latitude_deg=s.latitude_deg, longitude_deg=s.longitude_deg,
            minutes=round(seconds / 60.0, 2) if np.isfinite(seconds) else None,
        )
        for seconds, s, _ in rows
    )  # fmt: skip
    if not rows or not np.isfinite(rows[0][0]):
        return told, None
    _, station, which = rows[0]
    found = ways[which].way(starts[station.id])
    return told, None if found is None else (station.id, found, which)


def _other(
    roads: Roads, best: Best, starts: Mapping[str, Spot], spots: Sequence[Spot], p: WayParameters
) -> tuple[Way, int] | None:
    """Return the next best way from the same station, and how much of it is on the best one [%]; None: there is no other."""
    station, found, which = best
    arcs = roads.graph.network.arcs
    used = {arcs[a].segment for a in found.arcs}
    # The best way itself costs no more than so much.
    most = p.settings.again_costs * found.seconds + SLACK_S
    ways = Ways(
        roads.graph, roads.paces.usual, roads.closed, spots[which], used, p.settings.again_costs, most
    )
    second = ways.way(starts[station])
    if second is None or {arcs[a].segment for a in second.arcs} <= used:
        return None
    way = way_of(roads, station, second)
    shared = sum(arcs[a].length_m for a in second.arcs if arcs[a].segment in used)
    return way, round(100.0 * shared / sum(arcs[a].length_m for a in second.arcs))


def _closures(
    roads: Roads, best: Best | None, starts: Mapping[str, Spot], spots: Sequence[Spot]
) -> tuple[float, tuple[ClosedRoad, ...]]:
    """Return what closures cost [min], and which closed roads the quickest way with all roads open drives."""
    if not roads.closed:
        return 0.0, ()
    # With more roads the quickest way is no slower: what is farther off is not looked at.
    most = np.inf if best is None else best[1].seconds + SLACK_S
    all_open = [Ways(roads.graph, roads.paces.usual, (), spot, most=most) for spot in spots]
    found = [ways.way(start) for ways in all_open for start in starts.values()]
    ways = [way for way in found if way is not None]
    if not ways:
        return 0.0, ()
    quickest = min(ways, key=lambda way: way.seconds)
    segments, arcs = roads.graph.network.segments, roads.graph.network.arcs
    hit = dict.fromkeys(arcs[a].segment for a in quickest.arcs if arcs[a].segment in roads.closed)
    closed = tuple(
        ClosedRoad(segment_id=segments[s].segment_id, street=segments[s].street, why=roads.closed[s])
        for s in hit
    )
    late_s = 0.0 if best is None else max(0.0, best[1].seconds - quickest.seconds)
    return round(late_s / 60.0, 2), closed
