"""One lorry's trip, checked step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rules.core.fleet.lorries import Lorry
from rules.core.fleet.plan import Leg, Loading, Trip
from rules.core.fleet.verify_facts import Facts

SLACK_S = 0.4
"""A leg may be planned to take so much longer than it does [s]: turn, drive and treatment are rounded up."""

EPSILON = 1e-6


@dataclass(frozen=True)
class TripCheck:
    """What trips are checked against; ``barns`` are the nodes with salt."""

    facts: Facts
    barns: tuple[int, ...]

    def problems(self, lorry: Lorry, trip: Trip) -> Iterator[str]:
        """Yield what is wrong with a trip, in words."""
        node = lorry.yard if lorry.after is None else self.facts.network.arcs[lorry.after].head
        last, clock_s, salt_kg = lorry.after, lorry.from_s, lorry.begins_with_kg
        for number, step in enumerate(trip.steps, 1):
            where = f"step {number}"
            if step.begins_s < clock_s - EPSILON:
                yield f"{where} begins at {step.begins_s} s, before the one before ends at {clock_s} s"
            clock_s = step.ends_s
            if isinstance(step, Loading):
                yield from (f"{where} {p}" for p in self._load(step, node))
                last, salt_kg = None, lorry.capacity_kg
                continue
            if not 0 <= step.arc < len(self.facts.network.arcs):
                yield f"{where} is on arc {step.arc}, which does not exist"
                return
            yield from (f"{where} {p}" for p in self._leg(step, node, last))
            salt_kg -= 0.0 if step.job is None else self.facts.salt_kg(step.arc)
            if salt_kg < -EPSILON:
                yield f"{where} needs {-salt_kg:.1f} kg of salt more than is on board"
            node, last = self.facts.network.arcs[step.arc].head, step.arc
        if not trip.steps and node != lorry.depot and self._leads_home(lorry, node):
            yield f"stays at node {node}, though a way leads to its depot {lorry.depot}"
        if trip.steps and node != lorry.depot:
            yield f"ends at node {node}, not at its depot {lorry.depot}"

    def _leads_home(self, lorry: Lorry, node: int) -> bool:
        """Whether a lorry gets from where it starts to its depot by any way that it may drive."""
        seen = self._after(lorry.after, node)
        ways = sorted(seen)
        while ways:
            last = ways.pop()
            end = self.facts.network.arcs[last].head
            if end == lorry.depot:
                return True
            new = self._after(last, end) - seen
            seen |= new
            ways += sorted(new)
        return False

    def _after(self, last: int | None, node: int) -> set[int]:
        found = [a for a in self.facts.leaving.get(node, ()) if not any(self.facts.limits(a))]
        return {a for a in found if last is None or self.facts.may_turn(last, a)}

    def _load(self, step: Loading, node: int) -> Iterator[str]:
        if step.node not in self.barns:
            yield f"loads at node {step.node}, where no salt is"
        if step.node != node:
            yield f"loads at node {step.node}, the lorry is at {node}"
        if step.ends_s - step.begins_s < self.facts.settings.loading_s - EPSILON:
            yield f"loads in {step.ends_s - step.begins_s} s; it takes {self.facts.settings.loading_s} s"

    def _leg(self, leg: Leg, node: int, last: int | None) -> Iterator[str]:
        arc = self.facts.network.arcs[leg.arc]
        if arc.tail != node:
            yield f"begins at node {arc.tail}, the lorry is at {node}"
        if last is not None and arc.tail == node and not self.facts.may_turn(last, leg.arc):
            yield f"turns from arc {last} into {leg.arc}, which is not allowed"
        yield from self.facts.limits(leg.arc)
        along_s = 3.6 * arc.length_m / self.facts.speed_km_h(leg.arc, leg.job is not None)
        takes_s = self.facts.turn_s(last, leg.arc) + along_s
        if leg.job is not None and leg.ends_s - along_s < self.facts.from_s(leg.arc) - EPSILON:
            yield f"is treated from {leg.ends_s - along_s:.1f} s on, before its time at {self.facts.from_s(leg.arc):.1f} s"
        claimed_s = leg.ends_s - leg.begins_s
        if not takes_s - EPSILON <= claimed_s <= takes_s + SLACK_S:
            yield f"takes {takes_s:.2f} s, planned are {claimed_s:.2f} s"
