"""Where the devices are: road sensors, weather stations, frogs, bins, gritters and bin lorries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
import numpy as np

from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.registry import BinSite, Device, Home, RoadSegment
from firmware_sim.world.collection_streets import collection_sites
from firmware_sim.world.segments import Roads
from firmware_sim.world.wards import ward_at

CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letters and digits that look alike: 31 letters, 9 of them are 44 bits."""
DEMO_CODES = ("demo-damp-home", "demo-dry-home", "demo-family-home")
DAMP_FACTOR = 0.58
"""Homes with a temperature factor below this are built badly: the world makes them damp."""
UNGRITTED_SHARE = 0.1
PLACES = (
    ("Market place", 0.06), ("Take-away", 0.08), ("Shops", 0.18), ("Bus stop", 0.22),
    ("Park gate", 0.14), ("School", 0.08), ("Street", 0.24),
)  # fmt: skip
GEOMETRIES = ((900.0, 150.0, 120.0), (1150.0, 200.0, 240.0), (1400.0, 250.0, 360.0))
"""Bin models: distance to the empty bottom, to the full mark [mm], and capacity [l]."""


@dataclass(frozen=True, slots=True)
class Installer:
    """Makes devices with the cadence of their kind."""

    installed_at: datetime

    def device(self, name: str, kind: str, label: str, where: tuple[float, float] | None) -> Device:
        """Return a device; ``where`` is (longitude, latitude) [deg]."""
        return Device(
            name=name,
            kind=kind,
            shard=shard_of(name),
            label=label,
            longitude_deg=None if where is None else where[0],
            latitude_deg=None if where is None else where[1],
            cadence_s=discover()[kind].cadence_s,
            installed_at=self.installed_at,
        )


def place_road_sensors(
    rng: np.random.Generator, installer: Installer, roads: Roads, wanted: int
) -> tuple[list[Device], tuple[RoadSegment, ...]]:
    """Return the road sensors, and the segments that now know their sensor.

    Each route gets its share: first its bridge and its lowest stretch, then others by lot.
    Every tenth sensor watches a cold street that nobody grits, and so does the rest where
    there are more sensors than gritted segments.
    """
    segments = list(roads.segments)
    queues = [_route_order(rng, [s for s in segments if s.route_id == r.route_id]) for r in roads.routes]
    gritted: list[RoadSegment] = []
    while any(queues):
        gritted += [queue.pop(0) for queue in queues if queue]
    others = _route_order(rng, [s for s in segments if s.route_id is None])
    unwatched = min(round(UNGRITTED_SHARE * wanted), len(others))
    order = gritted[: wanted - unwatched] + others + gritted[wanted - unwatched :]
    devices: list[Device] = []
    for n, segment in enumerate(order[:wanted], start=1):
        label = f"Road sensor, {segment.street}{' bridge' if segment.bridge else ''}"
        devices.append(installer.device(f"road-{n:03d}", "road", label, _middle(segment)))
        row = int(segment.segment_id.removeprefix("seg-")) - 1
        segments[row] = msgspec.structs.replace(segment, device=f"road-{n:03d}")
    return devices, tuple(segments)


def _route_order(rng: np.random.Generator, segments: list[RoadSegment]) -> list[RoadSegment]:
    shuffled = [segments[i] for i in rng.permutation(len(segments))]
    first = [s for s in shuffled if s.bridge][:2] + sorted(shuffled, key=lambda s: s.altitude_m)[:3]
    return list({s.segment_id: s for s in [*first, *shuffled]}.values())


