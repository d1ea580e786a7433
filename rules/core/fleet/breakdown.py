"""What is left of a night when a lorry fails: its jobs, and where the others are by then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rules.core.fleet.jobs import Job
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip


@dataclass(frozen=True)
class Rest:
    """What is left of a night.

    Attributes:
        jobs: not done yet.
        fleet: the lorries that still drive, where and with what they can be given new orders.
        standing: their jobs as planned before, to be kept where possible.
        done: arcs treated so far, one entry a pass.
    """

    jobs: tuple[Job, ...]
    fleet: Fleet
    standing: dict[str, tuple[str, ...]]
    done: tuple[int, ...]


def rest_of(
    plan: FleetPlan, jobs: Sequence[Job], fleet: Fleet, at_s: float, broken: Sequence[str] = ()
) -> Rest:
    """Return what is left of a plan at a moment.

    What a lorry is doing at the moment it ends: the leg it is on, or its load. What a broken lorry
    was treating is not done.

    Args:
        plan: that is being driven.
        jobs: of the plan.
        fleet: of the plan.
        at_s: the moment [s after the start of the night].
        broken: lorries that drive no further.

    Raises:
        ValueError: no such lorry, none left, or a moment that can't be.
    """
    known = {lorry.lorry_id for lorry in fleet.lorries}
    for name in broken:
        if name not in known:
            raise ValueError(f"lorry {name}: not in the fleet; there are {', '.join(sorted(known))}")
    if not 0.0 <= at_s < math.inf:
        raise ValueError(f"at {at_s} s; allowed: 0 or later")
    if known <= set(broken):
        raise ValueError("no lorry is left")
    by_name = {job.name: job for job in jobs}
    done: list[Leg] = []
    lorries: list[Lorry] = []
    for lorry, trip in zip(fleet.lorries, plan.trips, strict=True):
        fails = lorry.lorry_id in broken
        past = [s for s in trip.steps if (s.ends_s <= at_s if fails else s.begins_s < at_s)]
        done += [s for s in past if isinstance(s, Leg) and s.job is not None]
        if not fails:
            lorries.append(_now(lorry, past, by_name, at_s))
    finished = {leg.job for leg in done}
    left = tuple(job for job in jobs if job.name not in finished)
    standing = {t.lorry_id: _ahead(t, finished) for t in plan.trips if t.lorry_id not in broken}
    return Rest(left, Fleet(tuple(lorries), fleet.barns), standing, tuple(leg.arc for leg in done))


def _ahead(trip: Trip, finished: set[str | None]) -> tuple[str, ...]:
    return tuple(name for name in trip.jobs if name not in finished)


def _now(lorry: Lorry, past: Sequence[Leg | Loading], jobs: dict[str, Job], at_s: float) -> Lorry:
    """Return a lorry where it can be given new orders."""
    salt_kg, after, stands = lorry.begins_with_kg, lorry.after, lorry.stands
    for step in past:
        if isinstance(step, Loading):
            salt_kg, after, stands = lorry.capacity_kg, None, step.node
        else:
            salt_kg -= 0.0 if step.job is None else jobs[step.job].salt_kg
            after = step.arc
    from_s = max(lorry.from_s, at_s, past[-1].ends_s if past else 0.0)
    return replace(
        lorry,
        from_s=from_s,
        on_board_kg=max(0.0, salt_kg),
        after=after,
        stands=stands,
    )
