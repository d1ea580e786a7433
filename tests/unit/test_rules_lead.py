"""A route is asked for as long before it is due as its own lorry needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.context import Context, build_context
from rules.core.effects import Decision, SubjectState, clock, iso
from rules.core.gritting import Outlook, assess
from rules.core.judged import TREAT, Judged
from rules.core.plan_columns import Stretches
from rules.core.planned import Need, RoutePlan
from rules.core.route_lead import lead_s, plan_in_time
from rules.core.route_result import RouteResult, run_min
from rules.core.routing import NOWHERE
from rules.core.winter_orders.proposals import proposal_of
from tests.fakes.road_tables import table
from tests.fakes.rules_town import START, context, hamlet
from tests.unit.test_rules_forecast import decisions, mild, run

HOUR = 3600.0
P = load().gritting.parameters


@cache
def slow() -> Context:
    """The hamlet with lorries that need 80 min for route 1."""
    catalogue, drive = load(), context().drive("r1", ("s0", "s1", "s2"))
    km_h = 0.06 * drive.spread_m / 80.0
    p = structs.replace(P, spread=structs.replace(P.spread, spreading_km_h=km_h, driving_km_h=10_000.0))
    gritting = structs.replace(catalogue.gritting, parameters=p)
    return build_context(hamlet(), structs.replace(catalogue, gritting=gritting), ZoneInfo("Europe/London"))


def hours(d: Decision, key: str) -> float:
    """Return a time of a decision, in hours after the start."""
    return (datetime.fromisoformat(d.result[key]).timestamp() - START) / HOUR


def test_the_lead_is_the_routes_own_and_never_less_than_the_catalogues() -> None:
    ctx = slow()
    p, drive = ctx.catalogue.gritting.parameters, ctx.drive("r1", ("s0", "s1", "s2"))
    assert round(lead_s(1, drive, p) / 60.0) == 60 + 80 + 10
    assert round(lead_s(2, drive, p) / 60.0) == 60 + 160 + 10
    assert lead_s(2, NOWHERE, p) == p.respond_s


def test_nobody_is_asked_to_have_been_called_out_before_it_was_known() -> None:
    soon = [0.5, *[-1.0] * 23]
    _, effects = run(mild(2.0), {9: table(0.5 * HOUR, soon, film_mm=0.05, ice=0.6)}, slow())
    urgent = decisions(effects)[-1]
    at_h = (urgent.at_s - START) / HOUR
    assert urgent.outcome == "treat"
    assert abs(hours(urgent, "call_out_by") - at_h) < 0.01
    assert abs(hours(urgent, "treat_by") - at_h - 2.5) < 0.01


def test_more_salt_is_decided_before_the_call_out_that_it_needs() -> None:
    first = table(0.5 * HOUR, [4.0] * 11 + [-1.0] * 13, film_mm=0.05, ice=0.7)
    later = {
        9 + 9 * k: table((0.5 + 0.5 * k) * HOUR, [4.0] * (11 - k // 2) + [-6.0] * (13 + k // 2), film_mm=0.1, ice=0.9)
        for k in range(1, 20)
    }  # fmt: skip
    _, effects = run(mild(11.0), {9: first, **later}, slow())
    treats = [d for d in decisions(effects) if d.outcome == "treat"]
    assert [(d.result["spread_rate_g_m2"], d.result["passes"]) for d in treats] == [(8.0, 1), (15.0, 2)]
    assert (treats[1].at_s - START) / HOUR <= hours(treats[1], "call_out_by")


def test_a_night_that_gets_colder_too_late_for_two_runs_says_how_late_they_are() -> None:
    """One run by 20:18 was asked for; at 17:00 it takes two, for which the crew would have to be called at 16:28."""
    mild_first = table(0.5 * HOUR, [4.0] * 4 + [-1.0] * 20, film_mm=0.05, ice=0.7)
    colder = table(33 / 18 * HOUR, [4.0] * 3 + [-7.0] * 21, film_mm=0.1, ice=0.9)
    _, effects = run(mild(6.0), {9: mild_first, 33: colder}, slow())
    first, second = [d for d in decisions(effects) if d.outcome == "treat"]
    assert (first.result["late_min"], first.result["done_by"]) == (0, first.result["treat_by"])
    assert hours(second, "call_out_by") == pytest.approx((second.at_s - START) / HOUR, abs=1e-3)
    assert second.result["treat_by"] == first.result["treat_by"]
    late_h = hours(second, "done_by") - hours(second, "treat_by")
    assert second.result["late_min"] == round(60.0 * late_h) == 32
    assert "Call the crew now (17:00): done by 20:50, 32 min later than wanted (20:18)." in second.reason
    [state] = [
        e for e in effects if isinstance(e, SubjectState) and (e.subject_kind, e.subject) == ("route", "r1")
    ][-1:]
    assert state.state["call_out_by"] == second.result["call_out_by"], "the board tells what was decided"


def test_a_need_from_before_is_told_with_times_that_can_be_kept() -> None:
    """Asked for at 18:00, by 19:30; what a run left out is decided again at 19:00: the crew's hour is over."""
    ctx, ids = context(), ("s0", "s1", "s2")
    asked = Need(10.0, 1, START + 2.0 * HOUR, START)
    plan = RoutePlan(7, "treat", "Frost", 10.0, 1, dict.fromkeys(ids, asked))
    p, drive = ctx.catalogue.gritting.parameters.spread, ctx.drive("r1", ids)
    ahead_s = 60.0 * (p.turn_out_min + run_min(1, drive, p) + p.reserve_min)
    call_s, now_s = START + 2.0 * HOUR - ahead_s, START + 2.5 * HOUR
    late_min = round((now_s - call_s) / 60.0)
    result = RouteResult(ctx, "r1", plan, ctx.segments_of["r1"], None, now_s)
    told = result.told()
    assert told["treat_by"] == iso(START + 2.0 * HOUR)
    assert told["call_out_by"] == iso(now_s)
    assert told["leave_by"] == iso(now_s + 60.0 * p.turn_out_min)
    assert told["done_by"] == iso(now_s + ahead_s)
    assert told["late_min"] == late_min
    call, done = clock(now_s, ctx.zone), clock(now_s + ahead_s, ctx.zone)
    wanted = clock(START + 2.0 * HOUR, ctx.zone)
    said = f"Call the crew now ({call}): done by {done}, {late_min} min later than wanted ({wanted})."
    assert said in told["reason"]
    asked_for = proposal_of(
        decision_id=1, route_id="r1", at_s=now_s, outcome="treat", reason="", rule_version=1, catalogue_id=None,
        inputs={}, result=told,
    ).treatment  # fmt: skip
    assert asked_for is not None
    assert (asked_for.by_s, asked_for.wanted_s) == (
        pytest.approx(now_s + ahead_s, abs=1.0),
        START + 2.0 * HOUR,
    )
    # The board tells the decision's times until there is another one; when they are over, that they are.
    later = replace(result, at_s=now_s + 600.0).told_with(now_s)
    assert (later["call_out_by"], later["done_by"]) == (told["call_out_by"], told["done_by"])
    gone = replace(result, at_s=now_s + ahead_s).told_with(now_s)
    assert f"Finish at once: it was due by {wanted}." in gone["reason"]


