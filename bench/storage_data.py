"""A winter month of a town's frog boxes as they would be stored, for ``bench storage``.

Homes and sensors are the simulated world's, values rounded by the agent's own sampler. What
the world leaves out is drawn here, so that no column is smoother than in life: the network takes
its time, boxes restart, and lose their link for hours. Times of measuring are even, as the
agent makes them; :func:`woken_late` gives them as a device does that notes when it woke.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.agent.sampler import Sampler
from devices.contract.kind import Kind, discover
from devices.registry import Registry
from firmware_sim.drivers import SimulatedTime, WorldSensor
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World

SCENARIO = "damp_winter_week"
START = datetime(2026, 1, 20, 6, tzinfo=UTC)

LATE_WAKE_MS = 5.0
"""Mean lateness of a timer: exponential."""
LINK_S = 0.25
"""Median time from measuring to storing: log-normal, sigma 0.5."""
RESTARTS_PER_DAY = 1 / 30
OUTAGES_PER_DAY = 1 / 14
OUTAGE_H = 3.0
"""A link that is lost stays so for this long on average: exponential."""

KIND: Kind = discover()["frog"]


@dataclass(frozen=True, slots=True)
class Stored:
    """n readings in the order stored, as columns: times in µs since 1970, values NaN where absent."""

    ts_us: NDArray[np.int64]
    device: NDArray[np.int32]
    seq: NDArray[np.int64]
    boot: NDArray[np.int64]
    values: NDArray[np.float64]
    received_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts_us)

    def take(self, rows: NDArray[Any]) -> Stored:
        """Return the rows that an index or mask selects."""
        return Stored(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def town(homes: int, seed: int = 1) -> Registry:
    """Return a town with ``homes`` frog boxes and as little else as can be."""
    sizes = TownSizes(
        homes=homes, road_sensors=0, weather_stations=1, bins=0, gritters=0, segments=40, routes=1
    )
    return generate_town(seed, sizes, START - timedelta(days=7), damp_homes_share=0.08)


def month(registry: Registry, days: float, seed: int = 1) -> Stored:
    """Return what the boxes of ``registry`` measure in ``days``; devices are numbered from 0."""
    rng = np.random.default_rng(seed)
    names = [name for home in registry.homes for name in home.devices]
    ts_us, values = _measured(registry, names, round(days * 86_400 / KIND.cadence_s), seed, rng)
    steps, devices = ts_us.shape
    boot, seq = _counters(steps, devices, days, rng)
    received_us = _received(ts_us, days, rng)
    order = np.argsort(received_us, axis=None, kind="stable")
    return Stored(
        ts_us=ts_us.ravel()[order],
        device=np.broadcast_to(np.arange(devices, dtype=np.int32), (steps, devices)).ravel()[order],
        seq=seq.ravel()[order],
        boot=boot.ravel()[order],
        values=values.reshape(steps * devices, -1)[order],
        received_us=received_us.ravel()[order],
    )


def woken_late(stored: Stored, seed: int = 1) -> Stored:
    """Return the same readings by devices whose timers wake late and that say so."""
    late_ms = np.random.default_rng(seed).exponential(LATE_WAKE_MS, len(stored)).astype(np.int64)
    return replace(stored, ts_us=stored.ts_us + late_ms * 1000)


def _measured(
    registry: Registry, names: list[str], steps: int, seed: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return measuring times (steps, devices) [µs] and values (steps, devices, fields)."""
    cadence_ms = KIND.cadence_s * 1000
    world = World(registry, load_scenario(SCENARIO), seed, START)
    time = SimulatedTime(START)
    samplers = [Sampler(KIND, [WorldSensor(world, name, time)], KIND.cadence_s, 0.0) for name in names]
    start_ms = int(START.timestamp() * 1000) + rng.integers(0, cadence_ms, len(names))
    ts_ms = start_ms + np.arange(steps)[:, None] * cadence_ms
    values = np.full((steps, len(names), len(KIND.fields)), np.nan)
    for step in range(steps):
        for column in np.argsort(ts_ms[step]).tolist():
            time.now = datetime.fromtimestamp(int(ts_ms[step, column]) / 1000, UTC)
            world.advance_to(time.now)
            read = samplers[column].read() or {}
            values[step, column] = [read.get(f.name, np.nan) for f in KIND.fields]
    return ts_ms * 1000, values


def _counters(
    steps: int, devices: int, days: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return boot and seq: a box counts from 0 again when it restarts."""
    restarts = rng.random((steps, devices)) < RESTARTS_PER_DAY * days / steps
    restarts[0] = True
    boot = rng.integers(1, 400, devices) + np.cumsum(restarts, axis=0)
    began = np.maximum.accumulate(np.where(restarts, np.arange(steps)[:, None], 0), axis=0)
    return boot, np.arange(steps)[:, None] - began


def _received(ts_us: NDArray[np.int64], days: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when each is stored [µs]: soon, or together when the link is back."""
    received = ts_us + (LINK_S * rng.lognormal(0.0, 0.5, ts_us.shape) * 1e6).astype(np.int64)
    for device in range(ts_us.shape[1]):
        for from_us, to_us in _outages(int(ts_us[0, device]), days, rng):
            held = (received[:, device] >= from_us) & (received[:, device] < to_us)
            received[held, device] = to_us
    return received


def _outages(start_us: int, days: float, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    for _ in range(rng.poisson(OUTAGES_PER_DAY * days)):
        from_us = start_us + int(rng.uniform(0, days) * 86_400e6)
        yield from_us, from_us + int(rng.exponential(OUTAGE_H) * 3600e6)
