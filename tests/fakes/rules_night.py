"""A scenario's readings as the ingester would get them, without devices, broker and ingester: made in seconds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World
from tests.fakes.rules_town import START, Reading

SEED = 1
WAY_S = 2.0
"""A reading is so long on its way [s]."""
BACKLOG_S = 20.0
"""What waited for an uplink is delivered within so long of its return [s]."""


@dataclass(frozen=True, slots=True)
class Night:
    """A town and what its devices say.

    Attributes:
        arrivals: (seconds after START at which it arrives, reading), in order of arrival.
    """

    registry: Registry
    arrivals: tuple[tuple[float, Reading], ...]

    def chunks(self, every_s: float) -> Iterator[tuple[float, list[Reading]]]:
        """Yield what has arrived by each multiple of ``every_s``, and that time [s after START]."""
        end_s, chunk = every_s, list[Reading]()
        for arrival_s, reading in self.arrivals:
            while arrival_s >= end_s:
                yield end_s, chunk
                end_s, chunk = end_s + every_s, []
            chunk.append(reading)
        yield end_s, chunk

    def of(self, device: str) -> list[Reading]:
        """Return what one device measured, in order of time."""
        return sorted((r for _, r in self.arrivals if r[1] == device), key=lambda r: r[2])


def play(scenario: str, kinds: Collection[str], sizes: TownSizes, hours: float | None = None) -> Night:
    """Return what the devices of some kinds say in a scenario, with its faults.

    Nobody acts on decisions: roads stay as the weather makes them.
    """
    script = load_scenario(scenario)
    start = datetime.fromtimestamp(START, UTC)
    registry = generate_town(SEED, sizes, start - timedelta(days=7))
    world = World(registry, script, SEED, start)
    end_s = 3600.0 * (script.duration_h if hours is None else hours)
    watched = [d for d in registry.devices if d.kind in kinds]
    rng = np.random.default_rng(SEED)
    phases = rng.uniform(0.0, [d.cadence_s for d in watched]).round(3).tolist()
    due = sorted(
        (at_s, n)
        for n, (device, phase_s) in enumerate(zip(watched, phases, strict=True))
        for at_s in np.arange(phase_s, end_s, device.cadence_s).round(3).tolist()
    )
    sent: list[tuple[float, Reading]] = []
    waiting: dict[str, list[Reading]] = {}
    for at_s, n in due:
        device, at = watched[n], start + timedelta(seconds=at_s)
        world.advance_to(at)
        values = world.sense(device.name, at)
        held = waiting.setdefault(device.name, [])
        if "surface_temperature_c" in values or device.kind != "road":
            held += [(device.kind, device.name, at_s, values)] if values else []
        if held and world.uplink_up(device.name, at):
            pace_s = BACKLOG_S / len(held)
            sent += [(at_s + WAY_S + pace_s * k, reading) for k, reading in enumerate(held)]
            held.clear()
    return Night(registry, tuple(sorted(sent, key=lambda s: s[0])))
