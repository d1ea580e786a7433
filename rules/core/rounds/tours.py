"""Lists of visits as a whole: trips within what a lorry holds, what is dropped where a day is too long, and costs."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.rounds.case import Case, Truck
from rules.core.rounds.timeline import Timeline, best_breaks, drive

Tours = list[list[int]]
"""By truck its visits, see ``timeline``; without the tip before the end."""


def tidy(case: Case, truck: Truck, visits: Sequence[int]) -> list[int]:
    """Return visits with a tip wherever the next bin would be too much, and none where nothing is on board."""
    found: list[int] = []
    kg, litres = truck.board_kg, truck.board_l
    for visit in visits:
        if visit < 0:
            if kg or litres or (found and found[-1] >= 0):
                found.append(visit)
            kg = litres = 0
            continue
        job = case.jobs[visit]
        if kg + job.kg > truck.max_kg or litres + job.litres > truck.max_l:
            found.append(-1 - _tip_between(case, truck, found, job.site))
            kg = litres = 0
        found.append(visit)
        kg, litres = kg + job.kg, litres + job.litres
    while found and found[-1] < 0:
        found.pop()
    return found


def site_of(case: Case, visit: int) -> int:
    """Return where a visit is."""
    return case.jobs[visit].site if visit >= 0 else case.tips[-1 - visit].site


def _tip_between(case: Case, truck: Truck, visits: Sequence[int], then: int) -> int:
    at = site_of(case, visits[-1]) if visits else truck.start

    def detour(number: int) -> int:
        site = case.tips[number].site
        return int(truck.way_cost[at, site] + truck.way_cost[site, then])

    return min(truck.tips, key=detour)


def fixed_until(truck: Truck, visits: Sequence[int]) -> int:
    """Return how many visits there are up to the last one that a crew has fixed."""
    return max((p + 1 for p, visit in enumerate(visits) if visit in truck.first), default=0)


def repaired(case: Case, truck: Truck, visits: Sequence[int]) -> list[int]:
    """Return visits that can be driven: what is late is dropped first, then what matters least."""
    kept = tidy(case, truck, visits)
    while kept:
        t = best_breaks(case, truck, kept)
        if t.fits:
            break
        late = [v for v in t.late if v >= 0 and v in kept]
        bins = late or [v for v in kept if v >= 0 and v not in truck.first] or [v for v in kept if v >= 0]
        kept.remove(min(bins, key=lambda v: (case.jobs[v].prize, v)))
        kept = tidy(case, truck, kept)
    return kept


def driven(case: Case, tours: Tours) -> list[Timeline]:
    """Return what all trucks do."""
    return [best_breaks(case, truck, visits) for truck, visits in zip(case.trucks, tours, strict=True)]


def cost(case: Case, tours: Tours) -> int:
    """Return what a planner makes small [units]: of the lorries, and prizes of jobs left."""
    done = {v for visits in tours for v in visits if v >= 0}
    left = sum(job.prize for j, job in enumerate(case.jobs) if j not in done)
    lorries = sum(
        drive(case, truck, visits).cost
        for truck, visits in zip(case.trucks, tours, strict=True)
        if not truck.out
    )
    return lorries + left
