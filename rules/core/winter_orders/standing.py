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
    found = [_proposed(p, done.pop(p.ref, []), next_p) for p, next_p in _with_next(decisions)]
    found += [_own(ref, rows) for ref, rows in done.items()]
    return tuple(sorted(found, key=lambda c: (c.at_s, c.route_id, c.ref)))


def _with_next(decisions: Iterable[Proposal]) -> list[tuple[Proposal, Proposal | None]]:
    """Return the proposals, each with the decision on its route that came next."""
    of_route: dict[str, list[Proposal]] = {}
    for decision in decisions:
        of_route.setdefault(decision.route_id, []).append(decision)
    return [
        (p, after)
        for row in of_route.values()
        for p, after in zip(row, [*row[1:], None], strict=True)
        if asks(p.outcome)
    ]


def _proposed(p: Proposal, acts: Sequence[Act], after: Proposal | None) -> Case:
    said = [a for a in acts if a.what != "unanswered"]
    state: State = "open"
    treatment: Treatment | None = None
    until_s = None
    if said:
        state, treatment = said[-1].what, said[-1].treatment
    elif after is not None:
        state, until_s = ("superseded" if asks(after.outcome) else "withdrawn"), after.at_s
    elif acts:
        state, treatment = "unanswered", acts[-1].treatment
    return Case(
        ref=p.ref, route_id=p.route_id, state=state, proposal=p, acts=tuple(acts), treatment=treatment,
        until_s=until_s,
    )  # fmt: skip


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
