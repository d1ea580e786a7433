"""What the orders that stand ask of the lorries tonight."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from rules.core.cab.model import Asked, OrderSeen
from rules.core.cab.shared import asks_more, one_for_all
from rules.core.treatment import Pass
from rules.core.winter_orders.model import Case, Treatment

TOGETHER_S = 2 * 3600.0
"""Orders whose lorry leaves so much later than the first are for another plan [s]."""
COVERED, ENOUGH = 0.9, 0.8
"""A stretch counts as treated from this share of its length on, with this share of the rate."""
STANDS = ("confirmed", "changed", "unanswered")


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """A route's name and priority."""

    label: str
    priority: int


@dataclass(frozen=True, slots=True)
class Tonight:
    """What is asked.

    Attributes:
        start_s: when the first lorry leaves [s since 1970].
        orders: that count; ``later`` and ``waiting`` are refs of those that do not yet.
        later_acts: how many acts there are about each that is for later.
        asked: stretches, each once.
        treated: stretches that are asked for and treated already.
    """

    start_s: float
    orders: tuple[OrderSeen, ...]
    asked: tuple[Asked, ...]
    later: tuple[str, ...]
    waiting: tuple[str, ...]
    treated: tuple[str, ...]
    later_acts: Mapping[str, int] = field(default_factory=dict)


