"""What a route's segments need, less what is on them already: the route's plan.

The plan is precautionary and holds: once a segment is to be treated it stays so until it has
been, the service period ends (noon), the route has become clearly warmer than the
threshold, or salt no longer works there. What has been treated is not asked for again as long as the treatment holds, unless a
colder night needs more: then what is missing is asked for. It is asked for again early enough to
be there when the first treatment ends; not where what is left of it still does for tonight
(:mod:`rules.core.residual`). A lorry that drives the route anyway also treats stretches that nobody
knows anything of, and all of them where the route is not treated selectively.

Where the road forecast is lost, the sensors' trend sees a few hours only: it adds to the plan, but
takes nothing back, and nothing to do becomes watching. The same goes for a road forecast made without
one of the weather, where one with it has asked for a treatment.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

from rules.core import residual
from rules.core.coat import BARE, Coat
from rules.core.gritting import Assessment, Outcome
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import foreseen_ice
from rules.core.holding import (
    any_of,
    cautious,
    held_over,
    is_by_trend,
    is_watched,
    most_of,
    on_route,
    released,
    rests,
    still_refused,
)
from rules.core.planned import Need as Need
from rules.core.planned import RoutePlan as RoutePlan
from rules.core.planned import period_of as period_of
from rules.core.worn import Wear, counted


def make_plan(
    found: Sequence[Assessment],
    coats: Mapping[str, Coat],
    before: RoutePlan | None,
    at_s: float,
    period: int,
    p: GrittingParameters,
    lost: bool = False,
) -> RoutePlan:
    """Return the plan of a route.

    Args:
        found: what each of its segments needs.
        coats: the salt on them, by segment id.
        before: the plan so far.
        at_s: now [s since 1970].
        period: service period of now.
        p: parameters of the rule.
        lost: whether there was a road forecast of it and none counts now, or none of the weather though one has asked.
    """
    p = cautious(p) if lost else p
    known = [(a.outlook.minimum_c, a.outlook.segment_id) for a in found if a.outlook.minimum_c is not None]
    minimum, coldest = min(known, default=(None, None))
    treats = any(a.outcome == "treat" for a in found)
    kept = held_over(before, minimum, treats, any_of(found), period, p)
    found = [still_refused(a, kept, p) for a in found] if kept is not None and kept.aside else found
    refused = {a.outlook.segment_id for a in found if a.outcome == "refer" and not _is_blind(a)}
    threatens = any(a.outcome in ("treat", "refer") for a in found)
    freed = released(
        kept,
        None if lost else most_of(found),
        threatens,
        on_route(coats, [a.outlook.segment_id for a in found]),
        p,
    )
    asked = {} if kept is None or freed else kept.asked
    away = refused | {
        a.outlook.segment_id
        for a in found
        if rests(
            kept, a.outlook.segment_id, a.outcome == "treat", None if lost else foreseen_ice(a.outlook), p
        )
    }
    held = {s: n for s, n in asked.items() if s not in away}
    aside = {s: n for s, n in asked.items() if s in away}
    gaps = {
        s: a.condition
        for a in found
        if a.outcome == "refer" and a.gap and (s := a.outlook.segment_id) in aside
    }
    deep = [a.outlook.segment_id for a in found if a.plough]
    lying_mm = max((a.outlook.lying_mm for a in found), default=0.0)
    ploughed_s = ploughed_since(before, bool(deep), lying_mm >= p.plough_snow_mm, at_s)
    worn = [Wear(a.outlook.segment_id, a.condition, a.plough, a.lasts) for a in found if a.outcome == "treat"]
    coats = counted(coats, worn, ploughed_s, at_s, p)
    safe_c = residual.protected(found, coats, held, at_s, p)
    told = (
        frozenset() if lost else {a.outlook.segment_id for a in found if foreseen_ice(a.outlook) is not None}
    )
    needs = _needs(found, coats, safe_c, held, told, at_s, p)
    if not needs:
        outcome, why = _without_treatment(found, safe_c)
        why += freed
        if outcome == "no_action" and is_watched(kept, minimum, lost, p):
            outcome = "monitor"
        return RoutePlan(
            period,
            outcome,
            why,
            minimum_c=minimum,
            coldest=coldest,
            refused=len(refused),
            refused_ids=tuple(sorted(refused)),
            ploughed_s=ploughed_s,
            aside=aside,
            gaps=gaps,
            by_trend=bool(aside) and is_by_trend(kept, False),
        )
    left = {s: missing(n, coats.get(s, BARE), at_s, p) for s, n in needs.items()}
    rate, passes = max(left.values(), key=lambda m: (m[0] * m[1], m[0]))
    due = [a for a in found if a.outlook.segment_id in needs]
    ends_h = [a.outlook.rain_ends_in_h for a in due if a.outlook.rain_ends_in_h is not None]
    return RoutePlan(
        period, "treat", _why(found, needs), rate, passes, needs, minimum, coldest,
        plough=any(a.plough for a in due) or (kept is not None and kept.plough),
        not_before_s=rain_ends_s(max(ends_h, default=0.0), at_s),
        refused=len(refused),
        refused_ids=tuple(sorted(refused)),
        ploughed_s=ploughed_s,
        aside=aside,
        gaps=gaps,
        by_trend=is_by_trend(kept, any(foreseen_ice(a.outlook) is not None for a in found if a.outcome == "treat")),
    )  # fmt: skip


def ploughed_since(before: RoutePlan | None, deep: bool, lies: bool, at_s: float) -> float | None:
    """Return since when snow is to be ploughed [s since 1970].

    ``deep``: whether it is now; ``lies``: whether so much has fallen, though a road that was just ploughed shows none.
    """
    since_s = None if before is None else before.ploughed_s
    if since_s is not None and lies:
        return since_s
    return at_s if deep else None


def rain_ends_s(hours: float, at_s: float) -> float | None:
    """Return when rain ends that ends in some hours [s since 1970]; None where it has."""
    return at_s + 3600.0 * hours if hours > 0.0 else None


def _needs(
    found: Sequence[Assessment],
    coats: Mapping[str, Coat],
    safe_c: Mapping[str, float],
    held: Mapping[str, Need],
    told: Container[str],
    at_s: float,
    p: GrittingParameters,
) -> dict[str, Need]:
    """Return what is still to be treated; once there is something, what is nearly due joins it.

    ``told``: of which stretches a forecast of the weather tells: of them the hour that it gives now counts.
    """
    needs: dict[str, Need] = {}
    later: dict[str, Need] = {}
    for a in found:
        if a.outlook.segment_id in safe_c:
            continue
        segment, here = a.outlook.segment_id, coats.get(a.outlook.segment_id, BARE)
        fresh = _fresh(a, here, at_s, p)
        asks = fresh if a.outcome == "treat" else None
        want = _stronger(held.get(segment), asks, segment in told and may_wait(asks, at_s, p))
        if want is not None and not _enough(want, here, at_s, p):
            needs[segment] = want
        elif fresh is not None and not _enough(fresh, here, at_s + p.respond_s, p):
            (needs if a.outcome == "treat" else later)[segment] = _stronger(want, fresh) or fresh
        elif fresh is not None and not _enough(fresh, here, at_s + p.respond_s + 3600.0 * p.join_h, p):
            later[segment] = fresh
    if not needs:
        return {}
    needs = {**needs, **later}
    ask = {a.outlook.segment_id for a in found if a.outcome == "treat"}
    first_s = min((n.by_s for s, n in needs.items() if s in ask), default=-math.inf)
    needs = {s: n if s in ask or s not in told else not_before(n, first_s) for s, n in needs.items()}
    return {**needs, **_along(found, coats, safe_c, needs, at_s, p)}


def _along(
    found: Sequence[Assessment],
    coats: Mapping[str, Coat],
    safe_c: Mapping[str, float],
    needs: Mapping[str, Need],
    at_s: float,
    p: GrittingParameters,
) -> dict[str, Need]:
    """Return what a lorry that drives the route anyway treats as well: what nobody knows of, or all that salt works on."""
    need = strongest(needs, at_s)
    others = [a for a in found if a.outlook.segment_id not in needs and a.outlook.segment_id not in safe_c]
    return {
        a.outlook.segment_id: need
        for a in others
        if (_is_blind(a) or not (p.selective or a.outcome == "refer"))
        and not _enough(need, coats.get(a.outlook.segment_id, BARE), at_s, p)
    }


def _is_blind(a: Assessment) -> bool:
    return a.outcome == "refer" and a.outlook.minimum_c is None


def strongest(needs: Mapping[Any, Need], at_s: float) -> Need:
    """Return the most that any of some needs asks for, by the earliest hour, asked for now."""
    most = max(needs.values(), key=lambda n: (n.total_g_m2, n.g_m2))
    return Need(most.g_m2, most.passes, min(n.by_s for n in needs.values()), at_s)


def _fresh(a: Assessment, here: Coat, at_s: float, p: GrittingParameters) -> Need | None:
    """Return what a segment needs as of now: in time, but not sooner than anyone can be there.

    Salt that still holds protects it until then, or, where it is too little, until it is nearly as
    cold as it will be.
    """
    if a.outcome != "treat" and not a.near:
        return None
    need = Need(a.rate_g_m2, a.passes, at_s, at_s)
    if _enough(need, here, at_s, p):
        by_s = here.until_s
    else:
        in_h = a.outlook.low_in_h if here.until_s > at_s else a.in_h
        by_s = at_s + 3600.0 * (p.horizon_h if in_h is None else in_h)
    return Need(a.rate_g_m2, a.passes, max(by_s, at_s + p.respond_s), at_s)


def _stronger(held: Need | None, fresh: Need | None, moves: bool = False) -> Need | None:
    """Return the larger need, by the earlier hour; ``moves``: by the fresh one's, even if that is later."""
    if held is None or fresh is None:
        return held or fresh
    more = fresh if fresh.total_g_m2 > held.total_g_m2 else held
    by_s = fresh.by_s if moves else min(held.by_s, fresh.by_s)
    return Need(more.g_m2, more.passes, by_s, held.since_s)


