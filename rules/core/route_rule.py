"""Rule winter.gritting: a decision per gritting route, remembered and written when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import structs

from devices.registry import RoadSegment
from rules.core import forecast_rule
from rules.core.coat import BARE, Done, done
from rules.core.context import Context
from rules.core.effects import Decision, Json, clock, iso, num
from rules.core.forecast_looks import Looks
from rules.core.gritting import Assessment, Outlook, assess
from rules.core.judged import Judged, judge
from rules.core.memory import Order, Outdoor, RouteMemory
from rules.core.outlooks import FROM_FORECAST, Outlooks, outlooks
from rules.core.parameters import GrittingParameters
from rules.core.plan_columns import Stretches, plan_of
from rules.core.route_inputs import Informed, informed
from rules.core.route_plan import RoutePlan, in_words, period_of, treated_in_words
from rules.core.routing import NOWHERE, Drive
from rules.core.segment_rule import read_at
from rules.core.segment_views import SegmentNow, Views
from rules.core.treatment_rule import coats_now
from rules.core.what_if import would_change
from rules.core.work import Work

RULE = "winter.gritting"
ORDERS_KEPT = 4
_NAMES_FIRST = dict.fromkeys(("km", "spread_km", "minutes"))
"""Of a drive, in the order in which it is told."""


def evaluate(work: Work, ctx: Context, found: Views, at_s: float) -> None:
    """Decide on every route at a tick."""
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    period = period_of(at_s, ctx.catalogue.gritting.parameters.period_start_h, _utc_offset_s(ctx, at_s))
    memory = work.write("route")
    coats = coats_now(work, ctx, at_s)
    without = forecast_rule.in_words(work, ctx, at_s)
    prospects = _Prospects(found, town, forecast_rule.looked(work, ctx, found.surfaces.surface_c, at_s))
    for route_id, members in ctx.segments_of.items():
        ctx = ctx.at("route", route_id, at_s)
        p, matrix = ctx.catalogue.gritting.parameters, ctx.catalogue.matrix
        before: RouteMemory | None = memory.get(route_id)
        held = None if before is None else before.plan
        looks, here = prospects.of(ctx, route_id)
        plan = plan_of(here, coats, held, at_s, period, p)
        treated = done([coats.get(s, BARE) for s in here.ids] if coats else (), at_s)
        result = _Result(ctx, route_id, plan, members, treated, at_s, without)
        if must_write(before, plan, treated, at_s, p):
            assessed = [assess(o, p, matrix) for o in looks.of(members)]
            change = would_change(assessed, coats, held, plan, at_s, p, matrix)
            inputs = _inputs(work, ctx, assessed, [found[i] for i in members], town)
            seen = {**inputs, **forecast_rule.told(work, ctx, at_s)}
            heard = informed(work, ctx, route_id, at_s)
            work.effects.append(_decision(ctx, route_id, plan, seen, result.told(), heard, change, at_s))
            memory[route_id] = _decided(before, plan, at_s)
        elif before is not None and plan != before.plan:
            memory[route_id] = structs.replace(before, plan=plan)
        work.tell("route", route_id, at_s, partial(result.told_with, memory[route_id].decided_s))


class _Prospects:
    """What the segments need, once for all routes with the same parameters."""

    def __init__(self, found: Views, town: Outdoor, cast: Looks | None) -> None:
        self._found, self._town, self._cast = found, town, cast
        self._by_catalogue: dict[int, tuple[Outlooks, Judged]] = {}

    def of(self, ctx: Context, route_id: str) -> tuple[Outlooks, Stretches]:
        """Return the outlooks of all segments, and what those of a route need."""
        p, matrix, key = ctx.catalogue.gritting.parameters, ctx.catalogue.matrix, id(ctx.catalogue)
        if key not in self._by_catalogue:
            looks = outlooks(self._found, self._town, p, self._cast)
            self._by_catalogue[key] = looks, judge(looks, p, matrix)
        looks, judged = self._by_catalogue[key]
        ids, at = ctx.members_of[route_id]
        return looks, Stretches(
            ids,
            judged.of(at),
            looks.minimum_c[at],
            looks.low_in_h[at],
            lambda k: assess(looks[int(at[k])], p, matrix),
        )


def _decided(before: RouteMemory | None, plan: RoutePlan, at_s: float) -> RouteMemory:
    """Return the memory of a route after a decision."""
    orders = () if before is None else before.orders
    if plan.outcome == "treat":
        most, by_s = plan.most_g_m2, plan.treat_by_s or at_s
        orders = (*orders, Order(at_s, plan.period, plan.rate_g_m2, plan.segments, most, by_s))[-ORDERS_KEPT:]
    return RouteMemory(plan, plan, at_s, orders)


def _utc_offset_s(ctx: Context, at_s: float) -> float:
    offset = datetime.fromtimestamp(at_s, ctx.zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def must_write(
    before: RouteMemory | None, plan: RoutePlan, treated: Done | None, at_s: float, p: GrittingParameters
) -> bool:
    """Whether a plan is a new decision.

    Another outcome is one at once. All else waits until it has to be, for the forecast still changes:
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
    last = before.orders[-1] if before.orders else None
    if last is None or last.period != plan.period:
        return True
    due = [n for n in plan.needs.values() if n.by_s <= at_s + p.respond_s + p.redecide_s / 2.0]
    waiting = [n for n in due if n.since_s <= last.at_s]
    if any(n.total_g_m2 > last.most_g_m2 or n.by_s < last.by_s - p.redecide_s for n in waiting):
        return True
    if at_s - last.at_s < p.redecide_s:
        return False
    run = treated is not None and treated.to_s > last.at_s
    return any(n.since_s > last.at_s or (run and n.by_s < at_s) for n in due)


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
    work: Work, ctx: Context, assessed: Sequence[Assessment], here: Sequence[SegmentNow], town: Outdoor
) -> Json:
    p, matrix = ctx.catalogue.gritting.parameters, ctx.catalogue.matrix
    return {
        "action_c": p.action_c,
        "horizon_h": p.horizon_h,
        "matrix": f"{matrix.id} v{matrix.version}",
        "material": p.spread.material,
        "air_temperature_c": num(town.air_c),
        "precipitation": town.precipitation,
        "weather_stations": town.stations,
        "segments": [_input(work, a, now) for a, now in zip(assessed, here, strict=True)],
    }


