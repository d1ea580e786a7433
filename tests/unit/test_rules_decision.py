"""What a stretch and a route need beside the matrix: forecasts, ploughs, limits of salt, doses, timing, whole routes."""

from __future__ import annotations

import pytest
from msgspec import structs

from rules.catalogue.loader import load
from rules.core.coat import Coat
from rules.core.dose import dose, film_mm
from rules.core.gritting import Outlook, assess
from rules.core.route_plan import RoutePlan, make_plan, period_of
from rules.core.route_result import times_of
from rules.core.route_words import action_of, in_words, rain_in_words
from rules.core.routing import Drive, Leg

CATALOGUE = load()
P, MATRIX = CATALOGUE.gritting.parameters, CATALOGUE.matrix
HOUR, PERIOD = 3600.0, period_of(0.0, P.period_start_h)
NEVER, ALWAYS = 0.0, 0.9


def outlook(minimum_c: float | None = -1.0, **more) -> Outlook:
    given = {
        "segment_id": "s", "street": "High Street", "surface_c": 2.0, "dew_point_c": -8.0,
        "frost_point_c": -7.0, "state": "dry", **more,
    }  # fmt: skip
    given.setdefault("source", "forecast" if "p_ice" in given else "nowcast")
    return Outlook(minimum_c=minimum_c, **given)


def plan(*views: Outlook, coats=None, before=None, p=P, at_s=0.0) -> RoutePlan:
    return make_plan([assess(v, p, MATRIX) for v in views], coats or {}, before, at_s, PERIOD, p)


@pytest.mark.parametrize(
    ("given", "outcome", "says"),
    [
        # a road that is wet now and dry when it freezes is watched, but only where ice is unlikely
        ({"wet": True, "film_mm": 0.0, "p_ice": NEVER}, "monitor", "dry by then"),
        ({"wet": True, "film_mm": 0.0, "p_ice": ALWAYS}, "treat", "wet road"),
        ({"wet": True, "film_mm": 0.0}, "treat", "wet road"),  # nobody told how sure that is
        # one that is dry now and wet then is treated
        ({"film_mm": 0.10, "p_ice": 0.6}, "treat", "wet road"),
        ({"film_mm": 0.04, "p_ice": 0.6}, "treat", "damp road"),
        # hoar is what gathers, not a bare inequality
        ({"frost_point_c": -0.9, "deposit_mm": 0.0, "p_ice": NEVER}, "monitor", "too dry for hoar"),
        ({"frost_point_c": -0.9, "deposit_mm": 0.0}, "treat", "hoar frost likely, frost point"),
        ({"deposit_mm": 0.05, "p_ice": 0.5}, "treat", "hoar frost likely, 0.05 mm"),
        # the chance of ice counts beside the middle of the forecast
        ({"film_mm": 0.0, "p_ice": 0.3}, "treat", "ice in 30 % of cases"),
        ({"film_mm": 0.0, "p_ice": 0.05}, "monitor", "too dry"),
        ({"minimum_c": 1.6, "p_ice": 0.2}, "treat", "ice in 20 % of cases"),
        ({"minimum_c": 1.6, "wet": True, "p_ice": 0.05}, "no_action", "stays above"),
        # where nobody forecast the weather, chances are too wide to act on, and nothing is taken away
        ({"minimum_c": 1.6, "p_ice": 0.4, "source": "nowcast"}, "no_action", "stays above"),
        ({"wet": True, "film_mm": 0.0, "p_ice": NEVER, "source": "nowcast"}, "treat", "wet road"),
        ({"film_mm": 0.10, "p_ice": NEVER, "source": "nowcast"}, "treat", "wet road"),
    ],
)  # fmt: skip
def test_a_road_forecast_tells_more_than_the_trend(given, outcome, says) -> None:
    found = assess(outlook(**given), P, MATRIX)
    assert (found.outcome, says in found.why) == (outcome, True), found.why