def may_wait(fresh: Need | None, at_s: float, p: GrittingParameters) -> bool:
    """Whether a need is for later than somebody can be there; else its hour is only that, and what was promised stands."""
    return fresh is not None and fresh.by_s > at_s + p.respond_s


def not_before(need: Need, first_s: float) -> Need:
    """Return the need of a stretch that only goes along: no sooner than the first that asks [s since 1970]."""
    return need if need.by_s >= first_s else Need(need.g_m2, need.passes, first_s, need.since_s)


def _enough(need: Need, here: Coat, at_s: float, p: GrittingParameters) -> bool:
    missing_g_m2 = need.total_g_m2 - here.g_m2
    return here.g_m2 > 0.0 and missing_g_m2 < p.treatment.worth_g_m2 and here.until_s > at_s


def missing(need: Need, here: Coat, at_s: float, p: GrittingParameters) -> tuple[float, int]:
    """Return rate [g/m²] and passes that bring a segment to what it needs.

    Of what was put down since it was asked for all counts while it holds, as in :func:`_enough`: half a double run leaves half of it.
    """
    is_part = here.at_s >= need.since_s and here.until_s > at_s and not here.washed
    left = here.g_m2 if is_part else here.left_g_m2(at_s)
    if left == 0.0 or need.g_m2 == 0.0:  # 0: remembered from a matrix that was let in before
        return need.g_m2, need.passes
    still_g_m2 = max(p.treatment.least_g_m2, need.total_g_m2 - left)
    passes = max(1, min(need.passes, math.ceil(still_g_m2 / p.dose.most_a_pass_g_m2)))
    return float(math.ceil(still_g_m2 / passes)), passes