def _middle(segment: RoadSegment) -> tuple[float, float]:
    return segment.geometry[len(segment.geometry) // 2]


def place_weather(installer: Installer, roads: Roads, wanted: int) -> list[Device]:
    """Return the weather stations: hill, valley, centre, depot, then further out."""
    by_altitude = sorted(roads.segments, key=lambda s: s.altitude_m)
    distance = np.hypot(roads.middle[:, 0], roads.middle[:, 1])
    spots = [
        ("Weather station, hill", by_altitude[-1]),
        ("Weather station, river meadow", by_altitude[0]),
        ("Weather station, town centre", roads.segments[int(np.argmin(distance))]),
        ("Weather station, depot", _near_node(roads, roads.depot.node_id)),
    ]
    spots += [(f"Weather station, {s.street}", s) for s in by_altitude[7::11]]
    return [
        installer.device(f"weather-{n}", "weather", label, _middle(segment))
        for n, (label, segment) in zip(range(1, wanted + 1), spots, strict=False)
    ]


def _near_node(roads: Roads, node: int) -> RoadSegment:
    return next(s for s in roads.segments if node in (s.from_node, s.to_node))


def place_gritters(installer: Installer, roads: Roads, wanted: int) -> list[Device]:
    """Return the gritters, parked at the depot."""
    node = roads.nodes[roads.depot.node_id]
    where = (node.longitude_deg, node.latitude_deg)
    return [installer.device(f"gritter-{n}", "gritter", f"Gritter {n}", where) for n in range(1, wanted + 1)]


def place_lorries(installer: Installer, roads: Roads, wanted: int) -> list[Device]:
    """Return the bin lorries, at their yards in turn."""
    sites = collection_sites(roads.nodes, (roads.depot,))
    by_id = {n.node_id: n for n in roads.nodes}
    at = [by_id[sites.yards[n % len(sites.yards)]] for n in range(wanted)]
    return [
        installer.device(f"lorry-{n}", "lorry", f"Bin lorry {n}", (node.longitude_deg, node.latitude_deg))
        for n, node in enumerate(at, start=1)
    ]


def place_homes(
    rng: np.random.Generator, installer: Installer, roads: Roads, wanted: int, damp_share: float
) -> tuple[list[Device], list[Home]]:
    """Return the frogs and their homes, on unclassified streets.

    A part ``damp_share`` of the homes (the first home always) has a temperature factor
    below :data:`DAMP_FACTOR`. Positions are street-level: rounded to about 100 m.
    """
    streets = [s for s in roads.segments if s.road_class in "CU"] or list(roads.segments)
    codes = _codes(rng, wanted)
    damp = rng.uniform(size=wanted) < damp_share
    damp[:3] = (True, False, False)[:wanted]
    devices: list[Device] = []
    homes: list[Home] = []
    for n in range(wanted):
        segment = streets[int(rng.integers(len(streets)))]
        longitude, latitude = _middle(segment)
        name = f"frog-{n + 1:04d}"
        devices.append(
            installer.device(name, "frog", f"Frog box {n + 1}", (round(longitude, 3), round(latitude, 3)))
        )
        factor = rng.uniform(0.46, 0.56) if damp[n] else rng.uniform(0.64, 0.88)
        occupants = int(rng.choice((1, 2, 3, 4, 5), p=(0.28, 0.34, 0.18, 0.14, 0.06)))
        if damp[n] or n == 2:
            occupants = max(occupants, 4)
        label = f"{int(rng.integers(1, 90))} {segment.street}"
        homes.append(
            Home(
                code=codes[n],
                label=label,
                devices=(name,),
                temperature_factor=round(float(factor), 2),
                occupants=occupants,
                ward_id=ward_at(*_local(roads, segment), roads.radius_m),
            )
        )
    return devices, homes


def _local(roads: Roads, segment: RoadSegment) -> tuple[float, float]:
    """Return a segment's middle in local metres."""
    x, y = roads.middle[int(segment.segment_id.removeprefix("seg-")) - 1].tolist()
    return x, y


def _codes(rng: np.random.Generator, wanted: int) -> list[str]:
    codes = dict.fromkeys(DEMO_CODES[:wanted])
    while len(codes) < wanted:
        letters = "".join(CODE_LETTERS[i] for i in rng.integers(0, len(CODE_LETTERS), 9))
        codes[f"{letters[:3]}-{letters[3:6]}-{letters[6:]}"] = None
    return list(codes)


def place_bins(
    rng: np.random.Generator, installer: Installer, roads: Roads, wanted: int
) -> tuple[list[Device], list[BinSite]]:
    """Return the bin sensors and their bins: denser in the centre and along bus routes."""
    distance = np.hypot(roads.middle[:, 0], roads.middle[:, 1]) / roads.radius_m
    weight = np.exp(-2.0 * distance) * np.array([2.0 if s.bus_route else 1.0 for s in roads.segments])
    rows = rng.choice(len(weight), size=wanted, p=weight / weight.sum())
    kinds = rng.choice(len(PLACES), size=wanted, p=[share for _, share in PLACES])
    devices: list[Device] = []
    bins: list[BinSite] = []
    for n in range(wanted):
        segment, place = roads.segments[rows[n]], PLACES[kinds[n]][0]
        a, b = segment.geometry[0], segment.geometry[-1]
        s = float(rng.uniform(0.1, 0.9))
        where = (round(a[0] + s * (b[0] - a[0]), 6), round(a[1] + s * (b[1] - a[1]), 6))
        empty, full, litres = GEOMETRIES[int(rng.integers(len(GEOMETRIES)))]
        name = f"bin-{n + 1:04d}"
        label = f"{place}, {segment.street}"
        devices.append(installer.device(name, "bin", label, where))
        bins.append(
            BinSite(
                bin_id=name,
                label=label,
                street=segment.street,
                device=name,
                longitude_deg=where[0],
                latitude_deg=where[1],
                stream="dog waste" if place == "Park gate" and n % 3 == 0 else "litter",
                empty_distance_mm=round(empty + float(rng.normal(0.0, 12.0))),
                full_distance_mm=full,
                capacity_l=litres,
                threshold_pct=70.0 if place == "Take-away" else 80.0,
            )
        )
    return devices, bins
