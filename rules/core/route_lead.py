"""How long a route's own lorry needs from the call to the end of its last stretch: by that a treatment is asked for in time."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from rules.core.coat import Coat
from rules.core.context import Context
from rules.core.gritting_parameters import GrittingParameters
from rules.core.judged import TREAT
from rules.core.plan_columns import Stretches, plan_of
from rules.core.planned import RoutePlan
from rules.core.route_result import run_min
from rules.core.routing import Drive

Way = tuple[tuple[str, ...], int]
"""Ids of the stretches to drive, sorted, and how often."""


def lead_s(passes: int, drive: Drive, p: GrittingParameters) -> float:
    """Return how long before it is due a treatment must be called out [s], ``respond_s`` at least."""
    own_min = p.spread.turn_out_min + run_min(passes, drive, p.spread) + p.spread.reserve_min
    return max(p.respond_s, 60.0 * own_min)


def plan_in_time(
    ctx: Context,
    route_id: str,
    here: Stretches,
    coats: Mapping[str, Coat],
    before: RoutePlan | None,
    at_s: float,
    period: int,
    lost: bool,
) -> tuple[RoutePlan, GrittingParameters]:
    """Return a route's plan, and the parameters by which it was made: ``respond_s`` is its own lead.

    What is due depends on the lead, and the lead on what is driven: it is planned by the way of the plan so far, and once
    more where another way comes out. Where all that asks is salted it is planned by the whole route's: its salt may end
    before a lorry can be there again.
    """
    p = ctx.catalogue.gritting.parameters
    way = None if before is None or before.period != period or not before.needs else _way(before)
    own = p if way is None else _own(ctx, route_id, way, p)
    plan = plan_of(here, coats, before, at_s, period, own, lost)
    asks = here.judged.outcome == TREAT
    if plan.outcome != "treat" and asks.any():
        way = tuple(sorted(here.ids)), int(here.judged.passes[asks].max())
        own = _own(ctx, route_id, way, p)
        plan = plan_of(here, coats, before, at_s, period, own, lost)
    if plan.outcome == "treat" and _way(plan) != way:
        own = _own(ctx, route_id, _way(plan), p)
        plan = plan_of(here, coats, before, at_s, period, own, lost)
    return plan, own


def _way(plan: RoutePlan) -> Way:
    return plan.segments, plan.passes


def _own(ctx: Context, route_id: str, way: Way, p: GrittingParameters) -> GrittingParameters:
    segments, passes = way
    return structs.replace(p, respond_s=lead_s(passes, ctx.drive(route_id, segments), p))
