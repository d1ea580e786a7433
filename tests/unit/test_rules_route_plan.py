"""A route's plan: what is needed less what is done, and when it is a new decision."""

from __future__ import annotations

import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import Coat, done
from rules.core.effects import SubjectState
from rules.core.engine import step
from rules.core.gritting import Outlook, assess
from rules.core.memory import EngineState, Order, RouteMemory
from rules.core.route_plan import Need, RoutePlan, make_plan, period_of
from rules.core.route_result import status_of
from rules.core.route_rule import _decided, must_write
from rules.core.route_words import Late, in_words, treated_in_words
from tests.fakes.rules_town import batch, context, hamlet, latest

CATALOGUE = load()
P = CATALOGUE.gritting.parameters
HOUR = 3600.0


def outlook(minimum_c: float | None = -1.0, **more) -> Outlook:
    given = {
        "segment_id": "s", "street": "High Street", "surface_c": 2.0, "dew_point_c": -8.0,
        "frost_point_c": -7.0, "state": "dry", **more,
    }  # fmt: skip
    return Outlook(minimum_c=minimum_c, **given)


def wet(segment: str, minimum_c: float, **more) -> Outlook:
    return outlook(minimum_c, segment_id=segment, wet=True, **more)


def plan(at_s: float, *views: Outlook, before: RoutePlan | None = None, coats=None) -> RoutePlan:
    period = period_of(at_s, P.period_start_h)
    found = [assess(v, P, CATALOGUE.matrix) for v in views]
    return make_plan(found, coats or {}, before, at_s, period, P)


def test_a_route_follows_its_worst_segments() -> None:
    mild = outlook(3.0, segment_id="a")
    cool = wet("b", -1.0, zero_in_h=3.0)
    cold = wet("c", -3.0, zero_in_h=2.0, street="Bridge Road")
    found = plan(HOUR, mild, cool, cold)
    assert (found.outcome, found.rate_g_m2, found.segments) == ("treat", 16.0, ("b", "c"))
    assert (found.coldest, found.minimum_c, found.treat_by_s) == ("c", -3.0, 3 * HOUR)
    said = "Treat 2 of 3 stretches at 16 g/m². Bridge Road: wet road that may freeze, lowest -3.0 °C."
    assert in_words(found, 3, "18:00", is_past=False) == f"{said} Finish by 18:00."
    late = Late("17:40", "19:10", 70)
    assert in_words(found, 3, "18:00", is_past=False, late=late) == (
        f"{said} Call the crew now (17:40): done by 19:10, 70 min later than wanted (18:00)."
    )
    assert in_words(found, 3, "18:00", is_past=True) == f"{said} Finish at once: it was due by 18:00."
    assert plan(0.0, mild).outcome == "no_action"
    assert plan(0.0, mild, outlook(None)).outcome == "refer"
    assert "more stretch" not in found.why
    assert "1 more stretch needs" in plan(0.0, cold, outlook(-12.0, segment_id="d", wet=True)).why


def test_what_nobody_knows_of_is_treated_with_the_rest() -> None:
    blind = plan(0.0, wet("c", -3.0), outlook(None, segment_id="d"))
    assert blind.segments == ("c", "d")  # never less for a missing reading
    assert "decision" not in blind.why
    warm = plan(0.0, wet("c", -3.0), outlook(None, segment_id="d", air_c=13.0))
    assert warm.segments == ("c",)


def test_nobody_is_asked_to_be_there_sooner_than_they_can() -> None:
    frozen = plan(HOUR, wet("a", -3.0, zero_in_h=0.0))
    assert frozen.treat_by_s == HOUR + P.respond_s


def test_a_treatment_is_due_when_it_is_coldest_where_nothing_crosses_zero() -> None:
    assert plan(0.0, wet("a", 0.6, low_in_h=14.0)).treat_by_s == 14 * HOUR  # not spent before
    assert plan(0.0, wet("a", 0.6)).treat_by_s == P.horizon_h * HOUR  # nothing is known of it
    told = {"source": "forecast", "p_ice": 0.3, "film_mm": 0.0, "deposit_mm": 0.0, "low_in_h": 9.0}
    chance = outlook(1.5, ice_in_h=1.8, zero_in_h=5.0, **told)
    assert plan(0.0, chance).treat_by_s == 1.8 * HOUR  # it may be ice in two hours
    soaked = outlook(0.5, ice_in_h=3.0, **{**told, "film_mm": 0.2})
    assert plan(0.0, soaked).treat_by_s == 3.0 * HOUR


