"""The fleet under measurement, as a process of its own: ``python -m bench.agents_fleet PORT DEVICES SECONDS RAMP_S FOLDER``.

Real agents with their own connections at the cadence of a frog, live: readings are due by the wall clock. Prints a JSON
line ``ready`` when all are connected (or the ramp's patience is over), ``begin`` and ``end`` around the window, and ``done``
when every reading has its receipt.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.generator import ReceiptTimes
from bench.latency import percentiles
from devices.agent.broker import BrokerAddress
from devices.agent.entry import Key
from devices.contract.kind import discover
from devices.registry import Registry
from firmware_sim.clock import SimulatedClock
from firmware_sim.fleet import Fleet, FleetOptions
from firmware_sim.scenario import load_scenario
from firmware_sim.shared_outbox import SharedOutbox
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World

SEED = 1
PATIENCE = 20.0
"""How many times the ramp is waited for connections: a busy machine connects slower."""
DRAIN_S = 120.0


def whole_town(devices: int) -> Registry:
    """Return a town with so many frogs, and the least beside them that a world needs."""
    sizes = TownSizes(homes=devices, road_sensors=1, weather_stations=1, bins=0, gritters=0, lorries=0)
    installed_at = datetime.now(UTC) - timedelta(days=7)
    return generate_town(SEED, sizes, installed_at, damp_homes_share=0.05)


def agents_of(town: Registry) -> Registry:
    """Return its frogs alone."""
    frogs = tuple(d for d in town.devices if d.kind == "frog")
    return Registry(name="agents", devices=frogs)


class Lateness(ReceiptTimes):
    """Also how late each reading was taken, by the wall clock and the sampler's own plan [s]."""

    def __init__(self) -> None:
        super().__init__()
        self.fleet: Fleet | None = None
        self.late_s: list[float] = []

    def created(self, device: str, key: Key) -> None:
        """The sampler is moved on after this, so that what it says is due is this reading."""
        super().created(device, key)
        if self.fleet is not None:
            self.late_s.append(time.time() - self.fleet.agent(device).sampler.due_s)

    def from_now(self) -> None:
        """Forget what was before the window."""
        self.late_s.clear()
        self.latencies_ms.clear()


def due_within(due_s: float, cadence_s: float, until_s: float) -> int:
    """Return how many readings are due from ``due_s`` on, every ``cadence_s``, until ``until_s`` [s]."""
    return 0 if due_s > until_s else 1 + math.floor((until_s - due_s) / cadence_s)


class Measured:
    """A fleet and what is taken of it."""

    def __init__(self, port: int, devices: int, ramp_s: float, folder: Path) -> None:
        now_s = time.time()
        start = datetime.fromtimestamp(now_s, UTC)
        whole = whole_town(devices)
        town, kinds = agents_of(whole), discover()
        world = World(whole, load_scenario("frost_night"), SEED, start)
        self.names = {d.name: float(d.cadence_s) for d in town.devices}
        self.before_mb = _memory_mb()
        self.watch = Lateness()
        self.fleet = Fleet(
            town.devices,
            kinds,
            world,
            lambda _: BrokerAddress(host="127.0.0.1", port=port),
            SharedOutbox(folder / "agents.db"),
            SimulatedClock(now_s, now_s, 1.0),
            seed=SEED,
            options=FleetOptions(ramp_s=ramp_s),
            faults=world,
            observer=self.watch,
        )
        self.watch.fleet = self.fleet
        self.parent = os.getppid()

    def turn_until(self, deadline_s: float, connected: int | None = None) -> None:
        """Take turns until then [s, wall clock], or until so many are connected."""
        while time.time() < deadline_s and os.getppid() == self.parent:
            self.fleet.turn()
            if connected is not None and self.fleet.statistics().connected >= connected:
                return

    def window(self, seconds: float) -> dict[str, Any]:
        """Measure; return what was due and made, and what it cost."""
        plan = [(self.fleet.agent(name).sampler.due_s, cadence) for name, cadence in self.names.items()]
        before, cpu_s, began_s = self.fleet.statistics(), time.process_time(), time.time()
        self.watch.from_now()
        _tell("begin")
        self.turn_until(began_s + seconds)
        after, used_s, ended_s = self.fleet.statistics(), time.process_time() - cpu_s, time.time()
        found = {
            "seconds": round(ended_s - began_s, 1),
            "connected": [before.connected, after.connected],
            "due": sum(due_within(due_s, cadence_s, ended_s) for due_s, cadence_s in plan),
            "made": after.created - before.created,
            "receipted": after.receipted - before.receipted,
            "resent": after.resent - before.resent,
            "cpu_s": round(used_s, 2),
            "late_s": percentiles(self.watch.late_s),
            "receipt_ms": percentiles(self.watch.latencies_ms),
            "memory_mb": round(_memory_mb(), 1),
            "memory_before_agents_mb": round(self.before_mb, 1),
        }
        _tell("end")
        return found


def main(arguments: Sequence[str]) -> None:
    """Play the fleet; ends with the process that started it."""
    port, devices, seconds, ramp_s = int(arguments[0]), int(arguments[1]), *map(float, arguments[2:4])
    began_s = time.time()
    run = Measured(port, devices, ramp_s, Path(arguments[4]))
    made_s = time.time() - began_s
    run.turn_until(time.time() + PATIENCE * ramp_s, devices)
    ramp_cpu_s, connected_s = time.process_time(), time.time() - began_s
    run.turn_until(time.time() + 10.0)  # births, subscriptions and their answers
    _tell("ready")
    found = run.window(seconds)
    drained = run.fleet.drain(DRAIN_S)
    statistics = run.fleet.statistics()
    found |= {
        "created_in_all": statistics.created,
        "receipted_in_all": statistics.receipted,
        "unstored": statistics.unstored,
        "drained": drained,
        "all_connected_after_s": round(connected_s - made_s, 1),
        "start_cpu_s": round(ramp_cpu_s, 1),
    }
    run.fleet.close()
    _tell("done", **found)


def _memory_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def _tell(what: str, **more: Any) -> None:
    print(json.dumps({"what": what, **more}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