def _input(work: Work, a: Assessment, now: SegmentNow) -> dict[str, Any]:
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
        **_forecast(o),
    }


def _forecast(o: Outlook) -> Json:
    """Return what a decision keeps of the road forecast of a stretch; nothing where there was none."""
    if o.p_ice is None:
        return {}
    return {"outlook": o.source, **{name: num(getattr(o, name), 3) for name in FROM_FORECAST}}


@dataclass(frozen=True, slots=True)
class _Result:
    """What is to be told of a route, should anybody be told."""

    ctx: Context
    route_id: str
    plan: RoutePlan
    members: Sequence[int]
    treated: Done | None
    at_s: float
    without: str = ""

    def told_with(self, decided_s: float) -> Json:
        """Return it with the time of the last decision [s since 1970]."""
        return {**self.told(), "decided_at": iso(decided_s)}

    def told(self) -> dict[str, Any]:
        """Return it."""
        here = [self.ctx.graph.segments[i] for i in self.members]
        found = _result(self.ctx, self.route_id, self.plan, here, self.treated, self.at_s)
        return {**found, "reason": found["reason"] + self.without}


def _result(
    ctx: Context,
    route_id: str,
    plan: RoutePlan,
    members: Sequence[RoadSegment],
    treated: Done | None,
    at_s: float,
) -> dict[str, Any]:
    p = ctx.catalogue.gritting.parameters
    drive = ctx.drive(route_id, plan.segments) if plan.outcome == "treat" else NOWHERE
    minutes = drive.minutes(p.spread.spreading_km_h, p.spread.driving_km_h)
    # Where no gritter reports, nobody knows what has been done: nothing is called overdue.
    late = sum(n.by_s < at_s for n in plan.needs.values()) if ctx.gritters_report else 0
    start = None if plan.treat_by_s is None else plan.treat_by_s - 60.0 * (minutes + p.spread.turn_out_min)
    return {
        "outcome": plan.outcome,
        "status": status_of(plan, treated, at_s, p),
        "overdue": late > 0,
        "overdue_segments": late,
        "spread_rate_g_m2": plan.rate_g_m2 if plan.outcome == "treat" else 0.0,
        "passes": plan.passes,
        "treat_by": iso(plan.treat_by_s),
        "call_out_by": iso(start),
        "min_surface_temperature_c": num(plan.minimum_c),
        "coldest_segment": plan.coldest,
        "segments_to_treat": len(plan.segments),
        "segments": len(members),
        "treated_segments": 0 if treated is None else treated.segments,
        "treated_from": iso(None if treated is None else treated.from_s),
        "treated_to": iso(None if treated is None else treated.to_s),
        "treated_until": iso(None if treated is None else treated.until_s),
        "length_km": num(sum(m.length_m for m in members) / 1000.0, 3),
        "drive": {**_NAMES_FIRST, **drive.told, "minutes": num(minutes, 1)},
        "reason": _reason(ctx, plan, treated, len(members), drive),
    }


def status_of(plan: RoutePlan, treated: Done | None, at_s: float, p: GrittingParameters) -> str:
    """Return where a route stands: to_treat, under_way, treated, watch, none or refer."""
    if plan.outcome == "treat":
        going = treated is not None and at_s - treated.to_s <= p.treatment.under_way_s
        return "under_way" if going else "to_treat"
    if plan.outcome == "monitor":
        return "watch" if treated is None else "treated"
    return "none" if plan.outcome == "no_action" else "refer"


def _reason(ctx: Context, plan: RoutePlan, treated: Done | None, segments: int, drive: Drive) -> str:
    """Return why, in words: first what is done, then what is still to do or to be expected."""
    if treated is None or plan.outcome == "no_action":
        reason = in_words(plan, segments, clock(plan.treat_by_s, ctx.zone))
    else:
        times = (clock(t, ctx.zone) or "" for t in (treated.from_s, treated.to_s, treated.until_s))
        said = treated_in_words(treated, *times)
        if plan.outcome == "monitor":
            reason = f"{said} {plan.why}."
        else:
            reason = f"{in_words(plan, segments, clock(plan.treat_by_s, ctx.zone))} {said}"
    if drive.unreachable:
        reason += f" {len(drive.unreachable)} stretches can't be reached from the depot."
    return reason