def standing_orders(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Return the cases that are to be driven: the newest of each route, and all orders of officers' own."""
    newest: dict[str, Case] = {}
    own: list[Case] = []
    for case in sorted(cases, key=lambda c: (c.at_s, c.ref)):
        if case.treatment is None:
            continue
        if case.proposal is None:
            own.append(case)
        elif case.state in STANDS:
            newest[case.route_id] = case
    return tuple(sorted([*newest.values(), *own], key=lambda c: (c.at_s, c.ref)))


def tonight(
    cases: Sequence[Case],
    routes: Mapping[str, RouteFacts],
    now_s: float,
    *,
    start_s: float | None = None,
    limits_s: Mapping[int, float],
    treated: Mapping[str, Sequence[Pass]] | None = None,
    known: Iterable[Asked] = (),
    had: Iterable[OrderSeen] = (),
    driven: Mapping[str, bool] | None = None,
) -> Tonight:
    """Return what is to be driven.

    Args:
        cases: of the night.
        routes: by id.
        now_s: the town's time [s since 1970].
        start_s: of a plan of the night that goes on; without it the first lorry's.
        limits_s: by priority, from when a lorry can leave for an order to the end of the treatment [s].
        treated: what gritters have spread, by stretch: an order that no plan had yet is not driven twice.
        known: what the night's plan so far asks: its passes are counted there, and its times stand where the order's do.
        had: orders as that plan saw them.
        driven: its stretches that are treated, True wholly, False in part: what is, is treated again for an order
            that it did not have.
    """
    found = standing_orders(cases)
    first_s = max(now_s, min((_leaves(c, now_s) for c in found), default=now_s))
    zero_s = first_s if start_s is None else start_s
    now, later = _split(found, max(first_s, now_s) + TOGETHER_S, now_s)
    wants: dict[str, list[Asked]] = {}
    done: list[str] = []
    known, old = tuple(known), {o.ref: o for o in had}
    times, seen = {(a.ref, a.segment_id): a.due_s for a in known}, {a.ref for a in known}
    new = {c.ref for c in now if asks_more(_treatment(c), old.get(c.ref))}
    over = {c.ref: set[str]() if c.ref in new else set(old[c.ref].over) for c in now}
    for case in now:
        t = _treatment(case)
        for segment in t.segments:
            if segment in over[case.ref]:
                continue
            if case.ref not in seen and _is_treated((treated or {}).get(segment, ()), case.at_s, t):
                done.append(segment)
                continue
            want = _asked(case, segment, routes)
            leaves_s = max(now_s, _leaves(case, now_s)) - zero_s
            due_s = _due(t, leaves_s, limits_s.get(want.priority), zero_s)
            if case.ref in old and (old[case.ref].start_s, old[case.ref].by_s) == (t.start_s, t.by_s):
                due_s = times.get((case.ref, segment), due_s)
            wants.setdefault(segment, []).append(replace(want, due_s=due_s, from_s=_from(t, zero_s)))
    asked: list[Asked] = []
    before = {a.segment_id: a for a in known}
    for segment in sorted(wants):
        one, treated_for = one_for_all(wants[segment], new, before.get(segment), (driven or {}).get(segment))
        asked.append(one)
        for ref in treated_for:
            over[ref].add(segment)
    return Tonight(
        zero_s, tuple(_seen(c, routes, over[c.ref]) for c in now), tuple(asked),
        tuple(c.ref for c in later), tuple(sorted(c.ref for c in cases if c.state == "open")), tuple(sorted(set(done))),
        {c.ref: len(c.acts) for c in later},
    )  # fmt: skip


def is_for_later(case: Case, now_s: float) -> bool:
    """Whether the lorry of an order that stands leaves so much later that a plan of now would not have it."""
    return _leaves(case, now_s) > now_s + TOGETHER_S


def _split(found: Iterable[Case], until_s: float, now_s: float) -> tuple[list[Case], list[Case]]:
    now, later = list[Case](), list[Case]()
    for case in found:
        (now if _leaves(case, now_s) <= until_s else later).append(case)
    return now, later


def _treatment(case: Case) -> Treatment:
    assert case.treatment is not None
    return case.treatment


def _leaves(case: Case, now_s: float) -> float:
    start_s = _treatment(case).start_s
    return now_s if start_s is None else start_s


def _due(t: Treatment, leaves_s: float, limit_s: float | None, zero_s: float) -> float | None:
    """Return by when a stretch is to be treated: as ordered, or within its priority's limit."""
    times = [] if t.by_s is None else [t.by_s - zero_s]
    times += [] if limit_s is None else [leaves_s + limit_s]
    return max(0.0, float(math.floor(min(times)))) if times else None


def _from(t: Treatment, zero_s: float) -> float:
    """Return before when nothing may be treated: the start that an officer has set, or the end of the rain.

    A proposal's own start is the latest at which the lorry must leave: being earlier is no fault.
    """
    start_s = t.start_s if t.call_out_s is UNSET else None
    soonest_s = start_s if isinstance(t.not_before_s, UnsetType) else t.not_before_s
    return 0.0 if soonest_s is None else max(0.0, float(math.ceil(soonest_s - zero_s)))


def _asked(case: Case, segment: str, routes: Mapping[str, RouteFacts]) -> Asked:
    t = _treatment(case)
    priority = routes[case.route_id].priority if case.route_id in routes else 1
    return Asked(
        segment_id=segment,
        ref=case.ref,
        g_m2=t.g_m2 * t.passes,
        priority=priority,
        runs=t.passes,
        plough=t.plough,
    )


def _is_treated(passes: Sequence[Pass], since_s: float, t: Treatment) -> bool:
    """Whether what was spread since an order does it; that a road was ploughed no reading says."""
    if t.plough:
        return False
    kept = [p for p in passes if p.at_s >= since_s]
    area = sum((p.high - p.low) * p.g_m2 for p in kept)
    return _covered(kept) >= COVERED and area >= ENOUGH * COVERED * t.g_m2 * t.passes


def _covered(passes: Iterable[Pass]) -> float:
    end = total = 0.0
    for p in sorted(passes, key=lambda p: p.low):
        total += max(0.0, p.high - max(end, p.low))
        end = max(end, p.high)
    return total


def _seen(case: Case, routes: Mapping[str, RouteFacts], over: Collection[str]) -> OrderSeen:
    t = _treatment(case)
    label = routes[case.route_id].label if case.route_id in routes else case.route_id
    return OrderSeen(
        ref=case.ref, route_id=case.route_id, label=label, state=case.state, acts=len(case.acts), g_m2=t.g_m2,
        passes=t.passes, stretches=len(t.segments), start_s=t.start_s, by_s=t.by_s, plough=t.plough,
        over=tuple(s for s in t.segments if s in over),
    )  # fmt: skip