def test_a_need_rises_within_the_night_and_falls_only_when_clearly_warmer() -> None:
    first = plan(0.0, wet("a", -1.0), outlook(3.0, segment_id="b"))
    worse = plan(300.0, wet("a", -1.0), wet("b", -3.0), before=first)
    assert (worse.rate_g_m2, worse.segments) == (16.0, ("a", "b"))
    again = plan(900.0, wet("a", -1.0), wet("b", -3.0), before=worse)
    assert again.treat_by_s == worse.treat_by_s  # the hour promised stands
    better = plan(600.0, outlook(1.5, segment_id="a"), outlook(1.5, segment_id="b"), before=worse)
    assert (better.outcome, better.rate_g_m2) == ("treat", 16.0)
    assert "asked for earlier tonight, now stays above" in better.why  # the reason is of now
    warm = plan(900.0, outlook(2.01, segment_id="a"), outlook(2.01, segment_id="b"), before=better)
    assert warm.outcome == "no_action"
    next_day = plan(86_400.0, outlook(1.5, segment_id="a"), before=worse)
    assert next_day.outcome == "no_action"


def test_salt_that_no_longer_works_is_told_at_once() -> None:
    first = plan(0.0, wet("a", -8.0), wet("b", -8.0))
    memory = remember(first, 0.0)
    part = plan(300.0, wet("a", -8.0), wet("b", -12.0), before=first)
    assert (part.outcome, part.segments) == ("treat", ("a",))
    assert "1 more stretch needs the duty officer" in part.why
    assert must_write(memory, part, None, 300.0, P)
    colder = plan(300.0, wet("a", -12.0), wet("b", -12.0), before=first)
    assert (colder.outcome, colder.needs) == ("refer", {})
    assert "salt does not work" in colder.why
    assert must_write(memory, colder, None, 300.0, P)
    near = plan(600.0, wet("a", -9.7), outlook(-9.7, segment_id="b"), before=colder)
    assert (near.outcome, near.needs) == ("refer", {})  # it does not flutter about -10
    again = plan(900.0, outlook(-9.4, segment_id="a", frost_point_c=-12.0), wet("b", -12.0), before=near)
    assert (again.outcome, again.segments) == ("treat", ("a",))  # not forgotten, though it is dry now
    assert "asked for earlier tonight" in again.why
    assert again.needs["a"] == first.needs["a"]
    assert must_write(structs.replace(memory, decided=near), again, None, 900.0, P)
    assert (
        plan(86_400.0, outlook(-9.0, segment_id="a", frost_point_c=-12.0), before=near).outcome == "monitor"
    )
    blind = plan(300.0, outlook(None, segment_id="a"), wet("b", -8.0), before=first)
    assert blind.segments == ("a", "b")  # a lost reading is no reason


def test_salt_that_no_longer_works_is_told_of_each_stretch_that_an_order_treats() -> None:
    first = plan(0.0, wet("a", -8.0), wet("b", -8.0))
    second = plan(HOUR, wet("a", -12.0), wet("b", -8.0), before=first)
    memory = _decided(remember(first, 0.0), second, HOUR)
    swapped = plan(2 * HOUR, wet("a", -9.0), wet("b", -12.0), before=second)
    assert (swapped.segments, swapped.refused) == (("a",), second.refused)
    assert must_write(memory, swapped, None, 2 * HOUR, P)  # else the order salts b, and leaves out a
    after = _decided(memory, swapped, 2 * HOUR)
    assert not must_write(after, plan(3 * HOUR, wet("a", -9.0), wet("b", -12.0), before=swapped), None, 3 * HOUR, P)  # fmt: skip


def salted(g_m2: float, at_s: float = 0.0, hours: float = 6.0) -> Coat:
    return Coat(g_m2, at_s, at_s + hours * HOUR)


def test_what_is_treated_is_not_asked_for_again() -> None:
    first = plan(0.0, wet("a", -3.0), wet("b", -3.0))
    half = plan(HOUR, wet("a", -3.0), wet("b", -3.0), before=first, coats={"a": salted(16)})
    assert half.segments == ("b",)
    both = {"a": salted(16), "b": salted(16, 600.0)}
    finished = plan(HOUR, wet("a", -3.0), wet("b", -3.0), before=half, coats=both)
    assert (finished.outcome, finished.needs) == ("monitor", {})
    # a little warmer afterwards changes nothing
    assert plan(HOUR, wet("a", 1.5), before=finished, coats=both).outcome == "monitor"


