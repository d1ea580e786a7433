"""What a route's segments need, less what is on them already: the route's plan.

The plan is precautionary and holds: once a segment is to be treated it stays so until it has
been, the service period ends (noon), the route has become clearly warmer than the
threshold, or salt no longer works there. What has been treated is not asked for again as long as the treatment holds, unless a
colder night needs more: then what is missing is asked for. It is asked for again early enough to
be there when the first treatment ends; not where what is left of it still does for tonight
(:mod:`rules.core.residual`). A lorry that drives the route anyway also treats stretches that nobody
knows anything of, and all of them where the route is not treated selectively.

Where the road forecast is lost, the sensors' trend sees a few hours only: it adds to the plan, but
takes nothing back, and nothing to do becomes watching.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import structs

from rules.core import residual
from rules.core.coat import BARE, Coat
from rules.core.gritting import Assessment, Outcome
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import foreseen_ice


class Need(msgspec.Struct, frozen=True, array_like=True):
    """Salt that a segment must have: rate of a pass [g/m²], passes, by when and asked when [s since 1970]."""

    g_m2: float
    passes: int
    by_s: float
    since_s: float

    @property
    def total_g_m2(self) -> float:
        """All passes together [g/m²]."""
        return self.g_m2 * self.passes


class RoutePlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route's plan, remembered so that it does not flutter.

    Attributes:
        period: service period (a night, noon to noon), counted from 1970.
        why: of the segment that needs most, as things are now.
        rate_g_m2, passes: of the treatment that brings every segment to what it needs.
        needs: per segment to treat, what must be on it in all.
        minimum_c: lowest surface temperature expected on the route now [°C].
        coldest: segment id of the lowest expected temperature.
        plough: whether snow is ploughed before the salt.
        by_trend: whether nothing but the sensors' trend, and never a forecast, has asked for the treatment.
        ploughed_s: since when the plan has it ploughed [s since 1970], None where it does not.
        not_before_s: when the rain ends that would wash the salt off [s since 1970]; None where none is foreseen.
        refused: on how many stretches salt does not work, or the matrix has no rate: the duty officer's.
    """

    period: int
    outcome: Outcome
    why: str
    rate_g_m2: float = 0.0
    passes: int = 1
    needs: dict[str, Need] = {}
    minimum_c: float | None = None
    coldest: str | None = None
    plough: bool = False
    not_before_s: float | None = None
    refused: int = 0
    ploughed_s: float | None = None
    by_trend: bool = False

    @property
    def segments(self) -> tuple[str, ...]:
        """Ids of the segments to treat, sorted."""
        return tuple(sorted(self.needs))

    @property
    def treat_by_s(self) -> float | None:
        """When the first segment must be treated [s since 1970], None where none is."""
        return min((n.by_s for n in self.needs.values()), default=None)

    @property
    def most_g_m2(self) -> float:
        """The most that any segment needs in all [g/m²]."""
        return max((n.total_g_m2 for n in self.needs.values()), default=0.0)


