"""Rule winter.gritting: a decision per gritting route, remembered and written when it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from rules.core import forecast_rule
from rules.core.coat import BARE, Coat, Done, done
from rules.core.context import Context
from rules.core.cost_loss import cost_loss
from rules.core.effects import Decision, Json, num
from rules.core.forecast_looks import Looks, doubted
from rules.core.gritting import Assessment, Outlook, assess
from rules.core.gritting_parameters import GrittingParameters
from rules.core.holding import is_by_forecast
from rules.core.judged import Judged, judge
from rules.core.memory import Order, Outdoor, RouteMemory
from rules.core.outlooks import FROM_FORECAST, Outlooks, Wash, outlooks
from rules.core.plan_columns import Stretches
from rules.core.residual import safe_c
from rules.core.route_inputs import Informed, informed
from rules.core.route_lead import plan_in_time
from rules.core.route_plan import RoutePlan, period_of
from rules.core.route_result import RouteResult
from rules.core.segment_rule import read_at
from rules.core.segment_views import SegmentNow, Views
from rules.core.what_if import would_change
from rules.core.work import Work

RULE = "winter.gritting"
ORDERS_KEPT = 4


def evaluate(work: Work, ctx: Context, found: Views, at_s: float) -> None:
    """Decide on every route at a tick."""
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    period = period_of(at_s, ctx.catalogue.gritting.parameters.period_start_h, _utc_offset_s(ctx, at_s))
    memory = work.write("route")
    coats = found.coats
    without = forecast_rule.in_words(work, ctx, at_s)
    cast = forecast_rule.looked(work, ctx, found.surfaces.surface_c, at_s)
    wash = forecast_rule.wash(work, ctx, cast, at_s) if coats else None
    short = None if cast is None else forecast_rule.short_of_salt(work, ctx, coats)
    prospects = _Prospects(found, town, cast, wash, at_s, short)
    gone = forecast_rule.lost(work, ctx, cast, at_s)
    for route_id, members in ctx.segments_of.items():
        ctx = ctx.at("route", route_id, at_s)
        matrix = ctx.catalogue.matrix
        before: RouteMemory | None = memory.get(route_id)
        held = None if before is None else before.plan
        looks, here = prospects.of(ctx, route_id)
        blind = forecast_rule.without_weather(ctx, looks.cast)
        counts = gone | blind if is_by_forecast(held, period) else gone
        lost = bool(counts[list(members)].any())
        plan, p = plan_in_time(ctx, route_id, here, coats, held, at_s, period, lost)
        treated = done([coats.get(s, BARE) for s in here.ids] if coats else (), at_s)
        result = RouteResult(
            ctx, route_id, plan, members, treated, at_s, town.precipitation == "rain", without
        )
        if must_write(before, plan, treated, at_s, p):
            left = [prospects.left_g_m2(s) for s in here.ids]
            assessed = [assess(o, p, matrix, g) for o, g in zip(looks.of(members), left, strict=True)]
            change = would_change(assessed, coats, held, plan, at_s, p, matrix, lost)
            seen = _inputs(work, ctx, assessed, [found[i] for i in members], left, town)
            seen = {**seen, **_weighed(assessed, coats, plan, at_s, p), **forecast_rule.told(work, ctx, at_s)}
            heard = informed(work, ctx, route_id, at_s)
            work.effects.append(_decision(ctx, route_id, plan, seen, result.told(), heard, change, at_s))
            memory[route_id] = _decided(before, plan, at_s)
        elif before is not None and plan != before.plan:
            memory[route_id] = structs.replace(before, plan=plan)
        work.tell("route", route_id, at_s, partial(result.told_with, memory[route_id].decided_s))


class _Prospects:
    """What the segments need, once for all routes with the same parameters."""

    def __init__(
        self,
        found: Views,
        town: Outdoor,
        cast: Looks | None,
        wash: Wash | None,
        at_s: float,
        short: NDArray[np.bool_] | None = None,
    ) -> None:
        self._found, self._town, self._cast, self._wash, self._at_s = found, town, cast, wash, at_s
        self._short = short
        self._by_catalogue: dict[int, tuple[Outlooks, Judged]] = {}

    def of(self, ctx: Context, route_id: str) -> tuple[Outlooks, Stretches]:
        """Return the outlooks of all segments, and what those of a route need."""
        p, matrix, key = ctx.catalogue.gritting.parameters, ctx.catalogue.matrix, id(ctx.catalogue)
        if key not in self._by_catalogue:
            cast = self._cast
            if cast is not None and self._short is not None:
                cast = doubted(cast, self._short, p.cost.act_from)
            looks = outlooks(self._found, self._town, p, cast, self._wash)
            self._by_catalogue[key] = looks, judge(looks, p, matrix)
        looks, judged = self._by_catalogue[key]
        ids, at = ctx.members_of[route_id]
        return looks, Stretches(
            ids,
            judged.of(at),
            looks.minimum_c[at],
            looks.low_in_h[at],
            looks.rain_ends_in_h[at],
            looks.p_ice[at],
            looks.rain_mm[at],
            looks.ahead_h[at],
            lambda k: assess(looks[int(at[k])], p, matrix, self.left_g_m2(ids[k])),
            self._town.snow_mm,
        )

    def left_g_m2(self, segment_id: str) -> float:
        """Return the salt that lies on a segment."""
        return self._found.coats.get(segment_id, BARE).left_g_m2(self._at_s)


def _decided(before: RouteMemory | None, plan: RoutePlan, at_s: float) -> RouteMemory:
    """Return the memory of a route after a decision."""
    orders = () if before is None else before.orders
    if plan.outcome == "treat":
        most, by_s = plan.most_g_m2, at_s if plan.treat_by_s is None else plan.treat_by_s
        orders = (*orders, Order(at_s, plan.period, plan.rate_g_m2, plan.segments, most, by_s))[-ORDERS_KEPT:]
    return RouteMemory(plan, plan, at_s, orders)


def _utc_offset_s(ctx: Context, at_s: float) -> float:
    offset = datetime.fromtimestamp(at_s, ctx.zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def must_write(
    before: RouteMemory | None, plan: RoutePlan, treated: Done | None, at_s: float, p: GrittingParameters
) -> bool:
    """Whether a plan is a new decision.

    Another outcome is one at once, and stretches on which salt no longer works. All else waits until it has to be, for the forecast still changes:
    then more salt for stretches that are waiting for it and a need that comes much sooner are
    decided at once, and further stretches at most hourly, so that lorries are not sent for each
    alone. What a run left out is asked for again when it is overdue; where nobody has been,
    saying it again helps nobody.
    """
    if before is None:
        return True
    if plan.outcome != "treat":
        ended = before.decided.period != plan.period and plan.outcome != "no_action"
        return ended or plan.outcome != before.decided.outcome
    withdrawn = before.decided.outcome != "treat" and treated is None
    last = before.orders[-1] if before.orders else None
    if withdrawn or before.decided.outcome == "refer" or _is_refused_more(plan, before.decided, last):
        return True
    if last is None or last.period != plan.period or (plan.plough and not before.decided.plough):
        return True
    due = [n for n in plan.needs.values() if n.by_s <= at_s + p.respond_s + p.redecide_s / 2.0]
    waiting = [n for n in due if n.since_s <= last.at_s]
    if any(n.total_g_m2 > last.most_g_m2 or n.by_s < last.by_s - p.redecide_s for n in waiting):
        return True
    if at_s - last.at_s < p.redecide_s:
        return False
    run = treated is not None and treated.to_s > last.at_s
    return any(n.since_s > last.at_s or (run and n.by_s < at_s) for n in due)


def _is_refused_more(plan: RoutePlan, decided: RoutePlan, last: Order | None) -> bool:
    """Whether salt no longer works on more stretches, or on one that the last order treats and did not refuse."""
    newly = set(plan.refused_ids).difference(decided.refused_ids)
    return plan.refused > decided.refused or (last is not None and not newly.isdisjoint(last.segments))


def _decision(
    ctx: Context,
    route_id: str,
    plan: RoutePlan,
    inputs: Json,
    result: Json,
    heard: Informed,
    change: tuple[Json, ...],
    at_s: float,
) -> Decision:
    rule = ctx.catalogue.gritting
    return Decision(
        rule_id=RULE,
        rule_version=rule.version,
        subject_kind="route",
        subject=route_id,
        at_s=at_s,
        outcome=plan.outcome,
        reason=result["reason"],
        inputs=inputs,
        result=result,
        expected=heard.expected,
        missing=heard.missing,
        missing_devices=heard.devices,
        would_change=change,
    )


def _inputs(
    work: Work,
    ctx: Context,
    assessed: Sequence[Assessment],
    here: Sequence[SegmentNow],
    left_g_m2: Sequence[float],
    town: Outdoor,
) -> dict[str, Any]:
    p, matrix = ctx.catalogue.gritting.parameters, ctx.catalogue.matrix
    return {
        "action_c": p.action_c,
        "horizon_h": p.horizon_h,
        "matrix": f"{matrix.id} v{matrix.version}",
        "material": p.spread.material,
        "air_temperature_c": num(town.air_c),
        "precipitation": town.precipitation,
        "weather_stations": town.stations,
        "segments": [
            _input(work, a, now, left) for a, now, left in zip(assessed, here, left_g_m2, strict=True)
        ],
    }


def _weighed(
    assessed: Sequence[Assessment],
    coats: Mapping[str, Coat],
    plan: RoutePlan,
    at_s: float,
    p: GrittingParameters,
) -> dict[str, Any]:
    """Return what was weighed: the costs of treating and of not, and the salt that lies there."""
    cost = cost_loss(assessed, coats, max(1, plan.passes), at_s, p)
    salted = [(a, coats[a.outlook.segment_id]) for a in assessed if a.outlook.segment_id in coats]
    return {
        "cost": None if cost is None else structs.asdict(cost),
        "salt_left": {
            a.outlook.segment_id: {"g_m2": num(c.left_g_m2(at_s), 1), "safe_c": num(safe_c(a, c, at_s, p), 1)}
            for a, c in salted
        },
    }


def _input(work: Work, a: Assessment, now: SegmentNow, left_g_m2: float) -> dict[str, Any]:
    o = a.outlook
    return {
        "segment_id": o.segment_id,
        "street": o.street,
        "source": now.source,
        "device": now.device,
        "at": read_at(work, now),
        "outcome": a.outcome,
        "surface_c": num(o.surface_c),
        "minimum_c": num(o.minimum_c),
        "dew_point_c": num(o.dew_point_c),
        "frost_point_c": num(o.frost_point_c),
        "state": o.state,
        "wet": o.wet,
        "why": a.why,
        "cell_g_m2": a.cell_g_m2,
        "dose_g_m2": num(a.dose_g_m2, 1),
        "residual_g_m2": num(left_g_m2, 1),
        **_foreseen(o),
    }


def _foreseen(o: Outlook) -> dict[str, Any]:
    """Return what a road forecast told of a segment; where there was none, nothing."""
    if o.p_ice is None:
        return {}
    return {"outlook": o.source, **{name: num(getattr(o, name), 3) for name in (*FROM_FORECAST, "rain_mm")}}
