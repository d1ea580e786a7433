"""What a closure does to a night's gritting: two plans compared, pass by pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from devices.registry import RoadSegment
from rules.core.cab.making import driven_of_trip
from rules.core.cab.model import Contents, Plan, Step
from rules.core.closing.costs import LorryCosts
from rules.core.closing.hours import Driven
from rules.core.closing_effects.affected import Shut, affected
from rules.core.closing_effects.document import Broken, Lost, Service, Sums
from rules.core.network.network import Network

LATER_MIN = 1.0
"""Who is late already is told of again where a closure makes it so much later [min]."""


def gritting_effect(
    network: Network,
    before: Contents,
    after: Contents,
    costs: LorryCosts,
    basis: str,
    plan: Plan | None,
    shut: Shut,
) -> Service:
    """Return what a closure does to the night.

    Args:
        network: the roads.
        before: plan of the roads as they are.
        after: of the same stretches from the same lorries around the closure.
        costs: of a lorry.
        basis: what was planned, in words.
        plan: that counts now: who is affected drives by it; None: by ``before``.
        shut: what would be closed, and when.
    """
    counts = before if plan is None else plan.contents
    return Service(
        basis=basis, plan=None if plan is None else plan.version, before=_sums(network, before, costs),
        after=_sums(network, after, costs), lost=tuple(_lost(network, before, after)),
        broken=tuple(chain(_later(network, before, after), _over(before, after))),
        affected=tuple(affected(network, shut, _lorries(counts))),
        again=tuple(sorted(_names(network, before.left_out) - _names(network, after.left_out))), notes=after.notes,
    )  # fmt: skip


def _sums(network: Network, c: Contents, costs: LorryCosts) -> Sums:
    steps = [s for t in c.trips for s in t.steps]
    km = sum(_segment(network, s).length_m for s in steps if s.segment_id is not None) / 1000.0
    seconds = sum(t.steps[-1].ends_s - t.steps[0].begins_s for t in c.trips if t.steps)
    gbp = km * costs.gbp_km + seconds / 3600.0 * costs.gbp_h
    done = sum(s.job is not None for s in steps)
    return Sums(km=round(km, 2), minutes=round(seconds / 60.0, 1), gbp=round(gbp, 2), done=done)


def _segment(network: Network, step: Step) -> RoadSegment:
    assert step.segment_id is not None
    return network.segments[network.graph.segment_index[step.segment_id]]


def _lost(network: Network, before: Contents, after: Contents) -> Iterable[Lost]:
    """Yield each stretch once of which a pass is left out that was not before."""
    names = dict.fromkeys(_id_of(job) for job in after.left_out if job not in set(before.left_out))
    for name in names:
        index = network.graph.segment_index[name]
        why = after.closed.get(name)
        words = f"closed: {why}" if why else "no way leads there and back past what is closed"
        yield Lost(what=name, street=network.segments[index].street or name, why=words)


def _id_of(job: str) -> str:
    return job.split("/")[0]


def _names(network: Network, jobs: Iterable[str]) -> set[str]:
    index = network.graph.segment_index
    return {network.segments[index[_id_of(job)]].street or _id_of(job) for job in jobs}


def _later(network: Network, before: Contents, after: Contents) -> Iterable[Broken]:
    """Yield stretches that are treated after their time, or later still."""
    due = {a.segment_id: a.due_s for a in after.asked}
    was, ends = _late_s(before), _late_s(after)
    worst: dict[str, float] = {}
    for job, end_s in ends.items():
        name, limit = _id_of(job), due.get(_id_of(job))
        if limit is None or end_s - was.get(job, limit) <= 60.0 * LATER_MIN * (job in was):
            continue
        worst[name] = max(worst.get(name, 0.0), end_s - limit)
    for name, late_s in sorted(worst.items(), key=lambda row: -row[1]):
        street = network.segments[network.graph.segment_index[name]].street or name
        yield Broken(what=f"{street} ({name}) is treated late", late_min=round(late_s / 60.0, 1))


def _late_s(c: Contents) -> Mapping[str, float]:
    """Return when each pass that is late is done [s after the start]."""
    late = set(c.late)
    return {s.job: s.ends_s for t in c.trips for s in t.steps if s.job is not None and s.job in late}


def _over(before: Contents, after: Contents) -> Iterable[Broken]:
    until = {s.lorry: s.until_s for s in after.fleet}
    for t in after.trips:
        limit = until.get(t.lorry)
        if t.lorry in after.over and t.lorry not in before.over and limit is not None and t.steps:
            late_min = round((t.steps[-1].ends_s - limit) / 60.0, 1)
            yield Broken(what=f"{t.lorry} is back after its crew's hours", late_min=late_min)


def _lorries(c: Contents) -> Iterable[tuple[str, list[Driven]]]:
    for trip in c.trips:
        yield trip.lorry, list(driven_of_trip(trip, c.start_s))
