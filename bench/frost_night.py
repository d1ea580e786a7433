"""A frost night's readings for the rules, made beforehand so that only the rules are measured."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from rules.core.engine import FIELDS_OF_KIND
from rules.core.readings import ReadingBatch, Readings

START = datetime(2026, 1, 9, 15, 0, tzinfo=UTC)
SEED = 1
DELAY_S = 2.0
"""A reading arrives up to so long after it was measured [s]."""

Reading = tuple[float, float, str, str, dict[str, float]]
"""(arrival, time measured, kind, device, fields); times in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Night:
    """A town and what its devices say, in order of arrival."""

    registry: Registry
    readings: list[Reading]


def frost_night(hours: float, sizes: TownSizes | None = None) -> Night:
    """Return the first ``hours`` of the scenario: each device at its cadence, from its own second on.

    Usually without bin lorries, which stand at their yards all night: the rules have nothing to do with what they say.
    """
    registry = generate_town(SEED, sizes or TownSizes(lorries=0), START - timedelta(days=7))
    world = World(registry, load_scenario("frost_night"), SEED, START)
    rng = random.Random(SEED)
    due: list[tuple[float, int]] = []
    for index, device in enumerate(registry.devices):
        first_s = rng.uniform(0, device.cadence_s)
        due += [(at_s, index) for at_s in np.arange(first_s, hours * 3600.0, device.cadence_s).tolist()]
    readings: list[Reading] = []
    for at_s, index in sorted(due):
        device = registry.devices[index]
        at = START + timedelta(seconds=at_s)
        world.advance_to(at)
        ts_s = at.timestamp()
        values = world.sense(device.name, at)
        if values:
            readings.append((ts_s + rng.uniform(0, DELAY_S), ts_s, device.kind, device.name, values))
    return Night(registry, sorted(readings, key=lambda r: r[0]))


def batches(readings: list[Reading], size: int) -> Iterator[tuple[ReadingBatch, float]]:
    """Yield batches of ``size`` readings as the engine takes them, and the latest time up to each."""
    latest_s = 0.0
    for start in range(0, len(readings), size):
        part = readings[start : start + size]
        latest_s = max(latest_s, *(r[1] for r in part))
        rows: dict[str, list[tuple[int, Reading]]] = {}
        for position, reading in enumerate(part):
            rows.setdefault(reading[2], []).append((position, reading))
        yield {kind: _columns(kind, found) for kind, found in rows.items()}, latest_s


def _columns(kind: str, rows: list[tuple[int, Reading]]) -> Readings:
    return Readings(
        position=np.array([position for position, _ in rows], dtype=np.int64),
        ts_s=np.array([r[1] for _, r in rows], dtype=np.float64),
        device=[r[3] for _, r in rows],
        quality=np.zeros(len(rows), dtype=np.int64),
        fields={
            name: np.array([r[4].get(name, np.nan) for _, r in rows], dtype=np.float64)
            for name in FIELDS_OF_KIND.get(kind, ())
        },
    )
