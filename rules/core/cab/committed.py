"""What lorries drive while the next plan is made: it stays in that plan, and what is planned begins after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from rules.core.cab.model import Start
from rules.core.cab.progress import NOISE_M, Progress
from rules.core.fleet.jobs import Job
from rules.core.fleet.lorries import Lorry
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.units import tenths

Steps = Sequence[Leg | Loading]


def next_step(start: Start, p: Progress, steps: Steps) -> int | None:
    """Return the step that a lorry begins next; None where it is not on its way, or at the end of it.

    Args:
        start: where the plan that it drives took it up.
        p: where it is.
        steps: of its trip.
    """
    if p.phase in ("back", "off_plan", "no_way") or not steps:
        return None
    if p.phase == "waits" or (start.after is not None and p.place_m <= NOISE_M and p.phase == "drives"):
        return 0
    return p.step + 1 if p.step + 1 < len(steps) else None


def committed(
    steps: Steps, first: int | None, waits: Mapping[int, float], from_s: float, until_s: float
) -> tuple[Leg | Loading, ...]:
    """Return the steps that a lorry begins before ``until_s``, at the times at which it will.

    Args:
        steps: of its trip.
        first: that it begins next; None: none.
        waits: steps before which the plan has it wait.
        from_s: when it can begin [s after the start of the plan].
        until_s: when the new plan will be there.
    """
    found: list[Leg | Loading] = []
    for number in range(len(steps) if first is None else first, len(steps)):
        step = steps[number]
        begins_s = max(from_s, step.begins_s) if number == 0 or number in waits else from_s
        if begins_s >= until_s:
            break
        begins_s = tenths(begins_s) / 10.0
        from_s = (tenths(begins_s) + round(10.0 * (step.ends_s - step.begins_s))) / 10.0
        found.append(replace(step, begins_s=begins_s, ends_s=from_s))
    return tuple(found)


@dataclass(frozen=True)
class Heads:
    """Trips' first steps, which no planner changes.

    Attributes:
        lorries: at the places where their trips begin.
        steps: by lorry.
        jobs: every pass that is to be planned, those of the steps too, by name.
    """

    lorries: tuple[Lorry, ...]
    steps: Mapping[str, tuple[Leg | Loading, ...]]
    jobs: Mapping[str, Job]

    @property
    def left(self) -> list[Job]:
        """Passes that are not of the steps."""
        taken = {s.job for steps in self.steps.values() for s in steps if isinstance(s, Leg)}
        return [job for name, job in self.jobs.items() if name not in taken]

    @property
    def ahead(self) -> tuple[Lorry, ...]:
        """The lorries where and as they are after these steps."""
        return tuple(self._after(v, self.steps[v.lorry_id]) for v in self.lorries)

    def _after(self, lorry: Lorry, steps: Steps) -> Lorry:
        if not steps:
            return lorry
        last, salt_kg = steps[-1], lorry.begins_with_kg
        for s in steps:
            salt_kg = lorry.capacity_kg if isinstance(s, Loading) else salt_kg - _salt_kg(s, self.jobs)
        after, stands = (None, last.node) if isinstance(last, Loading) else (last.arc, None)
        return replace(lorry, from_s=last.ends_s, on_board_kg=max(0.0, salt_kg), after=after, stands=stands)

    def joined(self, plan: FleetPlan) -> FleetPlan:
        """Return a plan of the lorries as they are ``ahead`` with these steps before it."""
        trips = tuple(Trip(t.lorry_id, (*self.steps[t.lorry_id], *t.steps)) for t in plan.trips)
        legs = [s for t in trips for s in t.steps if isinstance(s, Leg) and s.job is not None]
        before_s = sum(a.from_s - v.from_s for a, v in zip(self.ahead, self.lorries, strict=True))
        return replace(
            plan, trips=trips, cost_s=plan.cost_s + before_s, begun_s=plan.begun_s + before_s,
            late=tuple(s.job for s in legs if s.job and s.ends_s > self.jobs[s.job].due_s),
            over=tuple(v.lorry_id for v, t in zip(self.lorries, trips, strict=True) if t.ends_s > v.until_s),
        )  # fmt: skip


def heads_of(
    lorries: Sequence[Lorry],
    fixed: Mapping[str, Steps],
    jobs: Sequence[Job],
    closed: Callable[[int], bool] = lambda _: False,
) -> Heads:
    """Return what stays of what lorries drive while the plan is made: up to the first step that is not asked for so.

    Args:
        lorries: where the plan takes them up.
        fixed: by lorry what it drives meanwhile.
        jobs: passes that are still to be done.
        closed: whether nobody may drive an arc any more: who was to drive there is given new orders before it.
    """
    by_name = {job.name: job for job in jobs}
    steps = {v.lorry_id: _kept(v, _open(fixed.get(v.lorry_id, ()), closed), by_name) for v in lorries}
    return Heads(tuple(lorries), steps, by_name)


def _open(steps: Steps, closed: Callable[[int], bool]) -> Steps:
    return list(takewhile(lambda s: isinstance(s, Loading) or not closed(s.arc), steps))


def _kept(lorry: Lorry, steps: Steps, jobs: Mapping[str, Job]) -> tuple[Leg | Loading, ...]:
    kept: list[Leg | Loading] = []
    salt_kg = lorry.begins_with_kg
    for s in steps:
        if isinstance(s, Loading):
            salt_kg = lorry.capacity_kg
        elif s.job is not None:
            job = jobs.get(s.job)
            salt_kg -= 0.0 if job is None else job.salt_kg
            if job is None or salt_kg < 0.0 or s.arc not in job.ways or s.ends_s - job.serve_s < job.from_s:
                break
        kept.append(s)
    return tuple(kept)


def _salt_kg(leg: Leg, jobs: Mapping[str, Job]) -> float:
    return 0.0 if leg.job is None else jobs[leg.job].salt_kg