def test_of_a_double_run_half_done_one_run_is_left() -> None:
    cold = wet("c", -6.0, zero_in_h=5.0)
    first = plan(0.0, cold)
    assert (first.rate_g_m2, first.passes) == (15.0, 2)
    for hours in (2.1, 3.0, 5.0):  # what was put down counts, not what traffic has thrown off since
        half = plan(hours * HOUR, cold, before=first, coats={"c": Coat(15.0, 2 * HOUR, 8 * HOUR)})
        assert (half.rate_g_m2, half.passes) == (15.0, 1)
    ended = plan(8.1 * HOUR, cold, before=first, coats={"c": Coat(15.0, 2 * HOUR, 8 * HOUR)})
    assert (ended.passes, 20.0 < ended.rate_g_m2 * ended.passes < 30.0) == (2, True)
    washed = plan(3 * HOUR, cold, before=first, coats={"c": Coat(15.0, 2 * HOUR, 4 * HOUR, washed=True)})
    assert (washed.rate_g_m2, washed.passes) == (15.0, 2)


def test_what_a_pass_can_spread_is_one_pass() -> None:
    colder = plan(3 * HOUR, wet("c", -6.0), coats={"c": Coat(16.0, 2 * HOUR, 8 * HOUR)})
    left = Coat(16.0, 2 * HOUR, 8 * HOUR).left_g_m2(3 * HOUR)
    assert 30.0 - left > P.dose.most_a_pass_g_m2
    assert colder.passes == 2
    just = plan(2.2 * HOUR, wet("c", -6.0), coats={"c": Coat(16.0, 2 * HOUR, 8 * HOUR)})
    assert (just.passes, 15.0 < just.rate_g_m2 <= P.dose.most_a_pass_g_m2) == (1, True)


def test_a_colder_need_asks_only_for_what_is_missing() -> None:
    coats = {"a": salted(10), "b": salted(18)}
    views = [outlook(-6.0, segment_id=s, damp=True) for s in "ab"]  # 18 g/m²
    found = plan(2 * HOUR, *views, coats=coats)
    assert found.segments == ("a",)
    left = coats["a"].left_g_m2(2 * HOUR)
    assert found.rate_g_m2 == pytest.approx(18 - left, abs=1.0)
    assert 10 < found.rate_g_m2 < 18


def test_a_remembered_need_of_nothing_does_not_stop_the_engine() -> None:
    before = RoutePlan(period_of(0.0, P.period_start_h), "treat", "x", needs={"a": Need(0.0, 1, HOUR, 0.0)})
    coats = {"a": salted(10, -7 * HOUR)}
    assert plan(0.0, outlook(0.5, segment_id="a"), before=before, coats=coats).rate_g_m2 == 0.0


def test_no_lorry_is_sent_for_a_few_grams() -> None:
    view = outlook(-3.0, segment_id="a", damp=True)  # 10 g/m²
    assert plan(HOUR, view, coats={"a": salted(8)}).outcome == "monitor"
    assert plan(HOUR, view, coats={"a": salted(5)}).outcome == "treat"


def test_it_is_asked_for_again_in_time_for_the_end() -> None:
    view = wet("a", -3.0)
    coats = {"a": salted(16)}
    early = 6 * HOUR - P.respond_s
    assert plan(early - 1, view, coats=coats).outcome == "monitor"
    again = plan(early + 1, view, coats=coats)
    assert again.outcome == "treat"
    assert again.treat_by_s == early + 1 + P.respond_s  # as soon as anyone can be there
    assert plan(7 * HOUR, view, coats=coats).outcome == "treat"
    later = plan(early + 301, view, before=again, coats=coats)
    assert later.treat_by_s == again.treat_by_s  # the hour promised stands


def test_what_is_nearly_due_joins_a_lorry_that_goes_out_anyway() -> None:
    near = outlook(-3.0, segment_id="n", frost_point_c=-4.2)
    ending = wet("e", -3.0)
    coats = {"e": salted(16)}
    at_s = 6 * HOUR - P.respond_s - 0.5 * HOUR
    assert plan(at_s, near, ending, coats=coats).outcome == "monitor"
    assert plan(at_s, near, ending, wet("a", -3.0), coats=coats).segments == ("a", "e", "n")


def remember(found: RoutePlan, at_s: float) -> RouteMemory:
    order = Order(
        at_s, found.period, found.rate_g_m2, found.segments, found.most_g_m2, found.treat_by_s or 0.0
    )
    return RouteMemory(found, found, at_s, (order,))


