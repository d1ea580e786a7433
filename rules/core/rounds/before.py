"""What of the plan before still holds, and how much another one would change for the crews."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.rounds.case import Case
from rules.core.rounds.case_of import case_of
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.tours import Tours


def tours_before(request: RoundRequest) -> Tours | None:
    """Return the visits of the plan before that are left, what is fixed first; None where there was none."""
    if request.before is None:
        return None
    case = case_of(request)
    tips = {tip.entry.id: t for t, tip in enumerate(case.tips)}
    rounds = {r.lorry_id: r for r in request.before.rounds}
    fixed = {j for truck in case.trucks for j in truck.first}
    tours: Tours = []
    for k, truck in enumerate(case.trucks):
        visits = list(truck.first)
        for stop in rounds[truck.lorry.id].stops if truck.lorry.id in rounds else ():
            if stop.kind == "tip" and tips.get(stop.ref) in truck.tips:
                visits.append(-1 - tips[stop.ref])
            job = case.job_of.get(stop.ref) if stop.kind == "bin" else None
            if job is not None and job not in fixed and k in case.jobs[job].trucks:
                visits.append(job)
        tours.append(visits)
    return tours


def changes(case: Case, before: Tours, after: Tours) -> int:
    """Return how many bins change their lorry or their place in its order; who is new or gone counts nothing."""
    both = {v for visits in before for v in visits if v >= 0} & {
        v for visits in after for v in visits if v >= 0
    }
    return len(both) - sum(
        _in_order([v for v in a if v in both], [v for v in b if v in both])
        for a, b in zip(before, after, strict=True)
    )


def _in_order(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the longest sequence that is in both in the same order."""
    place = {v: p for p, v in enumerate(first)}
    tails: list[int] = []
    for p in (place[v] for v in second if v in place):
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if tails[middle] < p else (low, middle)
        tails[low : low + 1] = [p]
    return len(tails)
