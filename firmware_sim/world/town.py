"""A fictional English town with everything installed in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.registry import Registry
from firmware_sim.world import placement
from firmware_sim.world.main_roads import make_hierarchy
from firmware_sim.world.noise import generator
from firmware_sim.world.segments import make_roads
from firmware_sim.world.street_graph import make_street_graph
from firmware_sim.world.street_names import name_streets
from firmware_sim.world.wards import make_wards

TOWN_NAME = "Merewold"
_LIMITS = {
    "homes": (0, 100_000),
    "road_sensors": (0, 20_000),
    "weather_stations": (0, 50),
    "bins": (0, 100_000),
    "gritters": (0, 50),
    "lorries": (0, 50),
    "segments": (20, 5_000),
    "routes": (1, 8),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSizes:
    """How much of everything a generated town has.

    Raises:
        ValueError: a size outside its range, or more road sensors than segments.
    """

    homes: int = 300
    road_sensors: int = 60
    weather_stations: int = 4
    bins: int = 400
    gritters: int = 6
    lorries: int = 3
    segments: int = 800
    routes: int = 6

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"town size {name} is {value}; allowed are {low} to {high}")
        if self.road_sensors > self.segments:
            raise ValueError(
                f"town size road_sensors is {self.road_sensors}; at most one per segment ({self.segments})"
            )
        if self.weather_stations > self.segments // 11:
            raise ValueError(
                f"town size weather_stations is {self.weather_stations}; {self.segments} segments carry "
                f"at most {self.segments // 11}"
            )


def generate_town(
    seed: int,
    sizes: TownSizes | None = None,
    installed_at: datetime | None = None,
    *,
    damp_homes_share: float = 0.05,
) -> Registry:
    """Return the registry of a town: the same for the same arguments.

    Args:
        seed: which town.
        sizes: how much of everything.
        installed_at: installation time of every device, aware; must be given.
        damp_homes_share: part of the homes that is truly damp, 0..1.

    Raises:
        ValueError: ``installed_at`` missing or without time zone.
    """
    if installed_at is None or installed_at.tzinfo is None:
        raise ValueError(f"installed_at is {installed_at}; give an aware datetime")
    sizes = sizes or TownSizes()
    graph = make_street_graph(generator(seed, 1), sizes.segments)
    hierarchy = make_hierarchy(generator(seed, 2), graph)
    names = name_streets(generator(seed, 3), graph, hierarchy)
    roads = make_roads(generator(seed, 4), graph, hierarchy, names, sizes.routes)
    installer = placement.Installer(installed_at)
    sensors, segments = placement.place_road_sensors(generator(seed, 5), installer, roads, sizes.road_sensors)
    frogs, homes = placement.place_homes(generator(seed, 6), installer, roads, sizes.homes, damp_homes_share)
    bin_sensors, bins = placement.place_bins(generator(seed, 7), installer, roads, sizes.bins)
    stations = placement.place_weather(installer, roads, sizes.weather_stations)
    gritters = placement.place_gritters(installer, roads, sizes.gritters)
    lorries = placement.place_lorries(installer, roads, sizes.lorries)
    return Registry(
        name=TOWN_NAME,
        devices=(*frogs, *sensors, *stations, *gritters, *lorries, *bin_sensors),
        homes=tuple(homes),
        nodes=roads.nodes,
        segments=segments,
        depots=(roads.depot,),
        routes=roads.routes,
        bins=tuple(bins),
        wards=make_wards(roads.radius_m),
    )
