"""What is left of a plan whose lorries are where it has them: for plans in files, where nobody reports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rules.core.cab.codec import OnRoads, arc_of, lorry_of, name_of, settings_told, trip_told
from rules.core.cab.going_on import rest_of
from rules.core.cab.model import Asked, Contents, Plan, Start
from rules.core.cab.progress import Following, Progress
from rules.core.fleet.jobs import Job, Wanted
from rules.core.fleet.lorries import Fleet, Lorry
from rules.core.fleet.plan import FleetPlan
from rules.core.fleet.verify import Check
from rules.core.gritting_parameters import TreatmentParameters
from rules.core.network.network import Network


@dataclass(frozen=True)
class Left:
    """What is left of a night.

    Attributes:
        jobs: not done yet.
        fleet: the lorries that still drive, where and with what they can be given new orders.
        standing: by lorry what it was to do next.
        done: arcs treated so far, one entry a pass.
    """

    jobs: tuple[Job, ...]
    fleet: Fleet
    standing: Mapping[str, Sequence[str]]
    done: tuple[int, ...]


def left_of_plan(
    plan: FleetPlan, check: Check, at_s: float, broken: Sequence[str], treatment: TreatmentParameters
) -> Left:
    """Return what is left at a moment of a plan that is driven to the letter.

    What a lorry is doing it does to the end; what a broken one was treating is not done.

    Args:
        plan: that is being driven.
        check: with the roads, what is wanted, the fleet and the settings of it.
        at_s: the moment [s after the start of the night].
        broken: lorries that drive no further.
        treatment: how reports would be read.

    Raises:
        ValueError: no such lorry, none left, or a moment that can't be.
    """
    _check_named(check.fleet, at_s, broken)
    on = OnRoads(check.network, _contents(plan, check))
    following = Following(on, treatment)
    progress = {lorry: _as_seen(following.progress(lorry, (), at_s), at_s) for lorry in on.trips}
    rest = rest_of(on, _kept(on.contents), progress, at_s, dict.fromkeys(broken, ""))
    finished = {d.job for d in rest.done}
    lorries = tuple(lorry_of(check.network, s) for s in rest.starts)
    return Left(
        tuple(job for name, job in on.jobs.items() if name not in finished), replace(check.fleet, lorries=lorries),
        rest.standing, tuple(arc_of(check.network, d.segment_id, d.from_node) for d in rest.done),
    )  # fmt: skip


def _check_named(fleet: Fleet, at_s: float, broken: Sequence[str]) -> None:
    known = {lorry.lorry_id for lorry in fleet.lorries}
    for name in broken:
        if name not in known:
            raise ValueError(f"lorry {name}: not in the fleet; there are {', '.join(sorted(known))}")
    if not 0.0 <= at_s < math.inf:
        raise ValueError(f"at {at_s} s; allowed: 0 or later")
    if known <= set(broken):
        raise ValueError("no lorry is left")


def _as_seen(p: Progress, at_s: float) -> Progress:
    """Return progress by the clock as if reports showed it."""
    return replace(p, by_clock=False, seen_s=at_s, treated=p.assumed, assumed=frozenset())


def _contents(plan: FleetPlan, check: Check) -> Contents:
    network, limits_s = check.network, check.settings.limits_s
    return Contents(
        start_s=0.0, orders=(), asked=tuple(_asked(w, limits_s) for w in check.wanted),
        fleet=tuple(_start(network, v) for v in check.fleet.lorries),
        barns=tuple(network.nodes[n].node_id for n in check.fleet.barns), settings=settings_told(check.settings),
        trips=tuple(trip_told(network, t) for t in plan.trips), late=plan.late, over=plan.over,
        left_out=plan.left_out, missed=(), cost_s=plan.cost_s, begun_s=plan.begun_s, seed=0,
        iterations=plan.iterations, roads="",
    )  # fmt: skip


def _asked(w: Wanted, limits_s: Mapping[int, float]) -> Asked:
    due_s = min(limits_s.get(w.priority, math.inf), math.inf if w.due_s is None else w.due_s)
    return Asked(
        segment_id=w.segment_id, ref="", g_m2=w.g_m2, priority=w.priority, runs=w.runs, from_s=w.from_s,
        due_s=None if math.isinf(due_s) else due_s,
    )  # fmt: skip


def _start(network: Network, v: Lorry) -> Start:
    return Start(
        lorry=v.lorry_id, device=v.lorry_id, depot=network.nodes[v.depot].node_id, capacity_kg=v.capacity_kg,
        on_board_kg=v.begins_with_kg, from_s=v.from_s, until_s=None if math.isinf(v.until_s) else v.until_s,
        after=None if v.after is None else name_of(network, v.after),
        stands=None if v.stands is None else network.nodes[v.stands].node_id,
    )  # fmt: skip


def _kept(contents: Contents) -> Plan:
    return Plan(
        night="",
        kind="tonight",
        at_s=0.0,
        by="",
        role="",
        via="file",
        reason="",
        contents=contents,
        version=1,
    )
