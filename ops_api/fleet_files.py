"""What a night's planner reads and writes: lorries in TOML, streets in CSV, plans in JSON."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import msgspec

from cityops.errors import ConfigurationError
from devices.registry import Registry
from rules.core.fleet.jobs import Wanted
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.roster import Roster, fleet_of, node_of, settings_of
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network


def read_fleet(file: Path, network: Network, registry: Registry) -> tuple[Fleet, FleetSettings]:
    """Return the lorries and settings in a file.

    Raises:
        ConfigurationError: naming what is wrong and what is allowed.
    """
    found: Roster = decoded(file, Roster)
    try:
        return fleet_of(found, network, registry.depots), settings_of(found)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{file}: {error}") from error


def decoded(file: Path, kind: Any) -> Any:
    """Return a TOML file as a value of a type; ConfigurationError naming the field."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=kind)
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: {error}") from error


def wanted_of(registry: Registry, g_m2: float, part: Path | None) -> list[Wanted]:
    """Return the streets to be treated: those of a file, or all on a gritting route.

    Args:
        registry: roads and routes; a route's priority is its streets'.
        g_m2: salt where the file says nothing [g/m²].
        part: CSV with the column segment_id, and g_m2, priority, due_min where wanted.

    Raises:
        ConfigurationError: naming line and column.
    """
    priority = {route.route_id: route.priority for route in registry.routes}
    usual = {s.segment_id: priority.get(s.route_id or "", 1) for s in registry.segments}
    if part is None:
        return [
            Wanted(s.segment_id, g_m2, usual[s.segment_id])
            for s in registry.segments
            if s.route_id is not None
        ]
    try:
        with part.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{part} can't be read: {error}") from error
    return [_wanted(part, number, row, g_m2, usual) for number, row in enumerate(rows, 2)]


def _wanted(part: Path, number: int, row: dict[str, str], g_m2: float, usual: dict[str, int]) -> Wanted:
    where = f"{part}, line {number}"
    name = row.get("segment_id") or ""
    if name not in usual:
        raise ConfigurationError(f"{where}: segment_id is {name!r}; not in the network")

    def value(column: str, without: float) -> float:
        text = (row.get(column) or "").strip()
        try:
            found = float(text or without)
        except ValueError as error:
            raise ConfigurationError(f"{where}: {column} is {text!r}; a number is wanted") from error
        if text and not math.isfinite(found):
            raise ConfigurationError(f"{where}: {column} is {text!r}; a finite number is wanted")
        return found

    due_min, priority = value("due_min", math.inf), value("priority", usual[name])
    if not priority.is_integer():
        raise ConfigurationError(f"{where}: priority is {priority:g}; a whole number is wanted")
    return Wanted(
        name,
        value("g_m2", g_m2),
        int(priority),
        None if due_min == math.inf else 60.0 * due_min,
        from_s=60.0 * value("from_min", 0.0),
    )


class StepEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a plan in a file: a stretch driven, or a load."""

    begins_s: float
    ends_s: float
    segment_id: str | None = None
    from_node: int | None = None
    job: str | None = None
    load_at: int | None = None


class TripEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry's trip in a file."""

    lorry: str
    steps: list[StepEntry]


class PlanFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a plan in a file."""

    trips: list[TripEntry]
    late: list[str]
    over: list[str]
    left_out: list[str]
    cost_s: float


def read_plan(file: Path, network: Network) -> FleetPlan:
    """Return a plan that was written before.

    Raises:
        ConfigurationError: it can't be read, is no plan, or is one of other roads.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=PlanFile)
        trips = tuple(Trip(t.lorry, tuple(_step(network, s) for s in t.steps)) for t in found.trips)
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}") from error
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError) as error:
        raise ConfigurationError(f"{file} is no plan for these roads: {error}") from error
    left_out = tuple(found.left_out)
    return FleetPlan(trips, tuple(found.late), tuple(found.over), left_out, found.cost_s, found.cost_s)


def _step(network: Network, step: StepEntry) -> Leg | Loading:
    if step.load_at is not None:
        return Loading(node_of(network, step.load_at), step.begins_s, step.ends_s)
    segment = network.graph.segment_index.get(step.segment_id or "")
    if segment is None:
        raise ValueError(f"segment {step.segment_id!r} is not in the network")
    for arc in network.arcs_of[segment]:
        if network.nodes[network.arcs[arc].tail].node_id == step.from_node:
            return Leg(arc, step.begins_s, step.ends_s, step.job)
    raise ValueError(f"segment {step.segment_id} can't be driven from node {step.from_node}")
