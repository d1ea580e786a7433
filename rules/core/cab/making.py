"""A plan from what is asked, where the lorries are, and what is done: planned, checked, told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rules.core.cab.codec import (
    arc_of,
    lorry_of,
    settings_told,
    trip_told,
    wanted_of,
)
from rules.core.cab.committed import heads_of
from rules.core.cab.model import Asked, Contents, Done, Heard, OrderSeen, Start, TripDoc, Usual
from rules.core.cab.roads import marks_of, roads_sha256
from rules.core.closing.hours import Driven, Later, around, later_notes
from rules.core.closing.model import closed_notes
from rules.core.fleet.jobs import Job, jobs_of
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip
from rules.core.fleet.planner import FleetPlanner
from rules.core.fleet.request import Request
from rules.core.fleet.roster import node_of
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify import Check, Verdict
from rules.core.network.network import Network


class WrongPlanError(AssertionError):
    """The check does not agree with the planner: a bug, and no plan to be driven."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be planned.

    Attributes:
        network: the roads.
        start_s: the time 0 [s since 1970].
        asked: every stretch of the night.
        starts: lorries where the plan takes them up.
        barns: numbers of the nodes with salt.
        settings: of all lorries; each stretch has its own time, and no limit counts beside it.
        standing: by lorry jobs in their usual order.
        fixed: by lorry what it drives while the plan is made.
        heard: lorries' last reports, told in the plan.
        done: under earlier plans of the night.
        orders, waiting, later, later_acts, out, standing_plan, notes: told in the plan.
        seed, iterations: told, and as the planner was made.
        closing: stretches that close while the plan is driven.
    """

    network: Network
    start_s: float
    asked: Sequence[Asked]
    starts: Sequence[Start]
    barns: Sequence[int]
    settings: FleetSettings
    standing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fixed: Mapping[str, Sequence[Leg | Loading]] = field(default_factory=dict)
    heard: Sequence[Heard] = ()
    done: Sequence[Done] = ()
    orders: Sequence[OrderSeen] = ()
    waiting: Sequence[str] = ()
    later: Sequence[str] = ()
    later_acts: Mapping[str, int] = field(default_factory=dict)
    out: Mapping[str, str] = field(default_factory=dict)
    standing_plan: int | None = None
    notes: Sequence[str] = ()
    seed: int = 1
    iterations: int = 0
    closing: Mapping[str, Later] = field(default_factory=dict)


def make(wish: Wish, planner: FleetPlanner) -> Contents:
    """Return the plan.

    Raises:
        ValueError: something that is asked for can't be, in words.
        WrongPlanError: the check finds the plan wrong.
    """
    wish = replace(wish, settings=replace(wish.settings, limits_s={}))

    def planned(network: Network, later: Mapping[str, Later]) -> Contents:
        shut = replace(wish, network=network, closing=later)
        plan, verdict = _planned(shut, left_of(shut), planner)
        if verdict.wrong:
            raise WrongPlanError(f"the plan is not what it claims to be: {'; '.join(verdict.wrong[:3])}")
        return _told(shut, plan, verdict)

    return around(wish.network, wish.closing, planned, driven_of_plan)


def driven_of_plan(c: Contents) -> Iterator[Driven]:
    """Yield what the lorries of a plan drive, and when [s since 1970]."""
    for trip in c.trips:
        yield from driven_of_trip(trip, c.start_s)


def driven_of_trip(trip: TripDoc, start_s: float) -> Iterator[Driven]:
    """Yield what one lorry drives; ``start_s``: the time 0 of its plan."""
    for s in trip.steps:
        if s.segment_id is not None:
            yield s.segment_id, start_s + s.begins_s, start_s + s.ends_s


def left_of(wish: Wish) -> list[Job]:
    """Return the passes that are still to be planned; ValueError where something that is asked for can't be."""
    settings = replace(wish.settings, limits_s={})
    finished = {d.job for d in wish.done}
    jobs = jobs_of(wish.network, wanted_of(wish.asked), settings)
    return [job for job in jobs if job.name not in finished]


def _planned(wish: Wish, left: Sequence[Job], planner: FleetPlanner) -> tuple[FleetPlan, Verdict]:
    if not wish.starts:
        names = tuple(job.name for job in left)
        said = tuple(f"{name}: no lorry is left" for name in names)
        return FleetPlan((), (), (), names, 0.0, 0.0), Verdict((), said)
    lorries = tuple(lorry_of(wish.network, s) for s in wish.starts)
    fleet = Fleet(lorries, tuple(node_of(wish.network, n) for n in wish.barns))
    fleet.check(wish.network)
    arcs, closed = wish.network.arcs, wish.network.closed
    heads = heads_of(lorries, wish.fixed, left, lambda arc: arcs[arc].segment in closed)
    ahead = replace(fleet, lorries=heads.ahead)
    plan = heads.joined(planner(Request(wish.network, heads.left, ahead, wish.settings, wish.standing)))
    before = [arc_of(wish.network, d.segment_id, d.from_node) for d in wish.done]
    check = Check(wish.network, wanted_of(wish.asked), fleet, wish.settings, before)
    return plan, check.verdict(plan)


def _told(wish: Wish, plan: FleetPlan, verdict: Verdict) -> Contents:
    usual = {name: lorry for lorry, names in wish.standing.items() for name in names}
    closings = (*closed_notes(wish.network), *later_notes(wish.network, wish.closing))
    changed = sum(usual.get(job, lorry) != lorry for job, lorry in plan.lorry_of.items())
    return Contents(
        start_s=wish.start_s, orders=tuple(wish.orders), asked=tuple(wish.asked), fleet=tuple(wish.starts),
        barns=tuple(wish.barns), settings=settings_told(wish.settings),
        trips=tuple(trip_told(wish.network, t) for t in plan.trips), late=plan.late, over=plan.over,
        left_out=plan.left_out, missed=verdict.missed, cost_s=float(plan.cost_s), begun_s=float(plan.begun_s), seed=wish.seed,
        iterations=wish.iterations, roads=roads_sha256(wish.network), stretches=marks_of(wish.network, _stretches(wish, plan)), waiting=tuple(wish.waiting),
        later=tuple(wish.later), later_acts=dict(wish.later_acts), done=tuple(wish.done), out=dict(wish.out), standing=wish.standing_plan,
        usual=tuple(Usual(lorry=v, jobs=tuple(names)) for v, names in wish.standing.items()),
        fixed=tuple(trip_told(wish.network, Trip(v, tuple(steps))) for v, steps in wish.fixed.items()),
        heard=tuple(wish.heard), changed=changed,
        notes=tuple(dict.fromkeys((*wish.notes, *closings))), closed=wish.network.closed_by_id,
    )  # fmt: skip


def _stretches(wish: Wish, plan: FleetPlan) -> set[str]:
    """Return what is asked for and what is driven."""
    arcs = [s.arc for t in plan.trips for s in t.steps if isinstance(s, Leg)]
    driven = {wish.network.segments[wish.network.arcs[a].segment].segment_id for a in arcs}
    return driven | {a.segment_id for a in wish.asked}
