"""``cityops winter plan``: a night's plan from files, checked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from cityops.errors import ConfigurationError
from devices.registry import load
from ops_api import fleet_text
from ops_api.fleet_files import read_fleet, read_plan, wanted_of
from rules.catalogue.loader import load as catalogue
from rules.core.cab.as_planned import left_of_plan
from rules.core.carp.pace import Budget
from rules.core.effects import Json
from rules.core.fleet.jobs import Job, jobs_of
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.planner import Builder, FleetPlanner, Searcher
from rules.core.fleet.request import Request
from rules.core.fleet.verify import Check, Verdict
from rules.core.network.network import Network


@dataclass(frozen=True)
class Asked:
    """What a command asks for.

    Attributes:
        registry: file with roads, depots and routes.
        lorries: TOML file.
        g_m2: salt where ``part`` says nothing.
        part: CSV of tonight's streets; None = all on a route.
        standing: a plan of before; the new one changes no more than it must.
        broken, at_min: lorries that fail, and when; ``standing`` is then the plan being driven.
    """

    registry: Path
    lorries: Path
    g_m2: float
    part: Path | None = None
    standing: Path | None = None
    broken: Sequence[str] = ()
    at_min: float = 0.0


@dataclass(frozen=True)
class Planned:
    """A night and its plan."""

    network: Network
    jobs: dict[str, Job]
    plan: FleetPlan
    verdict: Verdict

    @property
    def told(self) -> Json:
        """For machines."""
        return fleet_text.as_json(self.network, self.jobs, self.plan, self.verdict)

    @property
    def lines(self) -> list[str]:
        """For people."""
        return list(fleet_text.plan_lines(self.network, self.jobs, self.plan, self.verdict))


def planner_of(seconds: float, iterations: int | None, seed: int) -> FleetPlanner:
    """Return the planner for a budget: CPU seconds, or iterations where given; 0 = only build."""
    if iterations == 0 or (iterations is None and seconds == 0):
        return Builder(seed)
    if iterations is not None:
        return Searcher(Budget(iterations=iterations), seed)
    return Searcher(Budget(seconds=seconds, clock=time.process_time), seed)


def plan_night(asked: Asked, planner: FleetPlanner) -> Planned:
    """Return the plan of a night, or of what is left of one.

    Raises:
        ConfigurationError: a file can't be read, or something in it can't be; in words.
    """
    registry = load(asked.registry)
    try:
        network = Network.of(registry)
    except ValueError as error:
        raise ConfigurationError(f"{asked.registry}: {error}") from error
    fleet, settings = read_fleet(asked.lorries, network, registry)
    wanted = wanted_of(registry, asked.g_m2, asked.part)
    if not wanted:
        raise ConfigurationError(f"{asked.registry}: no street is on a gritting route; name some with --part")
    check = Check(network, wanted, fleet, settings)
    before = None if asked.standing is None else read_plan(asked.standing, network)
    try:
        return _planned(jobs_of(network, wanted, settings), check, before, asked, planner)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _planned(
    jobs: Sequence[Job], check: Check, before: FleetPlan | None, asked: Asked, planner: FleetPlanner
) -> Planned:
    network, by_name = check.network, {job.name: job for job in jobs}
    standing: dict[str, Sequence[str]] = (
        {} if before is None else {trip.lorry_id: trip.jobs for trip in before.trips}
    )
    if asked.broken:
        if before is None:
            raise ValueError("--broken needs the plan that is being driven: --standing FILE")
        wrong = check.verdict(before).wrong
        if wrong:
            raise ValueError(f"{asked.standing} is not a plan of these lorries and streets: {wrong[0]}")
        treatment = catalogue().gritting.parameters.treatment
        rest = left_of_plan(before, check, 60.0 * asked.at_min, asked.broken, treatment)
        check = replace(check, fleet=rest.fleet, before=rest.done)
        jobs, standing = rest.jobs, dict(rest.standing)
    plan = planner(Request(network, jobs, check.fleet, check.settings, standing))
    return Planned(network, by_name, plan, check.verdict(plan))


def write(file: Path, planned: Planned) -> None:
    """Write a plan."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(planned.told), indent=1))
