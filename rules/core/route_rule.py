"""Rule winter.gritting: a decision per gritting route, remembered and written when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rules.core.context import Context
from rules.core.effects import Decision, Json, clock, iso, num
from rules.core.gritting import (
    Assessment,
    Outlook,
    RoutePlan,
    assess,
    changed_at_once,
    hold,
    in_words,
    period_of,
    propose,
)
from rules.core.memory import Outdoor, RouteMemory
from rules.core.nowcast import Nowcast
from rules.core.parameters import GrittingParameters
from rules.core.road_state import DAMP, WET
from rules.core.routing import NOWHERE, Drive
from rules.core.segment_rule import SegmentNow
from rules.core.work import Work

RULE = "winter.gritting"


def evaluate(work: Work, ctx: Context, found: Sequence[SegmentNow], at_s: float) -> None:
    """Decide on every route at a tick."""
    town: Outdoor = work.read("outdoor").get("town", Outdoor())
    rule = ctx.catalogue.gritting
    period = period_of(at_s, rule.parameters.period_start_h, _utc_offset_s(ctx, at_s))
    memory = work.write("route")
    for route_id, members in ctx.segments_of.items():
        views = [outlook(found[i], town, rule.parameters) for i in members]
        assessed = [assess(v, rule.parameters, ctx.catalogue.matrix) for v in views]
        before: RouteMemory | None = memory.get(route_id)
        fresh = propose(assessed, at_s, period, rule.parameters)
        plan = hold(None if before is None else before.plan, fresh, rule.parameters)
        result = _result(ctx, route_id, plan, [found[i] for i in members])
        if _must_write(before, plan, at_s, rule.parameters):
            work.effects.append(_decision(ctx, route_id, plan, assessed, town, result, at_s))
            memory[route_id] = RouteMemory(plan, plan, at_s)
        elif before is not None and plan != before.plan:
            memory[route_id] = RouteMemory(plan, before.decided, before.decided_s)
        decided = memory[route_id].decided_s
        work.tell("route", route_id, at_s, {**result, "decided_at": iso(decided)})


def _utc_offset_s(ctx: Context, at_s: float) -> float:
    offset = datetime.fromtimestamp(at_s, ctx.zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def outlook(now: SegmentNow, town: Outdoor, p: GrittingParameters) -> Outlook:
    """Return what is known of a segment for the coming hours."""
    s = now.surface
    minimum = zero = None
    if s.surface_c is not None:
        trend = Nowcast(s.surface_c, now.slope_c_h, p.trend_damping_h)
        minimum = trend.minimum_c(p.horizon_h)
        zero = trend.hours_until(0.0)
        zero = zero if zero is not None and zero <= p.horizon_h else None
    wetness = 0.0 if s.wetness is None else s.wetness
    return Outlook(
        segment_id=now.segment.segment_id,
        street=now.segment.street,
        surface_c=s.surface_c,
        minimum_c=minimum,
        zero_in_h=zero,
        dew_point_c=s.dew_point_c,
        frost_point_c=s.frost_point_c,
        air_c=town.air_c,
        state=now.state,
        wet=wetness > (DAMP + WET) / 2 or town.precipitation == "rain",
        damp=wetness >= DAMP / 2 or now.state == "hoar",
        precipitation=town.precipitation,
        snow_mm=town.snow_mm,
    )


def _must_write(before: RouteMemory | None, plan: RoutePlan, at_s: float, p: GrittingParameters) -> bool:
    if before is None or changed_at_once(before.decided, plan):
        return True
    if before.decided.period != plan.period and plan.outcome != "no_action":
        return True
    return plan.segments != before.decided.segments and at_s - before.decided_s >= p.redecide_s


def _decision(
    ctx: Context,
    route_id: str,
    plan: RoutePlan,
    assessed: Sequence[Assessment],
    town: Outdoor,
    result: Json,
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
        inputs={
            "action_c": rule.parameters.action_c,
            "horizon_h": rule.parameters.horizon_h,
            "matrix": f"{ctx.catalogue.matrix.id} v{ctx.catalogue.matrix.version}",
            "material": rule.parameters.spread.material,
            "air_temperature_c": num(town.air_c),
            "precipitation": town.precipitation,
            "weather_stations": town.stations,
            "segments": [_input(a) for a in assessed],
        },
        result=result,
    )


def _input(a: Assessment) -> dict[str, Any]:
    o = a.outlook
    return {
        "segment_id": o.segment_id,
        "outcome": a.outcome,
        "surface_c": num(o.surface_c),
        "minimum_c": num(o.minimum_c),
        "dew_point_c": num(o.dew_point_c),
        "frost_point_c": num(o.frost_point_c),
        "state": o.state,
        "wet": o.wet,
        "why": a.why,
    }


def _result(ctx: Context, route_id: str, plan: RoutePlan, members: Sequence[SegmentNow]) -> dict[str, Any]:
    spread = ctx.catalogue.gritting.parameters.spread
    drive = ctx.drive(route_id, plan.segments) if plan.outcome == "treat" else NOWHERE
    minutes = drive.minutes(spread.spreading_km_h, spread.driving_km_h)
    reason = in_words(plan, len(members), clock(plan.treat_by_s, ctx.zone))
    if drive.unreachable:
        reason += f" {len(drive.unreachable)} segments can't be reached from the depot."
    start = None
    if plan.treat_by_s is not None:
        start = plan.treat_by_s - 60.0 * (minutes + spread.turn_out_min)
    return {
        "outcome": plan.outcome,
        "spread_rate_g_m2": plan.rate_g_m2 if plan.outcome == "treat" else 0.0,
        "passes": plan.passes,
        "treat_by": iso(plan.treat_by_s),
        "call_out_by": iso(start),
        "min_surface_temperature_c": num(plan.minimum_c),
        "coldest_segment": plan.coldest,
        "segments_to_treat": len(plan.segments),
        "segments": len(members),
        "length_km": num(sum(m.segment.length_m for m in members) / 1000.0, 3),
        "drive": _drive(drive, minutes),
        "reason": reason,
    }


def _drive(drive: Drive, minutes: float) -> dict[str, Any]:
    return {
        "km": num(drive.km, 3),
        "spread_km": num(drive.spread_m / 1000.0, 3),
        "minutes": num(minutes, 1),
        "legs": [
            {
                "segment_id": leg.segment_id,
                "street": leg.street,
                "treat": leg.treat,
                "from_node": leg.from_node,
                "to_node": leg.to_node,
                "length_m": num(leg.length_m, 1),
            }
            for leg in drive.legs
        ],
        "geometry": [[round(lon, 6), round(lat, 6)] for lon, lat in drive.geometry],
        "unreachable": list(drive.unreachable),
    }
