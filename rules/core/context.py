"""What is installed, prepared once for the engine: who watches what, roads, routes, drives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from functools import cached_property

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from devices.registry import BinModel, BinSite, Device, GrittingRoute, Home, Registry
from rules.core.bin_emptying.passes import Grid, grid_of
from rules.core.bin_level.geometry import Shape, shape_of
from rules.core.bin_level.parameters import FilterParameters
from rules.core.itinerary import Itinerary
from rules.core.kept import Kept
from rules.core.numbers import Names
from rules.core.overrides import NONE, Overrides
from rules.core.parameters import Catalogue, SilenceParameters
from rules.core.psychrometrics import Floats
from rules.core.road_graph import RoadGraph
from rules.core.road_state import Transfer, build_transfer
from rules.core.road_surface.traffic import traffic_of
from rules.core.routing import Drive, Router, plan
from rules.core.street_match import Streets

DRIVES_KEPT = 512


@dataclass(frozen=True)
class Context:
    """The unchanging surroundings of a step. Build with :func:`build_context`.

    Attributes:
        silence_s: per watched device how long it may say nothing [s].
        home_of, bin_of: by device name.
        sensors: road devices that lie on a segment, in the order of ``transfer``.
        streets: finds the segment of a position.
        segments_of: per route the indices of its segments in ``graph.segments``.
        depot_of: per route the node id of its depot, None where it has none.
        lateness_s: how long a reading waits for those measured before it [s].
        overrides: parameters that are other ones for one subject; see :meth:`at`.
        forecasts_expected: whether somebody makes road forecasts: that none ever comes is an alarm then.
        bin_models: by id.
        kept: memory in columns, from one step to the next.
    """

    catalogue: Catalogue
    devices: Mapping[str, Device]
    silence_s: Mapping[str, float]
    home_of: Mapping[str, Home]
    bin_of: Mapping[str, BinSite]
    bins: Mapping[str, BinSite]
    graph: RoadGraph
    streets: Streets
    sensors: tuple[str, ...]
    transfer: Transfer
    routes: Mapping[str, GrittingRoute]
    segments_of: Mapping[str, tuple[int, ...]]
    depot_of: Mapping[str, int | None]
    zone: tzinfo
    router: Router = plan
    lateness_s: float = 0.0
    overrides: Overrides = NONE
    forecasts_expected: bool = False
    bin_models: Mapping[str, BinModel] = field(default_factory=dict)
    _root: tuple[Context, ...] = field(default=(), repr=False, compare=False)
    # Not shared by what is made of it by replace(): a context with another lateness has others under it.
    _overridden: dict[int, Context] = field(default_factory=dict, init=False, repr=False, compare=False)
    _drives: dict[tuple[str, tuple[str, ...]], Drive] = field(default_factory=dict, repr=False)
    _itineraries: dict[tuple[str, tuple[str, ...]], Itinerary] = field(default_factory=dict, repr=False)
    _shapes: dict[tuple[str, int], Shape] = field(default_factory=dict, repr=False)
    kept: Kept = field(default_factory=Kept, init=False, repr=False, compare=False)

    @cached_property
    def names(self) -> Names:
        """The devices' numbers: the same for all that was made of one town."""
        return self._town.names if self._root else Names(self.devices)

    @cached_property
    def traffic_of(self) -> Mapping[str, float]:
        """Per segment its traffic relative to a busy motorway, as the road forecast has it."""
        return {s.segment_id: traffic_of(s.road_class) for s in self.graph.segments}

    @cached_property
    def gritters_report(self) -> bool:
        """Whether any gritter tells where it is and what it spreads."""
        return any(d.kind == "gritter" for d in self.devices.values())

    def at(self, scope_kind: str, scope: str, at_s: float) -> Context:
        """Return the surroundings of one subject at a time: with its own parameters where it has any.

        Asked on what this returned, it answers for the new subject as the town's context does.
        """
        if not self.overrides.courses:
            return self
        own = self.overrides.at(scope_kind, scope, at_s)
        return self._town if own is None else self._with(own)

    @property
    def _town(self) -> Context:
        return self._root[0] if self._root else self

    def _with(self, catalogue: Catalogue) -> Context:
        key = id(catalogue)  # the overrides hold it, and there are few
        if key not in self._overridden:
            town = self._town
            self._overridden[key] = replace(town, catalogue=catalogue, _root=(town,))
        return self._overridden[key]

    def own(self, scope_kind: str) -> frozenset[str]:
        """Return the subjects of a kind that have parameters of their own at some time."""
        return frozenset(self.overrides.subjects(scope_kind)) if self.overrides.courses else frozenset()

    def silence_at(self, at_s: float) -> Mapping[str, float]:
        """Return per watched device how long it may say nothing [s] at a time."""
        own: dict[str, float] = {}
        for name in self.overrides.subjects("device"):
            if name in self.silence_s:
                p = self.at("device", name, at_s).catalogue.silent.parameters
                own |= _silence_s([self.devices[name]], p)
        return {**self.silence_s, **own} if own else self.silence_s

    @cached_property
    def _limits_s(self) -> Floats:
        return np.array([self.silence_s.get(d, np.inf) for d in self.devices], dtype=np.float64)

    def silence_limits_s(self, at_s: float) -> Floats:
        """Return :meth:`silence_at` by number of the device, infinity where it is not watched."""
        if not self.overrides.subjects("device"):
            return self._limits_s
        limits = self.silence_at(at_s)
        return np.array([limits.get(d, np.inf) for d in self.devices], dtype=np.float64)

    @cached_property
    def _sites(self) -> Mapping[str, BinSite]:
        percent = self.catalogue.full.parameters.threshold_pct
        if percent is None:
            return self.bins
        return {b: structs.replace(site, threshold_pct=percent) for b, site in self.bins.items()}

    def site_at(self, bin_id: str, at_s: float) -> BinSite:
        """Return a bin with the threshold that it has at a time."""
        site, own = self.bins[bin_id], self.at("bin", bin_id, at_s).catalogue.full
        if own is self.catalogue.full:
            return self._sites[bin_id]
        threshold_pct = own.parameters.threshold_pct
        return site if threshold_pct is None else structs.replace(site, threshold_pct=threshold_pct)

    def sites_at(self, at_s: float) -> Mapping[str, BinSite]:
        """Return :meth:`site_at` of all bins."""
        own = {b: self.site_at(b, at_s) for b in self.own("bin") if b in self.bins}
        return {**self._sites, **own} if own else self._sites

    def shape(self, bin_id: str, p: FilterParameters) -> Shape:
        """Return a bin as its sensor sees it; remembered, as it never differs."""
        key = (bin_id, id(p))  # the catalogues hold it
        found = self._shapes.get(key)
        if found is None:
            site = self.bins[bin_id]
            model = None if site.model is None else self.bin_models.get(site.model)
            found = self._shapes[key] = shape_of(site, model, p)
        return found

    @cached_property
    def bin_grid(self) -> Grid:
        """The bins by place, to find those that a lorry passes."""
        return grid_of(self.bins.values(), self.catalogue.full.parameters.emptying.lorry_m)

    @cached_property
    def members_of(self) -> Mapping[str, tuple[tuple[str, ...], NDArray[np.int64]]]:
        """Per route the ids of its segments, and their indices in ``graph.segments``."""
        segments = self.graph.segments
        return {
            route: (tuple(segments[i].segment_id for i in members), np.array(members, dtype=np.int64))
            for route, members in self.segments_of.items()
        }

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, str]]:
        homes = {d: ("home", h.code) for d, h in self.home_of.items()}
        roads = {
            s.device: ("route", s.route_id)
            for s in self.graph.segments
            if s.device is not None and s.route_id is not None and s.route_id in self.routes
        }
        return {d: homes.get(d) or roads.get(d) or ("kind", k.kind) for d, k in self.devices.items()}

    @cached_property
    def _watched(self) -> Counter[tuple[str, str]]:
        return Counter(self._places[d] for d in self.silence_s)

    def place_of_device(self, device: str) -> tuple[str, str]:
        """Return where a device belongs: ("home", code), ("route", id) or ("kind", kind)."""
        return self._places[device]

    def watched_at(self, place: tuple[str, str]) -> int:
        """Return how many devices of a place are watched for silence."""
        return self._watched[place]

    def label_of(self, place: tuple[str, str]) -> str:
        """Return a place's name for people."""
        kind, name = place
        if kind == "route" and name in self.routes:
            return self.routes[name].label
        if kind == "home":
            return next((h.label for h in self.home_of.values() if h.code == name), "A home")
        return f"{name.capitalize()} devices"

    def drive(self, route_id: str, segments: tuple[str, ...]) -> Drive:
        """Return the drive of a route that treats ``segments``; remembered, as it never differs."""
        key = (route_id, segments)
        depot = self.depot_of.get(route_id)
        if key not in self._drives:
            if len(self._drives) >= DRIVES_KEPT:
                self._drives.clear()
            self._drives[key] = (
                Drive((), (), 0.0, 0.0, segments)
                if depot is None
                else self.router(self.graph, segments, depot)
            )
        return self._drives[key]

    def itinerary(self, route_id: str, segments: tuple[str, ...]) -> Itinerary:
        """Return the drive of :meth:`drive`, ready to be searched for positions."""
        key = (route_id, segments)
        if key not in self._itineraries:
            if len(self._itineraries) >= DRIVES_KEPT:
                self._itineraries.clear()
            self._itineraries[key] = Itinerary(self.graph, self.drive(route_id, segments).legs)
        return self._itineraries[key]


