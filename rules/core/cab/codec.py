"""A kept plan on its roads, and back to plain values: indices of the network are never kept, only names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rules.core.cab.model import Asked, Contents, Start, Step, TripDoc
from rules.core.fleet.jobs import Job, Wanted, jobs_of
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.roster import node_of
from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network


def arc_of(network: Network, segment_id: str, from_node: int) -> int:
    """Return the arc along a stretch from one of its ends.

    Raises:
        ValueError: there is no such stretch, or it can't be driven from there.
    """
    segment = network.graph.segment_index.get(segment_id)
    if segment is None:
        raise ValueError(f"segment {segment_id!r} is not in the network")
    for arc in network.arcs_of[segment]:
        if network.nodes[network.arcs[arc].tail].node_id == from_node:
            return arc
    raise ValueError(f"segment {segment_id} can't be driven from node {from_node}")


def name_of(network: Network, arc: int) -> tuple[str, int]:
    """Return stretch and the node from which it is driven."""
    a = network.arcs[arc]
    return network.segments[a.segment].segment_id, network.nodes[a.tail].node_id


def wanted_of(asked: Iterable[Asked]) -> tuple[Wanted, ...]:
    """Return what the planner is asked."""
    return tuple(Wanted(a.segment_id, a.g_m2, a.priority, a.due_s, a.runs, a.from_s) for a in asked)


def settings_told(settings: FleetSettings) -> dict[str, float]:
    """Return settings as plain values, without limits: those are in what is asked."""
    return {n: getattr(settings, n) for n in FleetSettings.__dataclass_fields__ if n != "limits_s"}


def lorry_of(network: Network, start: Start) -> Lorry:
    """Return a lorry for the planner."""
    return Lorry(
        start.lorry, node_of(network, start.depot), start.capacity_kg, start.from_s,
        math.inf if start.until_s is None else start.until_s, start.on_board_kg,
        None if start.after is None else arc_of(network, *start.after),
        None if start.stands is None else node_of(network, start.stands),
    )  # fmt: skip


def trip_told(network: Network, trip: Trip) -> TripDoc:
    """Return a trip as it is kept."""
    return TripDoc(lorry=trip.lorry_id, steps=tuple(_step_told(network, s) for s in trip.steps))


def _step_told(network: Network, s: Leg | Loading) -> Step:
    if isinstance(s, Loading):
        return Step(begins_s=float(s.begins_s), ends_s=float(s.ends_s), load_at=network.nodes[s.node].node_id)
    segment_id, node = name_of(network, s.arc)
    return Step(
        begins_s=float(s.begins_s), ends_s=float(s.ends_s), segment_id=segment_id, from_node=node, job=s.job
    )


def _step(network: Network, s: Step) -> Leg | Loading:
    if s.load_at is not None:
        return Loading(node_of(network, s.load_at), s.begins_s, s.ends_s)
    assert s.segment_id is not None
    assert s.from_node is not None
    return Leg(arc_of(network, s.segment_id, s.from_node), s.begins_s, s.ends_s, s.job)


def trip_of(network: Network, doc: TripDoc) -> Trip:
    """Return a kept trip."""
    return Trip(doc.lorry, tuple(_step(network, s) for s in doc.steps))


@dataclass(frozen=True)
class OnRoads:
    """A kept plan on its roads.

    Raises:
        ValueError: from its properties, where the roads are others than the plan's, in words.
    """

    network: Network
    contents: Contents

    @cached_property
    def settings(self) -> FleetSettings:
        """Of the plan's lorries; each stretch has its own time, so there are no limits beside."""
        return FleetSettings(**self.contents.settings, limits_s={})

    @cached_property
    def jobs(self) -> dict[str, Job]:
        """Every pass of the night, by name."""
        return {j.name: j for j in jobs_of(self.network, wanted_of(self.contents.asked), self.settings)}

    @cached_property
    def ref_of(self) -> dict[str, str]:
        """Order by stretch."""
        return {a.segment_id: a.ref for a in self.contents.asked}

    @cached_property
    def fleet(self) -> Fleet:
        """Lorries of the plan."""
        barns = tuple(node_of(self.network, n) for n in self.contents.barns)
        return Fleet(tuple(lorry_of(self.network, s) for s in self.contents.fleet), barns)

    @cached_property
    def plan(self) -> FleetPlan:
        """The ways."""
        c = self.contents
        trips = tuple(trip_of(self.network, t) for t in c.trips)
        return FleetPlan(trips, c.late, c.over, c.left_out, c.cost_s, c.begun_s, c.iterations)

    @cached_property
    def trips(self) -> dict[str, Trip]:
        """Ways by lorry."""
        return {t.lorry_id: t for t in self.plan.trips}

    @cached_property
    def rate_of(self) -> dict[str, float]:
        """Rate of one run by stretch [g/m²]."""
        return {a.segment_id: a.g_m2 / a.runs for a in self.contents.asked}

    @cached_property
    def ploughed(self) -> frozenset[str]:
        """Stretches that are ploughed as they are treated."""
        return frozenset(a.segment_id for a in self.contents.asked if a.plough)

    @cached_property
    def cards(self) -> dict[str, Any]:
        """Cards that have been written, by lorry; see ``rules.core.cab.ploughing``."""
        return {}

    @cached_property
    def meeting(self) -> dict[int, list[int]]:
        """Segments that meet at each node, by indices."""
        found: dict[int, list[int]] = {}
        for arcs in self.network.graph.arcs_of:
            for node in (arcs[0].tail, arcs[0].head):
                found.setdefault(node, []).append(arcs[0].segment)
        return found

    @cached_property
    def before(self) -> tuple[int, ...]:
        """Arcs treated before the plan, one entry a pass."""
        return tuple(arc_of(self.network, d.segment_id, d.from_node) for d in self.contents.done)