def test_a_forecast_alone_never_makes_a_missing_reading_safe() -> None:
    assert assess(outlook(None, p_ice=0.0, film_mm=0.0), P, MATRIX).outcome == "refer"


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"minimum_c": -10.01, "state": "ice"}, "refer"),
        ({"minimum_c": -10.01, "state": "snow", "snow_mm": 5.0}, "refer"),
        ({"minimum_c": -10.01, "precipitation": "freezing_rain"}, "refer"),
        ({"minimum_c": -9.99, "state": "ice"}, "treat"),
        ({"minimum_c": -30.0, "frost_point_c": -40.0}, "monitor"),  # dry: nothing to be done about cold alone
    ],
)
def test_where_salt_no_longer_works_a_person_decides(given, outcome) -> None:
    found = assess(outlook(**given), P, MATRIX)
    assert found.outcome == outcome
    assert ("salt does not work below -10 °C" in found.why) is (outcome == "refer")
    assert not found.near


def test_an_authority_s_policy_may_go_further_down() -> None:
    p = structs.replace(P, dose=structs.replace(P.dose, coldest_c=-15.0))
    found = assess(outlook(-12.0, state="ice"), p, MATRIX)
    assert (found.outcome, found.rate_g_m2, found.passes) == ("treat", 20.0, 2)
    assert "salt works slowly below -7 °C" in found.why


def test_deep_snow_is_ploughed_and_salted() -> None:
    light, heavy, deep = (
        assess(outlook(state="snow", snow_mm=mm, lying_mm=mm), P, MATRIX) for mm in (0.5, 2.9, 3.0)
    )
    assert [(a.rate_g_m2, a.passes, a.plough) for a in (light, heavy, deep)] == [
        (20.0, 1, False), (20.0, 2, False), (20.0, 1, True),
    ]  # fmt: skip
    assert "about 30 mm of snow" in deep.why
    assert "again as long as it lasts" in deep.why
    found = plan(outlook(state="snow", snow_mm=3.0, lying_mm=3.0))
    assert (found.outcome, action_of(found)) == ("treat", "plough")
    assert in_words(found, 2, None, is_past=False).startswith("Plough and treat 1 of 2 stretches at 20 g/m²")
    bare = structs.replace(MATRIX, rows=tuple(r for r in MATRIX.rows if r.condition != "snow_cover"))
    assert (
        assess(outlook(state="snow", snow_mm=9.0, lying_mm=9.0), P, bare).passes == 2
    )  # an older matrix: heavy snow


@pytest.mark.parametrize(
    ("given", "outcome", "says"),
    [
        ({"minimum_c": 1.2, "state": "ice"}, "monitor", "ice on the road, though it stays above 1 °C"),
        ({"minimum_c": 1.2, "state": "hoar", "damp": True}, "monitor", "hoar frost on the road, though"),
        ({"minimum_c": 1.2, "state": "snow", "lying_mm": 0.5}, "monitor", "snow, though it stays above"),
        ({"minimum_c": 1.5, "precipitation": "snow", "snow_mm": 3.0}, "monitor", "snow, though it stays"),
        ({"minimum_c": 2.1, "precipitation": "snow", "snow_mm": 3.0}, "no_action", "stays above"),  # sleet
        ({"minimum_c": 1.5, "precipitation": "snow", "falls_in_h": 9.0}, "no_action", "stays above"),
        ({"minimum_c": 1.1, "precipitation": "freezing_rain"}, "monitor", "freezing rain, though"),
        (
            {"minimum_c": 1.1, "precipitation": "freezing_rain", "p_ice": 0.05},
            "monitor",
            "freezing rain, though",
        ),
        ({"minimum_c": 1.1, "precipitation": "freezing_rain", "falls_in_h": 9.0}, "no_action", "stays above"),
        ({"minimum_c": 1.2, "state": "snow", "lying_mm": 5.0}, "treat", "about 50 mm of snow"),
        ({"minimum_c": 7.0, "state": "snow", "lying_mm": 5.0}, "treat", "about 50 mm of snow"),
        ({"minimum_c": 1.2, "precipitation": "snow", "lying_mm": 5.0}, "monitor", "snow, though"),  # melts
        ({"minimum_c": 1.2, "wet": True}, "no_action", "stays above"),
    ],
)
def test_what_is_on_the_road_counts_above_the_threshold_too(given, outcome, says) -> None:
    found = assess(outlook(**given), P, MATRIX)
    assert (found.outcome, says in found.why, found.plough) == (outcome, True, outcome == "treat"), found.why


