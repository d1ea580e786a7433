"""What a closure does to a day's bin rounds: two plans compared, bin by bin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rules.core.closing_effects.document import Affected, Broken, Lost, Service, Sums
from rules.core.network.network import Network
from rules.core.rounds.plan import RoundPlan


def rounds_effect(
    network: Network, before: RoundPlan, after: RoundPlan, streets: Mapping[str, str], counts: RoundPlan | None,
    version: int | None, basis: str, now_s: float,
) -> Service:  # fmt: skip
    """Return what a closure does to the day.

    Args:
        network: the roads, by whose arcs the plans are numbered.
        before: plan of the roads as they are.
        after: of the same bins from the same lorries around the closure.
        streets: of bins.
        counts: plan that counts now, on these roads; None: by ``before`` is told who is affected.
        version: its number.
        basis: what was planned, in words.
        now_s: the town's time [s since 1970].
    """
    ids = set(after.made_from.closed) - set(before.made_from.closed)
    closed = {network.graph.segment_index[name] for name in ids}
    return Service(
        basis=basis, plan=version, before=_sums(before), after=_sums(after), lost=tuple(_lost(before, after, streets)),
        broken=tuple(_broken(before, after)), affected=tuple(_affected(network, counts or before, closed, now_s)),
        again=tuple(sorted(set(after.lorry_of) - set(before.lorry_of))), notes=after.notes,
    )  # fmt: skip


def _sums(plan: RoundPlan) -> Sums:
    seconds = sum((r.ends_s or 0) - (r.begins_s or 0) for r in plan.rounds)
    return Sums(
        km=round(plan.metres / 1000.0, 2), minutes=round(seconds / 60.0, 1), gbp=round(plan.costs.lorries_gbp, 2),
        done=len(plan.lorry_of),
    )  # fmt: skip


def _lost(before: RoundPlan, after: RoundPlan, streets: Mapping[str, str]) -> Iterable[Lost]:
    gone = set(before.lorry_of) - set(after.lorry_of)
    for n in after.not_collected:
        if n.bin_id in gone:
            yield Lost(what=n.bin_id, street=streets.get(n.bin_id, ""), why=n.why, must=n.must)


def _broken(before: RoundPlan, after: RoundPlan) -> Iterable[Broken]:
    was = {r.lorry_id: r.overtime_s for r in before.rounds}
    for r in after.rounds:
        more_s = r.overtime_s - was.get(r.lorry_id, 0)
        if more_s >= 60:
            yield Broken(what=f"{r.lorry_id} works overtime", late_min=round(more_s / 60.0, 1))
    missed = {n.bin_id for n in before.missed}
    for n in after.missed:
        if n.bin_id not in missed:
            yield Broken(what=f"{n.bin_id} must be emptied today and is not", late_min=0.0)


def _affected(network: Network, plan: RoundPlan, closed: Collection[int], now_s: float) -> Iterable[Affected]:
    for r in plan.rounds:
        hit = [
            (s, network.arcs[a].segment)
            for s in r.stops
            if plan.day_s + s.arrive_s > now_s
            for a in s.arcs
            if network.arcs[a].segment in closed
        ]
        if hit:
            names = (network.segments[i].street or network.segments[i].segment_id for _, i in hit)
            at_s = float(plan.day_s + hit[0][0].arrive_s)
            yield Affected(lorry=r.lorry_id, streets=tuple(dict.fromkeys(names)), at_s=at_s)
