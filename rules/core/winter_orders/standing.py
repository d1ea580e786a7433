"""Where proposals and orders stand: decisions and acts, played from the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rules.core.winter_orders.model import Act, Case, Proposal, State, Treatment
from rules.core.winter_orders.proposals import asks


def cases(decisions: Iterable[Proposal], acts: Iterable[Act]) -> tuple[Case, ...]:
    """Return a case for each proposal and each order of an officer's own, by when it came up.

    Args:
        decisions: of the routes, in the order of their numbers; those that ask nothing too, for they
            withdraw what nobody has answered.
        acts: in the order of their numbers.
    """
    done: dict[str, list[Act]] = {}
    for act in acts:
        done.setdefault(act.ref, []).append(act)
    found = [_proposed(p, done.pop(p.ref, []), row) for p, row in _with_later(decisions)]
    found += [_own(ref, rows) for ref, rows in done.items()]
    return tuple(sorted(found, key=lambda c: (c.at_s, c.route_id, c.ref)))


def _with_later(decisions: Iterable[Proposal]) -> list[tuple[Proposal, Sequence[Proposal]]]:
    """Return the proposals, each with the decisions on its route that came later."""
    of_route: dict[str, list[Proposal]] = {}
    for decision in decisions:
        of_route.setdefault(decision.route_id, []).append(decision)
    return [(p, row[n + 1 :]) for row in of_route.values() for n, p in enumerate(row) if asks(p.outcome)]


def _proposed(p: Proposal, acts: Sequence[Act], later: Sequence[Proposal]) -> Case:
    said = [a for a in acts if a.what != "unanswered"]
    state: State = "open"
    treatment: Treatment | None = None
    until_s = None
    if said:
        state, treatment = said[-1].what, said[-1].treatment
    elif later:
        state, until_s = ("superseded" if asks(later[0].outcome) else "withdrawn"), later[0].at_s
    elif acts:
        state, treatment = "unanswered", acts[-1].treatment
    return Case(
        ref=p.ref, route_id=p.route_id, state=state, proposal=p, acts=tuple(acts), treatment=treatment,
        until_s=until_s, not_needed_s=_not_needed_s(treatment, later),
    )  # fmt: skip


def _not_needed_s(treatment: Treatment | None, later: Sequence[Proposal]) -> float | None:
    """Return when the newest decision asked for nothing, if that was before the lorry was to leave and not because it is done."""
    if treatment is None or treatment.start_s is None or not later or asks(later[-1].outcome):
        return None
    last = later[-1]
    return last.at_s if last.at_s < treatment.start_s and not last.treated else None


def _own(ref: str, acts: Sequence[Act]) -> Case:
    """Return an officer's own order; also of a proposal whose decision is not among those asked for."""
    last = acts[-1]
    return Case(
        ref=ref, route_id=last.route_id, state=last.what, proposal=None, acts=tuple(acts), treatment=last.treatment
    )  # fmt: skip


OVER_S = 6 * 3600.0
"""What is to be done is over so long after it was to be on the road, or after its lorry left or the last act [s]."""
OLD_S = 24 * 3600.0
"""A proposal that nobody has answered is another night's so long after it was made [s]."""


def over_s(case: Case) -> float:
    """Return from when on nothing can be made of a case any more [s since 1970]."""
    if case.is_waiting:
        return case.at_s + OLD_S
    stands = [a.treatment for a in case.acts if a.treatment is not None]
    times: list[float | None] = [case.at_s, *(a.at_s for a in case.acts)]
    times += [stands[-1].start_s, stands[-1].by_s] if stands else []
    return max(t for t in times if t is not None) + OVER_S


def routes_of(found: Iterable[Case]) -> Mapping[str, tuple[Case, ...]]:
    """Return the cases by route, in their order."""
    by_route: dict[str, tuple[Case, ...]] = {}
    for case in found:
        by_route[case.route_id] = (*by_route.get(case.route_id, ()), case)
    return by_route