def _why(found: Sequence[Assessment], needs: Mapping[str, Need]) -> str:
    """Return the reason of the segment that needs most now, the coldest of several."""
    asked = [a for a in found if a.outlook.segment_id in needs]
    now = [a for a in asked if a.outcome == "treat"] or asked

    def rank(a: Assessment) -> tuple[float, float]:
        coldest = 0.0 if a.outlook.minimum_c is None else a.outlook.minimum_c
        return -needs[a.outlook.segment_id].total_g_m2, coldest

    worst = min(now, key=rank)
    since = "" if worst.outcome == "treat" else "asked for earlier tonight, now "
    left = sum(a.outcome == "refer" and a.outlook.segment_id not in needs for a in found)
    return f"{worst.outlook.street}: {since}{worst.why}{referred(left)}"


def referred(stretches: int) -> str:
    """Return how many stretches somebody must decide on."""
    more = f"{stretches} more stretches need" if stretches > 1 else "1 more stretch needs"
    return f"; {more} the duty officer's decision" if stretches else ""


def _without_treatment(found: Sequence[Assessment], safe_c: Mapping[str, float]) -> tuple[Outcome, str]:
    """Return outcome and reason of a route on which nothing is to be treated, or nothing is left to."""
    meaning: tuple[tuple[Outcome, Outcome], ...] = (
        ("refer", "refer"), ("treat", "monitor"), ("monitor", "monitor"),
    )  # fmt: skip
    for outcome, route_outcome in meaning:
        some = [a for a in found if a.outcome == outcome]
        if some:
            worst = min(some, key=_coldness)
            return route_outcome, said_of(worst, safe_c.get(worst.outlook.segment_id))
    if not found:
        return "no_action", "the route has no segments"
    worst = min(found, key=_coldness)
    return "no_action", said_of(worst, None)


def said_of(a: Assessment, safe_c: float | None) -> str:
    """Return why a stretch is as it is; ``safe_c``: down to which earlier salt protects it [°C]."""
    more = "" if safe_c is None else f"; {residual.in_words(safe_c)}"
    return f"{a.outlook.street}: {a.why}{more}"


def _coldness(a: Assessment) -> tuple[float, str]:
    return math.inf if a.outlook.minimum_c is None else a.outlook.minimum_c, a.outlook.segment_id
