"""An independent check of routes: it knows the streets, not the solver.

Nothing of the matrix, the search or the shortest ways is used here: costs are added up link
by link over the streets that are driven.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rules.core.carp.drive import Drive, Leg
from rules.core.carp.instance import Instance


def problems_of(instance: Instance, drives: Sequence[Drive], cost: int, vehicle_cost: int = 0) -> list[str]:
    """Return what is wrong with routes, in words; empty where they can be driven and cost what is claimed.

    Args:
        instance: the raw network.
        drives: of each vehicle, link by link.
        cost: claimed total.
        vehicle_cost: claimed for each vehicle that leaves.
    """
    problems = []
    for number, drive in enumerate(drives, 1):
        problems += [f"route {number}: {p}" for p in _route_problems(instance, drive)]
    problems += _service_problems(instance, drives)
    total = sum(_driven(instance, drive) for drive in drives)
    total += vehicle_cost * sum(1 for drive in drives if drive.legs)
    if total != cost:
        problems.append(f"cost: {cost} claimed, the links driven add up to {total}")
    return problems


def _driven(instance: Instance, drive: Drive) -> int:
    return sum(instance.links[leg.link].cost for leg in drive.legs if _known(instance, leg))


def _known(instance: Instance, leg: Leg) -> bool:
    return 0 <= leg.link < len(instance.links)


def _route_problems(instance: Instance, drive: Drive) -> list[str]:
    problems = [] if drive.depot in instance.depots else [f"starts at {drive.depot}, which is no depot"]
    at, load = drive.depot, 0
    for leg in drive.legs:
        if not _known(instance, leg):
            problems.append(f"link {leg.link} does not exist")
            continue
        link = instance.links[leg.link]
        legal = {(link.tail, link.head)} if link.one_way else {(link.tail, link.head), (link.head, link.tail)}
        if (leg.tail, leg.head) not in legal:
            problems.append(f"link {leg.link} can't be driven from {leg.tail} to {leg.head}")
        if leg.tail != at:
            problems.append(f"link {leg.link} begins at {leg.tail}, the vehicle is at {at}")
        at, load = leg.head, load + (link.demand if leg.treat else 0)
    if at != drive.depot:
        problems.append(f"ends at {at}, not at its depot {drive.depot}")
    if load > instance.capacity:
        problems.append(f"load {load} is over the capacity {instance.capacity}")
    return problems


def _service_problems(instance: Instance, drives: Sequence[Drive]) -> list[str]:
    served = Counter(leg.link for drive in drives for leg in drive.legs if leg.treat)
    problems = []
    for number, link in enumerate(instance.links):
        wanted = 1 if link.demand > 0 else 0
        if served[number] != wanted:
            problems.append(f"link {number} is treated {served[number]} times, not {wanted}")
    return problems
