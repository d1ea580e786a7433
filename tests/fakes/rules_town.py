"""A hamlet for the rules' tests: homes, roads, bins, and readings made by hand or at random."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from devices.registry import (
    BinModel,
    BinSite,
    Depot,
    Device,
    GrittingRoute,
    Home,
    Registry,
    RoadNode,
    RoadSegment,
)
from rules.catalogue.loader import load
from rules.core.context import Context, build_context
from rules.core.engine import FIELDS_OF_KIND
from rules.core.readings import ReadingBatch, Readings

ZONE = ZoneInfo("Europe/London")
START = datetime(2026, 1, 9, 15, 0, tzinfo=UTC).timestamp()
INSTALLED = datetime(2025, 1, 1, tzinfo=UTC)

Reading = tuple[str, str, float, Mapping[str, float]]
"""(kind, device, seconds after START, fields)"""


def hamlet() -> Registry:
    """Two homes, five segments in a line and a loop, two road sensors, a station, three bins."""
    devices = [
        *(_device(f"frog-{i}", "frog", 300) for i in range(3)),
        *(_device(f"road-{i}", "road", 600) for i in range(2)),
        _device("wx-0", "weather", 600),
        *(_device(f"bin-{i}", "bin", 1800) for i in range(3)),
        _device("gritter-0", "gritter", 150),
    ]
    nodes = [RoadNode(node_id=i, latitude_deg=52.0 + i / 500, longitude_deg=0.1) for i in range(5)]
    return Registry(
        name="hamlet",
        devices=tuple(devices),
        homes=(
            Home(code="OAK", label="1 Oak Street", devices=("frog-0", "frog-1")),
            Home(code="ELM", label="2 Elm Street", devices=("frog-2",), temperature_factor=0.6),
        ),
        nodes=tuple(nodes),
        segments=(
            _segment("s0", 0, 1, "r1", device="road-0"),
            _segment("s1", 1, 2, "r1"),
            _segment("s2", 2, 3, "r1", bridge=True, sky_view_factor=1.0),
            _segment("s3", 3, 4, "r2", device="road-1", altitude_m=140.0),
            _segment("s4", 4, 0, "r2", one_way=True),
        ),
        depots=(Depot(depot_id="d1", label="Depot", node_id=0),),
        routes=(
            GrittingRoute(route_id="r1", label="Route 1", depot_id="d1"),
            GrittingRoute(route_id="r2", label="Route 2", depot_id="d1"),
        ),
        bins=tuple(
            BinSite(
                bin_id=f"b{i}", label=f"Bin {i}", street="High Street", device=f"bin-{i}",
                latitude_deg=52.0 + i / 500, longitude_deg=0.1, model="litter-240" if i == 2 else None,
                place="Street", sensitive=i == 1, service_s=45.0 + i,
            )
            for i in range(3)
        ),
        bin_models=(BinModel(model_id="litter-240", label="240 l", profile=((0.5, 0.45),), sentinels_mm=(9999.0,)),),
    )  # fmt: skip


def _device(name: str, kind: str, cadence_s: int) -> Device:
    return Device(name=name, kind=kind, shard=0, cadence_s=cadence_s, installed_at=INSTALLED)


def _segment(segment_id: str, a: int, b: int, route: str, **more: object) -> RoadSegment:
    return RoadSegment(
        segment_id=segment_id, street=f"{segment_id.upper()} Road", road_class="B", from_node=a,
        to_node=b, length_m=220.0, route_id=route, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def context(registry: Registry | None = None, lateness_s: float = 0.0) -> Context:
    """The hamlet's context, or another town's, with the shipped catalogue."""
    return replace(
        _hamlet() if registry is None else build_context(registry, load(), ZONE), lateness_s=lateness_s
    )


@cache
def _hamlet() -> Context:
    return build_context(hamlet(), load(), ZONE)


@cache
def bins_alone() -> Context:
    """The context of the hamlet's bins, without homes and roads: judging those takes two thirds of an evening's time."""
    town = hamlet()
    bins = {b.device for b in town.bins}
    devices = tuple(d for d in town.devices if d.name in bins)
    left = Registry(name="bins", devices=devices, bins=town.bins, bin_models=town.bin_models)
    return build_context(left, load(), ZONE)


def batch(readings: Iterable[Reading], quality: int = 0) -> ReadingBatch:
    """Readings in the order given, as the engine takes them."""
    rows: dict[str, list[tuple[int, str, float, Mapping[str, float]]]] = {}
    for position, (kind, device, at_s, fields) in enumerate(readings):
        rows.setdefault(kind, []).append((position, device, START + at_s, fields))
    return {kind: _columns(kind, found, quality) for kind, found in rows.items()}


def _columns(kind: str, rows: list[tuple[int, str, float, Mapping[str, float]]], quality: int) -> Readings:
    names = FIELDS_OF_KIND.get(kind, ())
    return Readings(
        position=np.array([r[0] for r in rows], dtype=np.int64),
        ts_s=np.array([r[2] for r in rows], dtype=np.float64),
        device=[r[1] for r in rows],
        quality=np.full(len(rows), quality, dtype=np.int64),
        fields={n: np.array([r[3].get(n, np.nan) for r in rows], dtype=np.float64) for n in names},
    )


def latest(readings: Iterable[Reading]) -> float:
    """Event time after the readings [s since 1970]."""
    return START + max((at_s for _, _, at_s, _ in readings), default=0.0)


def random_evening(rng: random.Random, hours: float) -> list[Reading]:
    """An evening that cools, with damp homes, filling bins, late, missing and faulty readings."""
    out: list[tuple[float, Reading]] = []
    for device, kind, cadence in [
        *((f"frog-{i}", "frog", 300) for i in range(3)), *((f"road-{i}", "road", 600) for i in range(2)),
        ("wx-0", "weather", 600), *((f"bin-{i}", "bin", 1800) for i in range(3)), ("gritter-0", "gritter", 150),
    ]:  # fmt: skip
        phase = rng.uniform(0, cadence)
        gone_from, gone_to = (rng.uniform(0, hours * 3600) for _ in range(2))
        at_s = phase
        while at_s < hours * 3600:
            arrives = at_s + rng.choice([0.0, 0.0, 0.0, 5.0, 40.0])
            if not (gone_from < at_s < gone_to and rng.random() < 0.9):
                out.append(
                    (arrives, (kind, device, round(at_s, 3), _values(rng, kind, device, at_s / 3600.0)))
                )
            at_s += cadence * rng.choice([1.0, 1.0, 1.0, 0.5, 2.0])
    if rng.random() < 0.5:  # a backlog in the wrong order
        rng.shuffle(out)
        out = sorted(out, key=lambda r: r[0] + rng.uniform(0, 2000))
    else:
        out.sort(key=lambda r: r[0])
    return [reading for _, reading in out]


def _values(rng: random.Random, kind: str, device: str, hour: float) -> dict[str, float]:
    air = 5.0 - 1.2 * hour + rng.gauss(0, 0.2)
    if kind == "frog":
        return {"temperature_c": 17 + rng.gauss(0, 0.3), "humidity_pct": 62 + 4 * hour % 20 + rng.gauss(0, 3)}
    if kind == "road":
        found = {
            "surface_temperature_c": air - 0.8, "air_temperature_c": air,
            "humidity_pct": min(100.0, 88 + hour),
        }  # fmt: skip
        if rng.random() < 0.5:
            found["water_film_mm"] = rng.choice([0.0, 0.05, 0.4])
        return found
    if kind == "weather":
        return {
            "air_temperature_c": air, "humidity_pct": 92.0, "wind_speed_m_s": 1.0,
            "precipitation_mm_h": rng.choice([0.0, 0.0, 0.5]), "cloud_oktas": 1.0,
        }  # fmt: skip
    if kind == "bin":
        number = int(device[-1])
        level = (20 * number + 25 * hour) % 110
        echo = 1000 - 8 * min(100.0, level) + rng.gauss(0, 8)
        return {
            "distance_mm": 20.0 if rng.random() < 0.05 else max(35.0, echo),
            "temperature_c": 80.0 if rng.random() < 0.01 else 8.0,
        }
    return gritter_fix(hour, rng.gauss(0, 2e-5)) if kind == "gritter" else {}


def gritter_fix(hour: float, noise_deg: float = 0.0) -> dict[str, float]:
    """A lorry that goes up and down the hamlet's main line three times an hour, spreading upwards at 10 g/m²."""
    turn = (3.0 * hour) % 1.0
    spreads = turn < 0.5
    km = 0.88 * (2.0 * turn if spreads else 2.0 - 2.0 * turn)
    gone = 61.6 * (int(3.0 * hour) + min(1.0, 2.0 * turn))
    return {
        "latitude_deg": 52.0 + 0.008 * km / 0.88 + noise_deg,
        "longitude_deg": 0.1 + noise_deg,
        "speed_m_s": 1.5,
        "spread_rate_g_m2": 10.0 if spreads else 0.0,
        "salt_remaining_kg": float(round(9000.0 - gone)),
    }
