"""A night's plan in JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator

from rules.core.effects import Json, num
from rules.core.fleet.jobs import Job
from rules.core.fleet.plan import FleetPlan, Leg, Loading, Trip, sums
from rules.core.fleet.verify import Verdict
from rules.core.network.network import Network

ROW = "{:<10} {:>6} {:>11} {:>9} {:>6} {:>9} {:>9} {:>9}"
HEADING = ROW.format("lorry", "jobs", "treated km", "empty km", "loads", "salt kg", "last min", "back min")
SHOWN = 10


def as_json(network: Network, jobs: dict[str, Job], plan: FleetPlan, verdict: Verdict) -> Json:
    """Return a plan for machines."""
    return {
        "holds": verdict.holds,
        "wrong": list(verdict.wrong),
        "missed": list(verdict.missed),
        "late": list(plan.late),
        "over": list(plan.over),
        "left_out": list(plan.left_out),
        "sums": sums(network, jobs, plan.trips).told,
        "cost_s": num(plan.cost_s, 1),
        "begun_s": num(plan.begun_s, 1),
        "iterations": plan.iterations,
        "trips": [_trip(network, jobs, trip) for trip in plan.trips],
    }


def _trip(network: Network, jobs: dict[str, Job], trip: Trip) -> Json:
    return {
        "lorry": trip.lorry_id,
        "sums": sums(network, jobs, (trip,)).told,
        "steps": [_step(network, jobs, step) for step in trip.steps],
    }


def _step(network: Network, jobs: dict[str, Job], step: Leg | Loading) -> Json:
    times: Json = {"begins_s": num(step.begins_s, 1), "ends_s": num(step.ends_s, 1)}
    if isinstance(step, Loading):
        return {"load_at": network.nodes[step.node].node_id, **times}
    arc = network.arcs[step.arc]
    segment = network.segments[arc.segment]
    told: Json = {
        "segment_id": segment.segment_id,
        "street": segment.street,
        "from_node": network.nodes[arc.tail].node_id,
        "to_node": network.nodes[arc.head].node_id,
        **times,
    }
    return told if step.job is None else {**told, "job": step.job, "salt_kg": num(jobs[step.job].salt_kg, 1)}


def plan_lines(network: Network, jobs: dict[str, Job], plan: FleetPlan, verdict: Verdict) -> Iterator[str]:
    """Return a plan for people."""
    yield HEADING
    for trip in plan.trips:
        yield _row(network, jobs, trip.lorry_id, (trip,))
    yield _row(network, jobs, "all", plan.trips)
    for word, names in (("late", plan.late), ("over their hours", plan.over), ("not treated", plan.left_out)):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            yield f"{word}: {', '.join(names[:SHOWN])}{more}"
    yield from verdict_lines(verdict)


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """Return what the check says."""
    for text in verdict.wrong[:SHOWN]:
        yield f"WRONG: {text}"
    for text in verdict.missed[:SHOWN]:
        yield f"MISSED: {text}"
    if verdict.holds:
        yield "checked anew from the network: coverage, turns, times, salt, limits and hours hold"


def _row(network: Network, jobs: dict[str, Job], name: str, trips: tuple[Trip, ...]) -> str:
    total = sums(network, jobs, trips)
    last = max((s.ends_s for t in trips for s in t.steps if isinstance(s, Leg) and s.job), default=0.0)
    back = max((trip.ends_s for trip in trips), default=0.0)
    return ROW.format(
        name,
        sum(len(trip.jobs) for trip in trips),
        f"{total.treated_m / 1000:.1f}",
        f"{total.empty_m / 1000:.1f}",
        total.loads,
        f"{total.salt_kg:.0f}",
        f"{last / 60:.1f}",
        f"{back / 60:.1f}",
    )
