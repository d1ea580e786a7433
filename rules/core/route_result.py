"""What is told of a gritting route: what to do, how much, and when a lorry leaves for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from devices.registry import RoadSegment
from rules.core.coat import Done
from rules.core.context import Context
from rules.core.effects import Json, clock, iso, num
from rules.core.gritting_parameters import GrittingParameters, SpreadParameters
from rules.core.route_plan import RoutePlan
from rules.core.route_words import Late, action_of, in_words, rain_in_words, treated_in_words
from rules.core.routing import NOWHERE, Drive
from rules.core.winter_orders.in_time import LATE_S

_NAMES_FIRST = dict.fromkeys(("km", "spread_km", "minutes"))
"""Of a drive, in the order in which it is told."""


class RunTimes(NamedTuple):
    """When a lorry goes out.

    Attributes:
        round_min: once from the depot over the route and back [min].
        pass_min: from the gate to the end of the last stretch, once [min].
        run_min: the same of all passes, with the ways home between [min].
        leave_s: latest time at the gate [s since 1970], None where nothing is treated.
        call_out_s: latest call [s since 1970], never before the decision.
        done_s: when the last stretch is treated [s since 1970]: as wanted, or as much later as the call is.
        late_s: how much later than wanted that is [s].
    """

    round_min: float
    pass_min: float
    run_min: float
    leave_s: float | None
    call_out_s: float | None
    done_s: float | None = None
    late_s: float = 0.0


def times_of(plan: RoutePlan, drive: Drive, p: SpreadParameters, decided_s: float) -> RunTimes:
    """Return when a lorry must go out so that the last stretch is treated in time; the last way home does not count.

    Where the crew should have been called before it was decided [s since 1970] it is called then, and all that follows is
    as much later: nobody can be called in the past.
    """
    around = drive.minutes(p.spreading_km_h, p.driving_km_h)
    once, run = run_min(1, drive, p), run_min(plan.passes, drive, p)
    if plan.treat_by_s is None:
        return RunTimes(around, once, run, None, None)
    ahead_s = 60.0 * (p.turn_out_min + run + p.reserve_min)
    late_s = decided_s - (plan.treat_by_s - ahead_s)
    late_s = late_s if late_s >= LATE_S else 0.0
    done_s = plan.treat_by_s + late_s
    return RunTimes(
        around, once, run, done_s - 60.0 * (run + p.reserve_min), done_s - ahead_s, done_s, late_s
    )


def run_min(passes: int, drive: Drive, p: SpreadParameters) -> float:
    """Return how long so many passes take, from the gate to the end of the last stretch [min]."""
    around = drive.minutes(p.spreading_km_h, p.driving_km_h)
    return passes * around - drive.minutes_home(p.driving_km_h)


@dataclass(frozen=True, slots=True)
class RouteResult:
    """What is to be told of a route, should anybody be told. ``rains``: whether rain falls now; ``without``: that no forecast is there."""

    ctx: Context
    route_id: str
    plan: RoutePlan
    members: Sequence[int]
    treated: Done | None
    at_s: float
    rains: bool = False
    without: str = ""

    def told_with(self, decided_s: float) -> Json:
        """Return it with the time of the last decision [s since 1970], whose times for the lorry stand."""
        return {**self._told(decided_s), "decided_at": iso(decided_s)}

    def told(self) -> dict[str, Any]:
        """Return it as it is decided now."""
        return self._told(self.at_s)

    def _told(self, decided_s: float) -> dict[str, Any]:
        here = [self.ctx.graph.segments[i] for i in self.members]
        found = _result(
            self.ctx, self.route_id, self.plan, here, self.treated, self.at_s, self.rains, decided_s
        )
        return {**found, "reason": found["reason"] + self.without}


def _result(
    ctx: Context,
    route_id: str,
    plan: RoutePlan,
    members: Sequence[RoadSegment],
    treated: Done | None,
    at_s: float,
    rains: bool,
    decided_s: float,
) -> dict[str, Any]:
    p = ctx.catalogue.gritting.parameters
    drive = ctx.drive(route_id, plan.segments) if plan.outcome == "treat" else NOWHERE
    times = times_of(plan, drive, p.spread, decided_s)
    # Where no gritter reports, nobody knows what has been done: nothing is called overdue.
    late = sum(n.by_s < at_s for n in plan.needs.values()) if ctx.gritters_report else 0
    return {
        "outcome": plan.outcome,
        "action": action_of(plan),
        "status": status_of(plan, treated, at_s, p),
        "overdue": late > 0,
        "overdue_segments": late,
        "spread_rate_g_m2": plan.rate_g_m2 if plan.outcome == "treat" else 0.0,
        "passes": plan.passes,
        "treat_by": iso(plan.treat_by_s),
        "done_by": iso(times.done_s),
        "late_min": round(times.late_s / 60.0),
        "call_out_by": iso(times.call_out_s),
        "leave_by": iso(times.leave_s),
        "not_before": iso(plan.not_before_s),
        "run_min": num(times.run_min, 1),
        "over_limit": times.pass_min > p.spread.limit_min,
        "min_surface_temperature_c": num(plan.minimum_c),
        "coldest_segment": plan.coldest,
        "segments_to_treat": len(plan.segments),
        "segments": len(members),
        "treated_segments": 0 if treated is None else treated.segments,
        "treated_from": iso(None if treated is None else treated.from_s),
        "treated_to": iso(None if treated is None else treated.to_s),
        "treated_until": iso(None if treated is None else treated.until_s),
        "length_km": num(sum(m.length_m for m in members) / 1000.0, 3),
        "drive": {**_NAMES_FIRST, **drive.told, "minutes": num(times.round_min, 1)},
        "reason": _reason(ctx, plan, treated, len(members), at_s, times)
        + _remarks(ctx, plan, drive, times, rains),
    }


def status_of(plan: RoutePlan, treated: Done | None, at_s: float, p: GrittingParameters) -> str:
    """Return where a route stands: to_treat, under_way, treated, watch, none or refer."""
    if plan.outcome == "treat":
        going = treated is not None and at_s - treated.to_s <= p.treatment.under_way_s
        return "under_way" if going else "to_treat"
    if plan.outcome == "monitor":
        return "watch" if treated is None else "treated"
    return "none" if plan.outcome == "no_action" else "refer"


def _reason(
    ctx: Context, plan: RoutePlan, treated: Done | None, segments: int, at_s: float, times: RunTimes
) -> str:
    """Return why, in words: first what is done, then what is still to do or to be expected."""
    is_past = times.done_s is not None and times.done_s <= at_s
    words = in_words(plan, segments, clock(plan.treat_by_s, ctx.zone), is_past, _late(ctx, times))
    if treated is None or plan.outcome == "no_action":
        return words
    clocks = (clock(t, ctx.zone) or "" for t in (treated.from_s, treated.to_s, treated.until_s))
    said = treated_in_words(treated, *clocks)
    return f"{said} {plan.why}." if plan.outcome == "monitor" else f"{words} {said}"


def _late(ctx: Context, times: RunTimes) -> Late | None:
    if times.late_s == 0.0:
        return None
    call, done_by = (clock(t, ctx.zone) or "" for t in (times.call_out_s, times.done_s))
    return Late(call, done_by, round(times.late_s / 60.0))


def _remarks(ctx: Context, plan: RoutePlan, drive: Drive, times: RunTimes, rains: bool) -> str:
    """Return what a driver and an officer must mind of a treatment, a sentence each."""
    if plan.outcome != "treat":
        return ""
    said, limit_min = (
        rain_in_words(plan, clock(plan.not_before_s, ctx.zone), rains, times.leave_s),
        _limit_min(ctx),
    )
    if times.pass_min > limit_min:
        said += f" A run takes {times.pass_min:.0f} min, more than the limit of {limit_min:.0f}."
    if drive.unreachable:
        said += f" {len(drive.unreachable)} stretches can't be reached from the depot."
    return said


def _limit_min(ctx: Context) -> float:
    return ctx.catalogue.gritting.parameters.spread.limit_min
