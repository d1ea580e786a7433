"""A route's plan from columns: :func:`rules.core.route_plan.make_plan` of its segments, with words for one of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rules.core import residual
from rules.core.coat import BARE, Coat
from rules.core.gritting import Assessment, Outcome
from rules.core.gritting_parameters import GrittingParameters
from rules.core.holding import (
    cautious,
    held_over,
    is_by_trend,
    is_watched,
    on_route,
    refused_by,
    released,
    rests,
    still_refused,
)
from rules.core.judged import HAZARDS, MONITOR, REFER, TREAT, Judged
from rules.core.planned import Need, RoutePlan
from rules.core.psychrometrics import Floats
from rules.core.route_plan import (
    missing,
    not_before,
    ploughed_since,
    rain_ends_s,
    referred,
    said_of,
    strongest,
)
from rules.core.worn import Wear, counted

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stretches:
    """The segments of a route: ids, what they need, lowest temperatures, hours until nearly those and until rain ends.

    ``p_ice``: the chance of ice where somebody forecast the weather, else NaN.
    ``rain_mm``: rain until it freezes for the last time, ``ahead_h``: how far a forecast is looked at; NaN without one.
    ``lying_mm``: snow that has fallen on the town [mm of water].
    ``explain``: what one of them needs, by its place in the route, with the reason in words.
    """

    ids: Sequence[str]
    judged: Judged
    minimum_c: Floats
    low_in_h: Floats
    rain_ends_in_h: Floats
    p_ice: Floats
    rain_mm: Floats
    ahead_h: Floats
    explain: Callable[[int], Assessment]
    lying_mm: float = 0.0


def plan_of(
    here: Stretches,
    coats: Mapping[str, Coat],
    before: RoutePlan | None,
    at_s: float,
    period: int,
    p: GrittingParameters,
    lost: bool = False,
) -> RoutePlan:
    """Return the plan of a route; arguments as of :func:`rules.core.route_plan.make_plan`."""
    p = cautious(p) if lost else p
    first = _coldest(here, ~np.isnan(here.minimum_c))
    minimum = None if first is None else float(here.minimum_c[first])
    treats = bool((here.judged.outcome == TREAT).any())
    kept = held_over(before, minimum, treats, _any_p_ice(here), period, p)
    here = _still_refused(here, kept, p) if kept is not None and kept.aside else here
    refers = (here.judged.outcome == REFER) & ~np.isnan(here.minimum_c)
    refused = {here.ids[k] for k in np.flatnonzero(refers).tolist()}
    asks = here.judged.outcome >= REFER
    freed = released(
        kept, None if lost else _most_p_ice(here), bool(asks.any()), on_route(coats, here.ids), p
    )
    asked = {} if kept is None or freed else kept.asked
    away = refused | (
        {s for k, s in enumerate(here.ids) if _rests(here, k, kept, lost, p)}
        if kept is not None and kept.aside
        else set()
    )
    held = {s: n for s, n in asked.items() if s not in away}
    aside = {s: n for s, n in asked.items() if s in away}
    gapped = np.flatnonzero(refers & here.judged.gap).tolist()
    gaps = {here.ids[k]: _gap(here.judged, k) for k in gapped if here.ids[k] in aside}
    deep = [here.ids[k] for k in np.flatnonzero(here.judged.plough).tolist()]
    ploughed_s = ploughed_since(before, bool(deep), here.lying_mm >= p.plough_snow_mm, at_s)
    coats = counted(coats, _worn(here) if coats else (), ploughed_s, at_s, p)
    salt = _Salt.of(here, coats, held, at_s, p)
    told = np.zeros(len(here.ids), dtype=bool) if lost else ~np.isnan(here.p_ice)
    needs = _needs_of(here, salt, held, told, at_s, p)
    coldest = None if first is None else here.ids[first]
    if not needs:
        outcome, why = _without_treatment(here, salt)
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
    left = [missing(n, coats.get(here.ids[k], BARE), at_s, p) for k, n in needs.items()]
    rate, passes = max(left, key=lambda m: (m[0] * m[1], m[0]))
    named = {here.ids[k]: n for k, n in needs.items()}
    due = list(needs)
    ends_h = float(np.nan_to_num(here.rain_ends_in_h[due]).max())
    return RoutePlan(
        period, "treat", _why(here, needs), rate, passes, named, minimum, coldest,
        plough=bool(here.judged.plough[due].any()) or (kept is not None and kept.plough),
        not_before_s=rain_ends_s(ends_h, at_s),
        refused=len(refused),
        refused_ids=tuple(sorted(refused)),
        ploughed_s=ploughed_s,
        aside=aside,
        gaps=gaps,
        by_trend=is_by_trend(kept, bool(((here.judged.outcome == TREAT) & ~np.isnan(here.p_ice)).any())),
    )  # fmt: skip


def _worn(here: Stretches) -> list[Wear]:
    """Return what wears the salt of the segments that are to be treated."""
    judged = here.judged
    return [
        Wear(here.ids[k], HAZARDS[judged.hazard[k]][0], bool(judged.plough[k]), bool(judged.lasts[k]))
        for k in np.flatnonzero(judged.outcome == TREAT).tolist()
    ]


def _still_refused(here: Stretches, kept: RoutePlan, p: GrittingParameters) -> Stretches:
    """Return what the stretches need with :func:`rules.core.holding.still_refused` of all."""
    judged, lowest = here.judged, here.minimum_c.tolist()
    by = np.array([refused_by(s, lowest[k], _gap(judged, k), kept, p) for k, s in enumerate(here.ids)])
    waits = (by != "") & (judged.outcome != REFER) & ~np.isnan(here.minimum_c)
    judged = replace(
        judged,
        outcome=np.where(waits, REFER, judged.outcome),
        near=judged.near & ~waits,
        plough=judged.plough & ~waits,
        gap=np.where(waits, by == "gap", judged.gap),
    )
    return replace(here, judged=judged, explain=lambda k: still_refused(here.explain(k), kept, p))


def _gap(judged: Judged, k: int) -> str:
    """Return the condition for which the matrix has no rate, here or a little colder; "" where it has one."""
    return HAZARDS[judged.hazard[k]][0] if judged.gap[k] else ""


def _most_p_ice(here: Stretches) -> float | None:
    """Return :func:`rules.core.route_plan.most_of` of a route."""
    return None if len(here.ids) == 0 or np.isnan(here.p_ice).any() else float(here.p_ice.max())


def _any_p_ice(here: Stretches) -> float | None:
    """Return :func:`rules.core.holding.any_of` of a route."""
    known = here.p_ice[~np.isnan(here.p_ice)]
    return float(known.max()) if len(known) else None


def _rests(here: Stretches, k: int, kept: RoutePlan, lost: bool, p: GrittingParameters) -> bool:
    """Return :func:`rules.core.holding.rests` of a stretch, by its place in the route."""
    p_ice = None if lost or np.isnan(here.p_ice[k]) else float(here.p_ice[k])
    return rests(kept, here.ids[k], bool(here.judged.outcome[k] == TREAT), p_ice, p)


def _coldest(here: Stretches, among: Bools) -> int | None:
    """Return the place of the coldest of some segments, of those without a temperature the first by id."""
    at = np.flatnonzero(among)
    if len(at) == 0:
        return None
    cold = np.nan_to_num(here.minimum_c[at], nan=np.inf)
    coldest: list[int] = at[cold == cold.min()].tolist()
    return min(coldest, key=lambda k: here.ids[k])


def _without_treatment(here: Stretches, salt: _Salt) -> tuple[Outcome, str]:
    meaning: tuple[tuple[int, Outcome], ...] = ((REFER, "refer"), (TREAT, "monitor"), (MONITOR, "monitor"))
    for outcome, route_outcome in meaning:
        worst = _coldest(here, here.judged.outcome == outcome)
        if worst is not None:
            safe_c = float(salt.safe_c[worst]) if salt.protects[worst] else None
            return route_outcome, said_of(here.explain(worst), safe_c)
    worst = _coldest(here, np.ones(len(here.ids), dtype=bool))
    return "no_action", "the route has no segments" if worst is None else said_of(here.explain(worst), None)


def _why(here: Stretches, needs: Mapping[int, Need]) -> str:
    asked = sorted(needs)
    now = [k for k in asked if here.judged.outcome[k] == TREAT] or asked
    cold = np.nan_to_num(here.minimum_c, nan=0.0)
    worst = here.explain(min(now, key=lambda k: (-needs[k].total_g_m2, float(cold[k]))))
    since = "" if worst.outcome == "treat" else "asked for earlier tonight, now "
    left = sum(k not in needs for k in np.flatnonzero(here.judged.outcome == REFER).tolist())
    return f"{worst.outlook.street}: {since}{worst.why}{referred(left)}"


def _needs_of(
    here: Stretches, salt: _Salt, held: Mapping[str, Need], told: Bools, at_s: float, p: GrittingParameters
) -> dict[int, Need]:
    """Return what is still to be treated by place in the route; once there is something, what is nearly due joins it."""
    treat = here.judged.outcome == TREAT
    if not held and not treat.any():
        return {}
    fresh = _fresh(here, salt, at_s, p)
    want = fresh.where(treat)
    if held:
        want = _Needs.of([held.get(s) for s in here.ids]).stronger(
            want, told & (fresh.by_s > at_s + p.respond_s)
        )
    open_ = ~salt.protects
    due = open_ & want.there & ~salt.enough(want, at_s, p)
    soon = open_ & ~due & fresh.there & ~salt.enough(fresh, at_s + p.respond_s, p)
    join_s = at_s + p.respond_s + 3600.0 * p.join_h
    later = open_ & ~due & ~soon & fresh.there & ~salt.enough(fresh, join_s, p)
    both = want.stronger(fresh)
    first = due | (soon & treat)
    if not first.any():
        return {}
    found: dict[int, Need] = {}
    for among in (first, (soon & ~treat) | later):
        for k in np.flatnonzero(among).tolist():
            found[k] = (want if due[k] else both if soon[k] else fresh).need(k)
    along = told & ~treat
    first_s = min((n.by_s for k, n in found.items() if treat[k]), default=-np.inf)
    found = {k: not_before(n, first_s) if along[k] else n for k, n in found.items()}
    return {**found, **_along(here, salt, found, at_s, p)}


def _along(
    here: Stretches, salt: _Salt, needs: Mapping[int, Need], at_s: float, p: GrittingParameters
) -> dict[int, Need]:
    """Return what a lorry that drives the route anyway treats as well."""
    outcome = here.judged.outcome
    blind = np.isnan(here.minimum_c) & (outcome == REFER)
    others = blind if p.selective else blind | (outcome != REFER)
    if not others.any():
        return {}
    need = strongest(needs, at_s)
    open_ = others & ~salt.protects & ~salt.enough(_Needs.of([need] * len(here.ids)), at_s, p)
    return {k: need for k in np.flatnonzero(open_).tolist() if k not in needs}


@dataclass(frozen=True, slots=True)
class _Needs:
    """Needs of segments in columns, where there are any."""

    there: Bools
    g_m2: Floats
    passes: Ints
    by_s: Floats
    since_s: Floats

    @classmethod
    def of(cls, needs: Sequence[Need | None]) -> _Needs:
        rows = [(0.0, 1, 0.0, 0.0) if n is None else (n.g_m2, n.passes, n.by_s, n.since_s) for n in needs]
        g_m2, passes, by_s, since_s = np.array(rows, dtype=np.float64).reshape(-1, 4).T
        there = np.array([n is not None for n in needs], dtype=bool)
        return cls(there, g_m2, passes.astype(np.int64), by_s, since_s)

    @property
    def total_g_m2(self) -> Floats:
        return self.g_m2 * self.passes

    def where(self, keep: Bools) -> _Needs:
        return _Needs(self.there & keep, self.g_m2, self.passes, self.by_s, self.since_s)

    def stronger(self, fresh: _Needs, moves: Bools | None = None) -> _Needs:
        """Return the larger needs, by the earlier hour; ``moves``: by the fresh one's, even if that is later."""
        both = self.there & fresh.there
        only = fresh.there & ~self.there
        more = only | (both & (fresh.total_g_m2 > self.total_g_m2))
        sooner = fresh.by_s < self.by_s if moves is None else moves | (fresh.by_s < self.by_s)
        earlier = np.where(both & sooner, fresh.by_s, self.by_s)
        return _Needs(
            self.there | fresh.there,
            np.where(more, fresh.g_m2, self.g_m2),
            np.where(more, fresh.passes, self.passes),
            np.where(only, fresh.by_s, earlier),
            np.where(only, fresh.since_s, self.since_s),
        )

    def need(self, k: int) -> Need:
        return Need(float(self.g_m2[k]), int(self.passes[k]), float(self.by_s[k]), float(self.since_s[k]))