def test_snow_to_come_is_not_ploughed() -> None:
    dusting = assess(outlook(state="snow", snow_mm=4.0, lying_mm=0.2), P, MATRIX)
    assert (dusting.plough, dusting.passes) == (False, 2)  # heavy snow is on its way
    assert "mm of snow" not in dusting.why


def test_salt_under_deep_snow_does_not_count_but_behind_the_plough_it_does() -> None:
    snowed = outlook(state="snow", snow_mm=5.0, lying_mm=5.0)
    first = plan(snowed, coats={"s": Coat(40.0, -HOUR, 5 * HOUR)})
    assert (first.outcome, action_of(first), first.rate_g_m2) == ("treat", "plough", 20.0)
    behind = plan(snowed, before=first, coats={"s": Coat(40.0, 600.0, 6 * HOUR)})
    assert behind.outcome == "monitor"
    assert plan(snowed, before=behind, coats={"s": Coat(40.0, 600.0, 6 * HOUR)}).outcome == "monitor"


def test_what_there_is_to_do() -> None:
    assert action_of(plan(outlook(-6.0, wet=True))) == "treat_twice"
    assert action_of(plan(outlook(-3.0, wet=True))) == "treat"
    assert action_of(plan(outlook(-3.0))) == "monitor"
    assert action_of(plan(outlook(3.0))) == "no_action"
    assert action_of(plan(outlook(None))) == "refer"


def test_the_dose_stands_beside_the_cell() -> None:
    found = assess(outlook(-4.9, wet=True), P, MATRIX)
    assert (found.cell_g_m2, found.rate_g_m2) == (16.0, 16.0)
    assert found.dose_g_m2 == pytest.approx(dose(film_mm("frost", True, P.dose), -4.9, P.dose).total_g_m2)
    assert "needs" not in found.why
    flooded = assess(outlook(-4.9, film_mm=0.2, p_ice=0.9), P, MATRIX)
    assert "so much water needs 33 g/m², the matrix has 16" in flooded.why
    assert flooded.rate_g_m2 == 16.0  # the matrix decides


@pytest.mark.parametrize(
    ("given", "rate", "passes"),
    [
        ({"minimum_c": -2.1, "wet": True}, 13.0, 1),  # 7.0 by physics, held within 3 of 16
        ({"minimum_c": -4.0, "wet": True}, 14.0, 1),
        ({"minimum_c": -4.9, "film_mm": 0.2, "p_ice": 0.9}, 19.0, 1),  # 33 by physics
        ({"minimum_c": -1.0, "damp": True}, 8.0, 1),  # what spreaders can
        ({"minimum_c": -9.9, "wet": True}, 17.0, 2),
    ],
)
def test_where_the_dose_decides_it_stays_near_the_cell(given, rate, passes) -> None:
    p = structs.replace(P, dose=structs.replace(P.dose, decides="dose"))
    found = assess(outlook(**given), p, MATRIX)
    assert (found.rate_g_m2, found.passes) == (rate, passes)
    assert abs(rate * passes - found.cell_g_m2) <= P.dose.gate_g_m2 + passes  # rounded up to whole grams


