"""A plan as streets: which links each vehicle drives, in which direction, treating or not."""

from __future__ import annotations

from dataclasses import dataclass

from rules.core.carp.instance import Instance
from rules.core.carp.matrix import Ways, ways_of
from rules.core.carp.problem import Plan


@dataclass(frozen=True, slots=True)
class Leg:
    """One link driven from ``tail`` to ``head``; ``treat`` = with the spreader on."""

    link: int
    tail: int
    head: int
    treat: bool


@dataclass(frozen=True, slots=True)
class Drive:
    """One vehicle's way from its depot's junction and back."""

    depot: int
    legs: tuple[Leg, ...]


def drives_of(instance: Instance, plan: Plan) -> tuple[Drive, ...]:
    """Return the way of each route of a plan; the ways between treated links are shortest ones."""
    ways = ways_of(instance)
    cheapest = _cheapest(instance)
    required = instance.required
    drives = []
    for route in plan.routes:
        depot = at = instance.depots[route.depot]
        legs: list[Leg] = []
        for arc in route.arcs:
            leg = _treated(instance, required[arc // 2], back=arc % 2 == 1)
            legs += [*_between(ways, cheapest, at, leg.tail), leg]
            at = leg.head
        drives.append(Drive(depot, (*legs, *_between(ways, cheapest, at, depot))))
    return tuple(drives)


def _treated(instance: Instance, number: int, back: bool) -> Leg:
    link = instance.links[number]
    return Leg(number, link.head, link.tail, True) if back else Leg(number, link.tail, link.head, True)


def _cheapest(instance: Instance) -> dict[tuple[int, int], int]:
    """Return the number of the cheapest link from one junction to another."""
    found: dict[tuple[int, int], int] = {}
    for number, link in enumerate(instance.links):
        for way in [(link.tail, link.head)] + ([] if link.one_way else [(link.head, link.tail)]):
            if way not in found or link.cost < instance.links[found[way]].cost:
                found[way] = number
    return found


def _between(ways: Ways, cheapest: dict[tuple[int, int], int], start: int, end: int) -> list[Leg]:
    legs: list[Leg] = []
    before = ways.before[ways.row[start]]
    while end != start:
        previous = int(before[end])
        legs.append(Leg(cheapest[previous, end], previous, end, False))
        end = previous
    return legs[::-1]