@dataclass(frozen=True, slots=True)
class _Salt:
    """The salt that counts on segments, and down to which temperature what is left of it protects them [°C]."""

    g_m2: Floats
    until_s: Floats
    safe_c: Floats
    protects: Bools

    @classmethod
    def of(
        cls,
        here: Stretches,
        coats: Mapping[str, Coat],
        held: Container[str],
        at_s: float,
        p: GrittingParameters,
    ) -> _Salt:
        n = len(here.ids)
        g_m2, until_s, left, margin_c = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        if not coats:
            return cls(g_m2, until_s, np.full(n, np.nan), np.zeros(n, dtype=bool))
        for k, segment in enumerate(here.ids):
            coat = coats.get(segment)
            if coat is not None:
                g_m2[k], until_s[k], margin_c[k] = (
                    coat.g_m2,
                    coat.until_s,
                    residual.margin_c(segment in held, p),
                )
                rain_mm, ahead_h = (
                    None if v != v else v for v in (float(here.rain_mm[k]), float(here.ahead_h[k]))
                )
                left[k] = residual.left_g_m2(coat, rain_mm, ahead_h, at_s, p)
        safe_c = residual.safe_of_all_c(left, here.judged.film_mm)
        return cls(g_m2, until_s, safe_c, here.minimum_c >= safe_c + margin_c)

    def enough(self, need: _Needs, at_s: float, p: GrittingParameters) -> Bools:
        missing_g_m2 = need.total_g_m2 - self.g_m2
        return (self.g_m2 > 0.0) & (missing_g_m2 < p.treatment.worth_g_m2) & (self.until_s > at_s)


def _fresh(here: Stretches, salt: _Salt, at_s: float, p: GrittingParameters) -> _Needs:
    """Return what the segments need as of now: in time, but not sooner than anyone can be there."""
    judged, n = here.judged, len(here.ids)
    now = np.full(n, at_s)
    need = _Needs((judged.outcome == TREAT) | judged.near, judged.rate_g_m2, judged.passes, now, now)
    in_h = np.where(salt.until_s > at_s, here.low_in_h, judged.in_h)
    cold_s = at_s + 3600.0 * np.where(np.isnan(in_h), p.horizon_h, in_h)
    by_s = np.where(salt.enough(need, at_s, p), salt.until_s, cold_s)
    return _Needs(need.there, need.g_m2, need.passes, np.maximum(by_s, at_s + p.respond_s), now)
