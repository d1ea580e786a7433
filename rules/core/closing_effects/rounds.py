"""What a closure does to a day's bin rounds: two plans compared, bin by bin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.core.closing.hours import Driven
from rules.core.closing_effects.affected import Shut, affected
from rules.core.closing_effects.document import Broken, Lost, Service, Sums
from rules.core.network.network import Network
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.streets_driven import driven_of_round


def rounds_effect(
    network: Network, before: RoundPlan, after: RoundPlan, streets: Mapping[str, str], counts: RoundPlan | None,
    version: int | None, basis: str, shut: Shut,
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
        shut: what would be closed, and when.
    """
    return Service(
        basis=basis, plan=version, before=_sums(before), after=_sums(after), lost=tuple(_lost(before, after, streets)),
        broken=tuple(_broken(before, after)), affected=tuple(affected(network, shut, _lorries(network, counts or before))),
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


def _lorries(network: Network, plan: RoundPlan) -> Iterable[tuple[str, list[Driven]]]:
    for r in plan.rounds:
        yield r.lorry_id, list(driven_of_round(network, plan.day_s, r.stops))