def period_of(at_s: float, start_h: float, utc_offset_s: float = 0.0) -> int:
    """Return the service period that a time belongs to: periods begin at ``start_h`` local."""
    return int((at_s + utc_offset_s - start_h * 3600.0) // 86_400.0)


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
        lost: whether there was a road forecast of it and none counts now.
    """
    p = cautious(p) if lost else p
    known = [(a.outlook.minimum_c, a.outlook.segment_id) for a in found if a.outlook.minimum_c is not None]
    minimum, coldest = min(known, default=(None, None))
    kept = held_over(before, minimum, any(a.outcome == "treat" for a in found), period, p)
    refused = {a.outlook.segment_id for a in found if a.outcome == "refer" and not _is_blind(a)}
    threatens = any(a.outcome in ("treat", "refer") for a in found)
    freed = released(
        kept,
        None if lost else most_of(found),
        threatens,
        on_route(coats, [a.outlook.segment_id for a in found]),
        p,
    )
    held = {} if kept is None or freed else {s: n for s, n in kept.needs.items() if s not in refused}
    deep = [a.outlook.segment_id for a in found if a.plough]
    ploughed_s = ploughed_since(before, bool(deep), at_s)
    coats = on_ploughed(coats, deep, ploughed_s)
    safe_c = residual.protected(found, coats, held, at_s, p)
    needs = _needs(found, coats, safe_c, held, at_s, p)
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
            ploughed_s=ploughed_s,
        )
    left = {s: missing(n, coats.get(s, BARE), at_s, p) for s, n in needs.items()}
    rate, passes = max(left.values(), key=lambda m: (m[0] * m[1], m[0]))
    asked = [a for a in found if a.outlook.segment_id in needs]
    ends_h = [a.outlook.rain_ends_in_h for a in asked if a.outlook.rain_ends_in_h is not None]
    return RoutePlan(
        period, "treat", _why(found, needs), rate, passes, needs, minimum, coldest,
        plough=any(a.plough for a in asked) or (kept is not None and kept.plough),
        not_before_s=rain_ends_s(max(ends_h, default=0.0), at_s),
        refused=len(refused),
        ploughed_s=ploughed_s,
        by_trend=is_by_trend(kept, any(foreseen_ice(a.outlook) is not None for a in found if a.outcome == "treat")),
    )  # fmt: skip


def is_by_trend(kept: RoutePlan | None, forecast_asks: bool) -> bool:
    """Whether only the sensors' trend has asked for a treatment; ``forecast_asks``: whether a forecast does now."""
    return not forecast_asks and (kept is None or not kept.needs or kept.by_trend)


def most_of(found: Sequence[Assessment]) -> float | None:
    """Return the highest chance of ice that a fresh forecast has on a route; None where it tells none of some stretch."""
    chances = [c for a in found if (c := foreseen_ice(a.outlook)) is not None]
    return max(chances) if found and len(chances) == len(found) else None


def on_route(coats: Mapping[str, Coat], ids: Iterable[str]) -> list[Coat]:
    """Return the salt on a route."""
    return [coats[s] for s in ids if s in coats] if coats else []


def released(
    kept: RoutePlan | None,
    most_p_ice: float | None,
    threatens: bool,
    here: Iterable[Coat],
    p: GrittingParameters,
) -> str:
    """Return why a plan that only the trend has asked for is given up, to be put behind a reason; empty where it is not.

    A forecast that has come since must have ice nowhere clearly as likely as would be acted on, nothing else may
    threaten, and nobody may have begun.

    Args:
        kept: the plan that holds.
        most_p_ice: of :func:`most_of`.
        threatens: whether any stretch calls for salt or for the duty officer as of now.
        here: the salt on the route.
        p: parameters.
    """
    if kept is None or not kept.by_trend or not kept.needs or threatens or most_p_ice is None:
        return ""
    asked_s = min(n.since_s for n in kept.needs.values())
    if any(c.at_s >= asked_s for c in here) or most_p_ice >= p.cost.release_below:
        return ""
    return (
        f"; the forecast that has come since gives ice in {100.0 * most_p_ice:.0f} % of cases at most: "
        "what the sensors' trend asked for is not needed"
    )


def ploughed_since(before: RoutePlan | None, deep: bool, at_s: float) -> float | None:
    """Return since when snow is to be ploughed [s since 1970]; ``deep``: whether it is now."""
    if not deep:
        return None
    return at_s if before is None or before.ploughed_s is None else before.ploughed_s


def on_ploughed(
    coats: Mapping[str, Coat], deep: Sequence[str], ploughed_s: float | None
) -> Mapping[str, Coat]:
    """Return the salt that counts: what lies under snow that is to be ploughed goes with it; later salt came behind a plough."""
    gone = {s for s in deep if s in coats and ploughed_s is not None and coats[s].at_s < ploughed_s}
    return {s: c for s, c in coats.items() if s not in gone} if gone else coats


def cautious(p: GrittingParameters) -> GrittingParameters:
    """Return parameters by which the sensors' trend alone takes back what a forecast has asked for only where no air could freeze it."""
    return structs.replace(p, release_c=max(p.release_c, p.air_margin_c))


def is_watched(kept: RoutePlan | None, minimum: float | None, lost: bool, p: GrittingParameters) -> bool:
    """Whether a route on which nothing threatens is watched all the same: it was, or its forecast is lost and it is not warm."""
    if lost and minimum is not None and minimum <= p.action_c + p.release_c:
        return True
    return kept is not None and kept.outcome in ("treat", "monitor")


def rain_ends_s(hours: float, at_s: float) -> float | None:
    """Return when rain ends that ends in some hours [s since 1970]; None where it has."""
    return at_s + 3600.0 * hours if hours > 0.0 else None


def held_over(
    before: RoutePlan | None, minimum: float | None, treats: bool, period: int, p: GrittingParameters
) -> RoutePlan | None:
    """Return the plan so far where it holds: in its own service period, and until it is clearly warmer.

    ``treats``: whether any stretch calls for salt as of now, however warm it is expected to stay.
    """
    warm = minimum is not None and minimum > p.action_c + p.release_c and not treats
    return None if before is None or before.period != period or warm else before


def _needs(
    found: Sequence[Assessment],
    coats: Mapping[str, Coat],
    safe_c: Mapping[str, float],
    held: Mapping[str, Need],
    at_s: float,
    p: GrittingParameters,
) -> dict[str, Need]:
    """Return what is still to be treated; once there is something, what is nearly due joins it."""
    needs: dict[str, Need] = {}
    later: dict[str, Need] = {}
    for a in found:
        if a.outlook.segment_id in safe_c:
            continue
        segment, here = a.outlook.segment_id, coats.get(a.outlook.segment_id, BARE)
        fresh = _fresh(a, here, at_s, p)
        want = _stronger(held.get(segment), fresh if a.outcome == "treat" else None)
        if want is not None and not _enough(want, here, at_s, p):
            needs[segment] = want
        elif fresh is not None and not _enough(fresh, here, at_s + p.respond_s, p):
            (needs if a.outcome == "treat" else later)[segment] = _stronger(want, fresh) or fresh
        elif fresh is not None and not _enough(fresh, here, at_s + p.respond_s + 3600.0 * p.join_h, p):
            later[segment] = fresh
    if not needs:
        return {}
    needs = {**needs, **later}
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


def _stronger(held: Need | None, fresh: Need | None) -> Need | None:
    """Return the larger need, by the earlier hour."""
    if held is None or fresh is None:
        return held or fresh
    more = fresh if fresh.total_g_m2 > held.total_g_m2 else held
    return Need(more.g_m2, more.passes, min(held.by_s, fresh.by_s), held.since_s)


def _enough(need: Need, here: Coat, at_s: float, p: GrittingParameters) -> bool:
    missing_g_m2 = need.total_g_m2 - here.g_m2
    return here.g_m2 > 0.0 and missing_g_m2 < p.treatment.worth_g_m2 and here.until_s > at_s


def missing(need: Need, here: Coat, at_s: float, p: GrittingParameters) -> tuple[float, int]:
    """Return rate [g/m²] and passes that bring a segment to what it needs."""
    left = here.left_g_m2(at_s)
    if left == 0.0 or need.g_m2 == 0.0:  # 0: remembered from a matrix that was let in before
        return need.g_m2, need.passes
    still_g_m2 = max(p.treatment.least_g_m2, need.total_g_m2 - left)
    passes = min(need.passes, math.ceil(still_g_m2 / need.g_m2))
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