def test_more_stretches_are_gathered_and_more_salt_is_a_decision_at_once() -> None:
    first = plan(0.0, wet("a", -1.0))
    memory = remember(first, 0.0)
    assert must_write(None, first, None, 0.0, P)
    assert not must_write(memory, first, None, 5.9 * HOUR, P)  # nothing new, nothing late
    more = plan(600.0, wet("a", -1.0), wet("b", -1.0, zero_in_h=0.0), before=first)
    assert not must_write(memory, more, None, P.redecide_s - 1, P)
    assert must_write(memory, more, None, P.redecide_s, P)
    later = plan(600.0, wet("a", -1.0), wet("b", -1.0, zero_in_h=6.0), before=first)
    assert not must_write(memory, later, None, P.redecide_s, P)  # not before it has to be
    stronger = plan(600.0, wet("a", -3.0), before=first)
    assert not must_write(memory, stronger, None, 600.0, P)  # hours are left
    assert must_write(memory, stronger, None, 4.5 * HOUR, P)
    late = plan(300.0, wet("a", -1.0, zero_in_h=0.0))
    assert not must_write(remember(late, 300.0), late, None, P.respond_s + 299, P)
    assert not must_write(remember(late, 300.0), late, None, P.respond_s + 301, P)  # nobody has been there
    run = done([salted(10, 1000.0)], 1000.0)
    assert must_write(remember(late, 300.0), late, run, P.respond_s + 301, P)  # they left it out
    sooner = plan(600.0, wet("a", -1.0, zero_in_h=1.0), before=first)
    assert must_write(memory, sooner, None, 600.0, P)


def test_a_finished_run_is_a_decision_and_what_follows_it_is_gathered() -> None:
    first = plan(0.0, wet("a", -1.0))
    memory = remember(first, 0.0)
    coats = {"a": salted(8)}
    finished = plan(600.0, wet("a", -1.0), before=first, coats=coats)
    assert must_write(memory, finished, None, 600.0, P)
    memory = structs.replace(memory, plan=finished, decided=finished, decided_s=600.0)
    new = plan(900.0, wet("a", -1.0), wet("b", -1.0), before=finished, coats=coats)
    assert new.outcome == "treat"
    run = done([coats["a"]], 900.0)
    assert not must_write(memory, new, run, 900.0, P)
    assert must_write(memory, new, run, 5 * HOUR, P)
    assert must_write(memory, new, None, 900.0, P)  # nobody was there: it had been taken back


@pytest.mark.parametrize(
    ("outcome", "treated_s", "at_s", "status"),
    [
        ("treat", None, 0.0, "to_treat"),
        ("treat", 0.0, 600.0, "under_way"),
        ("treat", 0.0, 1201.0, "to_treat"),  # nothing for twenty minutes
        ("monitor", 0.0, 600.0, "treated"),
        ("monitor", 0.0, 7 * HOUR, "watch"),  # it no longer holds
        ("monitor", None, 0.0, "watch"),
        ("no_action", 0.0, 600.0, "none"),
        ("refer", None, 0.0, "refer"),
    ],
)
def test_where_a_route_stands(outcome, treated_s, at_s, status) -> None:
    found = done([] if treated_s is None else [salted(10, treated_s)], at_s)
    assert status_of(RoutePlan(0, outcome, "x"), found, at_s, P) == status


def test_treatments_in_words() -> None:
    found = done([salted(10, 0.0), salted(18.2, 1800.0)], HOUR)
    assert found is not None
    said = treated_in_words(found, "19:40", "20:10", "01:40")
    assert said == "Treated 19:40 to 20:10 at 10 to 18 g/m², 2 stretches; holds until about 01:40."
    one = done([salted(10.0)], HOUR)
    assert one is not None
    assert treated_in_words(one, "19:40", "19:40", "01:40") == (
        "Treated 19:40 at 10 g/m², 1 stretch; holds until about 01:40."
    )


def test_the_service_period_runs_from_noon_to_noon() -> None:
    noon = 12 * HOUR
    assert period_of(noon - 1, 12.0) + 1 == period_of(noon, 12.0)
    assert period_of(noon, 12.0) == period_of(noon + 86_399, 12.0)
    assert period_of(noon - 3600, 12.0, utc_offset_s=HOUR) == period_of(noon, 12.0)


@pytest.mark.parametrize("kinds", [("gritter",), ()])
def test_nothing_is_overdue_where_no_gritter_reports(kinds: tuple[str, ...]) -> None:
    town = hamlet()
    ctx = context(structs.replace(town, devices=tuple(d for d in town.devices if d.kind in ("road", *kinds))))
    icy = {
        "surface_temperature_c": -1.0,
        "air_temperature_c": 0.0,
        "humidity_pct": 95.0,
        "water_film_mm": 0.4,
    }
    readings = [("road", d, 600.0 * i, icy) for i in range(24) for d in ("road-0", "road-1")]
    _, effects = step(EngineState(), batch(readings), latest(readings), ctx)
    told = [e.state for e in effects if isinstance(e, SubjectState) and e.subject_kind == "route"]
    assert {(s["status"], s["overdue"]) for s in told} == {("to_treat", bool(kinds))}