def build_context(
    registry: Registry,
    catalogue: Catalogue,
    zone: tzinfo,
    router: Router = plan,
    overrides: Overrides = NONE,
    lateness_s: float = 0.0,
    forecasts_expected: bool = False,
) -> Context:
    """Return the surroundings for a registry and a catalogue.

    Args:
        registry: what is installed.
        catalogue: rules and parameters.
        zone: local time of the place, for service dates and times in words.
        router: finds the drive of a lorry.
        lateness_s: how long a reading waits for those measured before it [s].
        overrides: prepared for this catalogue.
        forecasts_expected: whether somebody makes road forecasts.
    """
    graph = RoadGraph(registry.nodes, registry.segments)
    road = {d.name for d in registry.devices if d.kind == "road"}
    sensors = tuple(s.device for s in graph.segments if s.device is not None and s.device in road)
    depots = {d.depot_id: d.node_id for d in registry.depots}
    members: dict[str, list[int]] = {r.route_id: [] for r in registry.routes}
    for index, segment in enumerate(graph.segments):
        if segment.route_id in members:
            members[segment.route_id].append(index)
    return Context(
        catalogue=catalogue,
        devices={d.name: d for d in registry.devices},
        silence_s=_silence_s(registry.devices, catalogue.silent.parameters),
        home_of={d: h for h in registry.homes for d in h.devices},
        bin_of={b.device: b for b in registry.bins},
        bins={b.bin_id: b for b in registry.bins},
        graph=graph,
        streets=Streets(graph),
        sensors=sensors,
        transfer=build_transfer(graph.segments, registry.nodes, sensors, catalogue.transfer.parameters),
        routes={r.route_id: r for r in registry.routes},
        segments_of={r: tuple(s) for r, s in members.items()},
        depot_of={r.route_id: depots.get(r.depot_id) for r in registry.routes},
        zone=zone,
        router=router,
        lateness_s=lateness_s,
        overrides=overrides,
        forecasts_expected=forecasts_expected,
        bin_models={m.model_id: m for m in registry.bin_models},
    )


def _silence_s(devices: Iterable[Device], p: SilenceParameters) -> dict[str, float]:
    return {
        d.name: max(p.at_least_s[d.kind], p.intervals * d.cadence_s)
        for d in devices
        if d.kind in p.at_least_s
    }
