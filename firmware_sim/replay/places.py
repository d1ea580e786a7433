"""Devices and places for a file whose devices nobody has registered.

A frog gets a home whose code is the device's name, a road sensor a stretch of road on a
route of its own, a bin a site. Registered devices keep what they have.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from devices.contract.kind import Kind
from devices.contract.topics import shard_of
from devices.registry import (
    BinSite,
    Depot,
    Device,
    GrittingRoute,
    Home,
    Registry,
    RoadNode,
    RoadSegment,
)
from firmware_sim.replay.player import Row

ROWS_TOGETHER = 1_000
LEAST_TOGETHER_S = 60.0
MOST_TOGETHER_S = 7 * 86_400.0
_NODE_BASE = 1_000_000
_PLACE = (52.0, -1.0)
_STEP_DEG = 0.002


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look at the rows finds.

    Attributes:
        devices: kind and earliest readable time [ms since 1970 UTC] by device, in file order; 0
            for a device without any readable time, all of whose rows become dead letters.
        ordered: whether the rows are in order of time.
        rows: how many there are.
        span_s: from the earliest readable time to the latest [s].
    """

    devices: Mapping[str, tuple[Kind, int]]
    ordered: bool
    rows: int
    span_s: float

    @property
    def together_s(self) -> float:
        """How much of the file's time may be on its way at once [s]: some ROWS_TOGETHER rows, a week at most."""
        share = ROWS_TOGETHER / max(1, self.rows)
        return min(MOST_TOGETHER_S, max(LEAST_TOGETHER_S, self.span_s * share))


def survey(rows: Iterable[Row]) -> Survey:
    """Return what ``rows`` are."""
    found: dict[str, tuple[Kind, int]] = {}
    ordered, last, count = True, 0, 0
    earliest, latest = 0, 0
    for row in rows:
        count += 1
        _, first = found.get(row.device, (row.kind, 0))
        ts = row.ts if isinstance(row.ts, int) else 0
        if ts > 0:
            ordered, last = ordered and ts >= last, ts
            earliest, latest = min(earliest or ts, ts), max(latest, ts)
        found[row.device] = (row.kind, min((t for t in (first, ts) if t > 0), default=0))
    return Survey(found, ordered, count, (latest - earliest) / 1000.0)


def places_for(devices: Mapping[str, tuple[Kind, int]], name: str) -> Registry:
    """Return a registry of ``devices`` (as :func:`survey` finds them), each in a place."""
    made = tuple(
        Device(
            name=device,
            kind=kind.name,
            shard=shard_of(device),
            label=f"{kind.title} {device}",
            latitude_deg=_PLACE[0],
            longitude_deg=_PLACE[1] + i * _STEP_DEG,
            cadence_s=kind.cadence_s,
            installed_at=datetime.fromtimestamp(first_ms / 1000, UTC),
        )
        for i, (device, (kind, first_ms)) in enumerate(devices.items())
    )
    roads = [d for d in made if d.kind == "road"]
    return Registry(
        name=name,
        devices=made,
        homes=tuple(Home(code=d.name, label=d.label, devices=(d.name,)) for d in made if d.kind == "frog"),
        nodes=tuple(n for d in roads for n in _nodes(d)),
        segments=tuple(_segment(d) for d in roads),
        depots=tuple(
            Depot(depot_id=f"depot-{d.name}", label="Depot", node_id=_nodes(d)[0].node_id) for d in roads
        ),
        routes=tuple(
            GrittingRoute(route_id=f"route-{d.name}", label=d.label, depot_id=f"depot-{d.name}")
            for d in roads
        ),
        bins=tuple(
            BinSite(
                bin_id=d.name,
                label=d.label,
                street="",
                device=d.name,
                latitude_deg=_PLACE[0],
                longitude_deg=_longitude(d),
            )
            for d in made
            if d.kind == "bin"
        ),
    )


def _nodes(device: Device) -> tuple[RoadNode, RoadNode]:
    """Return the two ends of the device's road, numbered by its name."""
    first = _NODE_BASE + 2 * (zlib.crc32(device.name.encode()) % 1_000_000_000)
    longitude = _longitude(device)
    return (
        RoadNode(node_id=first, latitude_deg=_PLACE[0], longitude_deg=longitude),
        RoadNode(node_id=first + 1, latitude_deg=_PLACE[0], longitude_deg=longitude + 0.001),
    )


def _segment(device: Device) -> RoadSegment:
    first, last = _nodes(device)
    return RoadSegment(
        segment_id=f"segment-{device.name}",
        street=device.label,
        road_class="A",
        from_node=first.node_id,
        to_node=last.node_id,
        length_m=68.0,
        route_id=f"route-{device.name}",
        device=device.name,
        geometry=((first.longitude_deg, first.latitude_deg), (last.longitude_deg, last.latitude_deg)),
    )


def _longitude(device: Device) -> float:
    return _PLACE[1] if device.longitude_deg is None else device.longitude_deg
