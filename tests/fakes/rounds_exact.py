"""The best rounds of a few bins, by looking at everything that can be done: no code of the planners is used."""

from __future__ import annotations

from rules.core.rounds.case import Case, Truck

Label = tuple[int, int]
"""Time and metres."""
State = tuple[int, int, int, int]
"""Bins done (bits), site, kilograms and litres on board."""


def exact_cost(case: Case) -> int:
    """Return the least cost of a day without breaks [units]; prizes of bins left included."""
    everything = (1 << len(case.jobs)) - 1
    best = {0: 0}
    for k, truck in enumerate(case.trucks):
        own = _by_bins(case, truck, k)
        new: dict[int, int] = {}
        for done, before in best.items():
            for bins, cost in own.items():
                if bins & done == 0:
                    new[done | bins] = min(new.get(done | bins, 1 << 60), before + cost)
        best = new
    left = {
        done: sum(job.prize for j, job in enumerate(case.jobs) if not done >> j & 1)
        for done in range(everything + 1)
    }
    return min(cost + left[done] for done, cost in best.items())


def _by_bins(case: Case, truck: Truck, k: int) -> dict[int, int]:
    """Return by set of bins what they cost at the least with one truck alone."""
    found = {0: 0}
    states: dict[State, set[Label]] = {(0, truck.start, 0, 0): {(truck.begins_s, 0)}}
    while states:
        following: dict[State, set[Label]] = {}
        for (done, site, kg, litres), labels in states.items():
            for time, metres in labels:
                _end(case, truck, found, done, site, time, metres)
                for tip in (None, *truck.tips):
                    _go_on(case, truck, k, following, (done, site, kg, litres), (time, metres), tip)
        states = {state: _best(labels) for state, labels in following.items()}
    return found


def _go_on(
    case: Case,
    truck: Truck,
    k: int,
    into: dict[State, set[Label]],
    state: State,
    label: Label,
    tip: int | None,
) -> None:
    """Add every bin that may come next, over a tip or straight on."""
    done, site, kg, litres = state
    time, metres = label
    if tip is not None:
        if not kg and not litres:
            return
        reached = _unload(case, truck, tip, site, time)
        if reached is None:
            return
        metres += int(truck.table.metres[site, case.tips[tip].site])
        time, site, kg, litres = reached, case.tips[tip].site, 0, 0
    for j, job in enumerate(case.jobs):
        one = job.candidate
        if (
            done >> j & 1
            or k not in job.trucks
            or kg + job.kg > truck.max_kg
            or litres + job.litres > truck.max_l
        ):
            continue
        begins = max(time + int(truck.table.drive_s[site, job.site]), one.from_s)
        if begins <= one.until_s:
            new = (done | 1 << j, job.site, kg + job.kg, litres + job.litres)
            there = metres + int(truck.table.metres[site, job.site])
            into.setdefault(new, set()).add((begins + one.service_s, there))


def _unload(case: Case, truck: Truck, tip: int, site: int, time: int) -> int | None:
    entry = case.tips[tip].entry
    begins = max(time + int(truck.table.drive_s[site, case.tips[tip].site]), entry.opens_s)
    return begins + entry.unload_s if begins <= entry.closes_s else None


def _end(
    case: Case, truck: Truck, found: dict[int, int], done: int, site: int, time: int, metres: int
) -> None:
    for tip in truck.tips if done else ():
        there = case.tips[tip].site
        reached = _unload(case, truck, tip, site, time)
        if reached is None:
            continue
        end = reached + int(truck.table.drive_s[there, truck.home])
        if end > truck.latest_s:
            continue
        way = metres + int(truck.table.metres[site, there]) + int(truck.table.metres[there, truck.home])
        cost = truck.per_day + truck.per_m * way + truck.per_s * (end - truck.begins_s)
        cost += truck.per_over_s * max(0, end - truck.shift_ends_s)
        found[done] = min(found.get(done, 1 << 60), cost)


def _best(labels: set[Label]) -> set[Label]:
    """Return the labels that no other beats in both."""
    kept: set[Label] = set()
    least = 1 << 60
    for time, metres in sorted(labels):
        if metres < least:
            kept.add((time, metres))
            least = metres
    return kept