def test_a_route_that_is_not_treated_selectively_is_treated_as_a_whole() -> None:
    views = [
        outlook(-3.0, segment_id="a", wet=True, zero_in_h=2.0), outlook(3.0, segment_id="b"), outlook(-12.0, segment_id="c", wet=True),
    ]  # fmt: skip
    whole = structs.replace(P, selective=False)
    assert plan(*views).segments == ("a",)
    found = plan(*views, p=whole)
    assert found.segments == ("a", "b")  # on c salt does not work
    assert (found.needs["b"].g_m2, found.needs["b"].by_s) == (16.0, 2 * HOUR)
    salted = plan(*views, p=whole, coats={"b": Coat(16.0, 0.0, 6 * HOUR)})
    assert salted.segments == ("a",)
    assert plan(outlook(3.0, segment_id="b"), p=whole).outcome == "no_action"


def test_salt_goes_on_after_the_rain_and_before_the_frost() -> None:
    ends = plan(outlook(-3.0, wet=True, zero_in_h=5.0, rain_ends_in_h=2.0))
    assert ends.not_before_s == 2 * HOUR
    assert rain_in_words(ends, "20:00", True) == " Treat after the rain, from 20:00."
    into = plan(outlook(-3.0, wet=True, zero_in_h=2.0, rain_ends_in_h=5.0))
    assert "treat before the frost, and again after the rain" in rain_in_words(into, "23:00", True)
    late = rain_in_words(ends, "20:00", True, leave_s=HOUR)
    assert late == (
        " Rain lasts until 20:00, but a lorry that waits for its end is late: leave in time, and treat again what it washes off."
    )
    assert rain_in_words(ends, "20:00", True, leave_s=3 * HOUR) == " Treat after the rain, from 20:00."
    unknown = plan(outlook(-3.0, wet=True, zero_in_h=2.0))
    assert unknown.not_before_s is None
    assert "It rains" in rain_in_words(unknown, None, True)
    assert rain_in_words(unknown, None, False) == ""
    assert plan(outlook(-3.0, wet=True, rain_ends_in_h=0.0)).not_before_s is None


def leg(treat: bool, length_m: float) -> Leg:
    return Leg("s", "High Street", treat, 1, 2, length_m)


def test_the_lorry_leaves_in_time_for_the_last_stretch() -> None:
    way = (leg(False, 8000.0), leg(True, 4000.0), leg(False, 4000.0))
    drive, p = Drive(way, (), 4000.0, 12_000.0), P.spread  # 10 min there, 6 on it, 5 home
    once = RoutePlan(PERIOD, "treat", "x", 10.0, 1, plan(outlook(-3.0, wet=True, zero_in_h=5.0)).needs)
    found = times_of(once, drive, p, 0.0)
    assert (found.round_min, found.pass_min, found.run_min) == pytest.approx((21.0, 16.0, 16.0))
    assert once.treat_by_s is not None
    assert found.leave_s == pytest.approx(once.treat_by_s - 60.0 * (16.0 + p.reserve_min))
    assert found.call_out_s == pytest.approx(found.leave_s - 60.0 * p.turn_out_min)
    assert (found.done_s, found.late_s) == (once.treat_by_s, 0.0)
    assert found.call_out_s is not None
    late = times_of(once, drive, p, found.call_out_s + 70 * 60.0)
    assert late.late_s == pytest.approx(4200.0)
    assert (late.call_out_s, late.leave_s, late.done_s) == pytest.approx(
        (found.call_out_s + 4200.0, found.leave_s + 4200.0, once.treat_by_s + 4200.0)
    )
    assert times_of(once, drive, p, found.call_out_s + 59.0) == found
    twice = times_of(structs.replace(once, passes=2), drive, p, 0.0)
    assert twice.run_min == pytest.approx(21.0 + 16.0)
    assert times_of(RoutePlan(PERIOD, "monitor", "x"), drive, p, 0.0).leave_s is None


def test_a_route_that_a_forecast_has_treated_holds_however_warm_the_middle_is() -> None:
    risky = outlook(2.5, p_ice=0.3, spread_c=2.0)
    first = plan(risky)
    again = plan(risky, before=first, at_s=300.0)
    assert first.outcome == again.outcome == "treat"
    assert again.needs["s"].since_s == 0.0
    assert plan(outlook(2.5, p_ice=0.0), before=again, at_s=600.0).outcome == "no_action"
