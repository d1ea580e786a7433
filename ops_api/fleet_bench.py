"""``cityops bench fleet``: all roads of some classes of a map, from depots that the map itself gives."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.registry import Registry
from ops_api import fleet_text
from rules.core.carp.compiled import COMPILED
from rules.core.carp.pace import Budget
from rules.core.effects import Json, num
from rules.core.fleet.jobs import Job, Wanted, jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.planner import Searcher, warm_up
from rules.core.fleet.request import Request
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check, Verdict
from rules.core.network.build import build
from rules.core.network.defaults import NetworkSettings
from rules.core.network.network import Network
from rules.network_files.read import read_map

DEPOTS = ((0.25, 0.25), (0.75, 0.75))
"""Where the depots are in the rectangle round the roads to be treated: shares of its width and height."""

CHECKING = 0.08
"""Share of the seconds for writing the plan down and checking it."""


@dataclass(frozen=True)
class Run:
    """What is measured.

    Attributes:
        classes: of the roads to be treated; the first has priority 1, the next 2, …
        seconds: CPU seconds for everything from the map to the checked plan, after compiling.
        lorries: at each depot.
        salt_t, hours, g_m2: of each lorry, of its crew, of the night.
        iterations: of the search instead of seconds.
    """

    classes: str = "AB"
    seconds: float = 60.0
    lorries: int = 3
    salt_t: float = 3.0
    hours: float = 4.0
    g_m2: float = 10.0
    seed: int = 1
    iterations: int | None = None


@dataclass(frozen=True)
class Result:
    """What came out; seconds are CPU seconds."""

    network: Network
    jobs: dict[str, Job]
    fleet: Fleet
    plan: FleetPlan
    verdict: Verdict
    network_s: float
    total_s: float

    def told(self, run: Run) -> Json:
        """For machines."""
        return {
            "conditions": {
                "classes": run.classes,
                "seconds": None if run.iterations is not None else run.seconds,
                "iterations": run.iterations,
                "seed": run.seed,
                "compiled": COMPILED,
                "depots": [self.network.nodes[n].node_id for n in self.fleet.barns],
                "lorries": len(self.fleet.lorries),
                "salt_t": run.salt_t,
                "hours": run.hours,
                "g_m2": run.g_m2,
            },
            "arcs": len(self.network.arcs),
            "jobs": len(self.jobs),
            "network_cpu_s": num(self.network_s, 2),
            "total_cpu_s": num(self.total_s, 2),
            "plan": fleet_text.as_json(self.network, self.jobs, self.plan, self.verdict),
        }

    def lines(self) -> list[str]:
        """For people."""
        depots = ", ".join(str(self.network.nodes[n].node_id) for n in self.fleet.barns)
        return [
            f"{len(self.network.arcs)} arcs, {len(self.jobs)} passes to drive, depots at nodes {depots}",
            *fleet_text.plan_lines(self.network, self.jobs, self.plan, self.verdict),
            f"cost {self.plan.cost_s:.0f} s after {self.plan.iterations} iterations, {self.plan.begun_s:.0f} s as built",
            f"{self.total_s:.1f} CPU s, {self.network_s:.1f} of them for the roads",
        ]


def measure(file: Path, run: Run) -> Result:
    """Plan the roads of a map and check the plan.

    Raises:
        ConfigurationError: the file can't be read, or has no such roads.
    """
    warm_up()
    began = time.process_time()
    network = network_of(file)
    network_s = time.process_time() - began
    wanted = [
        Wanted(s.segment_id, run.g_m2, 1 + run.classes.index(s.road_class))
        for s in network.segments
        if s.road_class in run.classes
    ]
    if not wanted:
        raise ConfigurationError(f"{file}: no road of the classes {', '.join(run.classes)}")
    fleet, settings = _fleet(network, wanted, run), FleetSettings()
    jobs = jobs_of(network, wanted, settings)
    request = Request(network, jobs, fleet, settings)
    check = Check(network, wanted, fleet, settings)
    left_s = max(1.0, (1.0 - CHECKING) * run.seconds - (time.process_time() - began))
    budget = Budget(seconds=left_s, clock=time.process_time)
    plan = Searcher(budget if run.iterations is None else Budget(iterations=run.iterations), run.seed)(
        request
    )
    verdict = check.verdict(plan)
    total_s = time.process_time() - began
    return Result(network, {job.name: job for job in jobs}, fleet, plan, verdict, network_s, total_s)


def network_of(file: Path) -> Network:
    """Return the network in a map or registry file; errors as in the readers."""
    settings = NetworkSettings()
    found = read_map(file, settings)
    try:
        if isinstance(found.content, Registry):
            return Network.of(found.content)
        return build(found.content, settings)[0]
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error


def _fleet(network: Network, wanted: Sequence[Wanted], run: Run) -> Fleet:
    places = depots(network, [one.segment_id for one in wanted])
    lorries = tuple(
        Lorry(f"{'NESW'[d]}{n + 1}", node, 1000.0 * run.salt_t, until_s=3600.0 * run.hours)
        for d, node in enumerate(places)
        for n in range(run.lorries)
    )
    return Fleet(lorries, tuple(dict.fromkeys(places)))


def depots(network: Network, segment_ids: Sequence[str]) -> list[int]:
    """Return the junctions of these segments nearest to DEPOTS, where a lorry can come and go."""
    ends = {n for name in segment_ids for n in _ends(network, name)}
    x = {n: network.nodes[n].longitude_deg for n in ends}
    y = {n: network.nodes[n].latitude_deg for n in ends}
    found = []
    for across, up in DEPOTS:
        at_x = min(x.values()) + across * (max(x.values()) - min(x.values()))
        at_y = min(y.values()) + up * (max(y.values()) - min(y.values()))
        found.append(min(sorted(ends), key=lambda n: (0.61 * (x[n] - at_x)) ** 2 + (y[n] - at_y) ** 2))
    return found


def _ends(network: Network, segment_id: str) -> tuple[int, int]:
    arc = network.graph.arcs_of[network.graph.segment_index[segment_id]][0]
    return arc.tail, arc.head