def wet_at(minimum_c: float, ids: Sequence[str]) -> Stretches:
    """A route whose stretches are all as wet and cold."""
    n = len(ids)
    unknown, found = np.full(n, np.nan), assess(
        Outlook(segment_id="s0", street="S0 Road", surface_c=minimum_c, minimum_c=minimum_c, wet=True, zero_in_h=0.0), P, load().matrix
    )  # fmt: skip
    judged = Judged(
        outcome=np.full(n, TREAT), rate_g_m2=np.full(n, found.rate_g_m2), passes=np.full(n, found.passes), near=np.zeros(n, dtype=bool),
        in_h=np.zeros(n), film_mm=np.full(n, 0.1), plough=np.zeros(n, dtype=bool),
        hazard=np.full(n, -1), lasts=np.zeros(n, dtype=bool), gap=np.zeros(n, dtype=bool),
    )  # fmt: skip
    return Stretches(
        ids, judged, np.full(n, minimum_c), np.zeros(n), unknown, unknown, unknown, unknown, lambda k: found
    )


def test_salt_that_ends_is_asked_for_again_as_early_as_the_routes_own_crew_needs() -> None:
    ids = ("s0", "s1", "s2")
    coats = {s: Coat(16.0, START, START + 6 * HOUR) for s in ids}

    def at(hour: float, before: RoutePlan | None = None) -> RoutePlan:
        here = wet_at(-3.0, ids)
        return plan_in_time(slow(), "r1", here, coats, before, START + hour * HOUR, 7, lost=False)[0]

    assert at(3.49).outcome == "monitor"
    again = at(3.51)
    assert (again.outcome, again.segments) == ("treat", ids)
    assert again.treat_by_s is not None
    assert abs(again.treat_by_s - START - 6.01 * HOUR) < 1.0  # in two and a half hours
    assert at(3.6, again).treat_by_s == again.treat_by_s
    one = {"s0": Coat(16.0, START, START + 6 * HOUR)}  # a third of the way: the others hold for longer
    coats.update({s: Coat(16.0, START + 4 * HOUR, START + 10 * HOUR) for s in ids[1:]} | one)
    assert at(4.3).outcome == "monitor"
    assert at(4.5).segments == ("s0",)
