"""Scores of a night and a season against tables worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass
from rules.core.winter_nights import in_words, night_of, span_s
from rules.core.winter_orders import model as m
from rules.core.winter_orders.commands import obey
from rules.core.winter_orders.model import Case
from rules.core.winter_orders.standing import cases
from rules.core.winter_scores.contingency import Counts, counted, measures, outcome_of
from rules.core.winter_scores.facts import Forecasts, Measured, NightFacts, ScoreParameters, Stretch
from rules.core.winter_scores.hazard import LOOK_BACK_S
from rules.core.winter_scores.leads import Errors, by_lead, errors, pooled, probability
from rules.core.winter_scores.night import NightScore, nearest, score
from rules.core.winter_scores.season import season
from rules.core.winter_scores.service import NOT_KNOWN
from tests.fakes.rules_town import START
from tests.fakes.winter_orders import R1, decision

LONDON = ZoneInfo("Europe/London")
NIGHT = date(2026, 1, 9)
FROM_S, TO_S = span_s(NIGHT, LONDON)
HOUR_S = 3600.0
P = ScoreParameters(from_h=12.0)
"""The measurements of these tests are from the afternoon on."""


def test_measures_are_those_of_the_textbook() -> None:
    # Finley's tornado forecasts of 1884 (Wilks, Statistical Methods in the Atmospheric Sciences).
    finley = measures(Counts(hits=28, false_alarms=72, misses=23, correct_rejections=2680))
    assert finley.n == 2803
    assert finley.pod == pytest.approx(0.549, abs=5e-4)
    assert finley.far == pytest.approx(0.720, abs=5e-4)
    assert finley.pofd == pytest.approx(0.0262, abs=5e-5)
    assert finley.tss == pytest.approx(0.523, abs=5e-4)
    assert finley.bias == pytest.approx(1.96, abs=5e-3)
    assert finley.percent_correct == pytest.approx(96.6, abs=5e-2)
    assert finley.csi == pytest.approx(0.228, abs=5e-4)
    assert finley.hss == pytest.approx(0.355, abs=5e-4)


def test_a_rate_of_nothing_is_not_zero() -> None:
    mild = measures(Counts(correct_rejections=5))
    assert (mild.pod, mild.far, mild.tss, mild.bias, mild.hss) == (None, None, None, None, None)
    assert (mild.pofd, mild.percent_correct) == (0.0, 100.0)
    assert measures(Counts(unknown=3)).percent_correct is None


def test_a_warning_that_comes_when_it_is_frozen_is_a_miss() -> None:
    assert outcome_of(100.0, 50.0, True) == "hit"
    assert outcome_of(100.0, 100.1, True) == "miss"
    assert outcome_of(100.0, None, True) == "miss"
    assert outcome_of(None, 50.0, True) == "false_alarm"
    assert outcome_of(None, None, True) == "correct_rejection"
    assert outcome_of(None, 50.0, False) == "unknown"
    assert counted(["hit", "hit", "unknown"]) + Counts(misses=1) == Counts(hits=2, misses=1, unknown=1)


def test_errors_by_lead_and_probabilities() -> None:
    leads = np.array([1, 1, 3, 3, 6])
    said, came = np.array([1.0, 3.0, 2.0, np.nan, np.nan]), np.array([0.0, 1.0, 4.0, 0.0, 1.0])
    one, three = by_lead(leads, said, came)
    assert (one.lead_h, three.lead_h) == (1, 3)
    assert one.errors == Errors(n=2, bias_c=1.5, mae_c=1.5, rmse_c=pytest.approx(np.sqrt(2.5)))
    assert three.errors == Errors(n=1, bias_c=-2.0, mae_c=2.0, rmse_c=2.0)
    whole = errors(said, came)
    assert pooled([one.errors, three.errors]) == whole
    assert pooled([]) is None
    found = probability(np.array([1.0, 0.0, 0.5, 0.25]), np.array([-1.0, 1.0, 0.0, np.nan]))
    assert found is not None
    assert (found.n, found.brier) == (3, pytest.approx(0.25 / 3))
    assert found.skill == pytest.approx(1.0 - (0.25 / 3) / (2 / 9))
    always = probability(np.array([1.0]), np.array([-1.0]))
    assert always is not None
    assert always.skill is None


def test_a_night_has_23_or_25_hours_where_the_clock_changes() -> None:
    for day, hours in ((date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (NIGHT, 24)):
        begin, end = span_s(day, LONDON)
        assert (end - begin) / HOUR_S == hours
        assert (night_of(begin, LONDON), night_of(end - 1.0, LONDON)) == (day, day)
    assert in_words(date(2026, 1, 31)) == "the night from 31 January to 1 February 2026"


def measured(*values_c: float, wet: bool = True, step_s: float = 600.0) -> Measured:
    ts_s = START + step_s * np.arange(len(values_c))
    return Measured(ts_s, np.array(values_c), np.full(len(values_c), wet))


STRETCHES = {
    "r1": (Stretch("s0", 1000.0, 8.0, "road-0"), Stretch("s1", 500.0, 8.0), Stretch("s2", 500.0, 8.0)),
    "r2": (Stretch("s3", 800.0, 6.0, "road-1"),),
    "r3": (Stretch("s4", 800.0, 6.0),),
}


def spread(at_s: float, g_m2: float = 10.0) -> TreatedMemory:
    return TreatedMemory((Pass(START + at_s, g_m2, 0.0, 1.0, "g", START, START + at_s),))


def facts(found: tuple[Case, ...], **more: object) -> NightFacts:
    base = NightFacts(
        night=NIGHT, from_s=FROM_S, to_s=TO_S, labels={"r1": "Route 1", "r2": "Route 2", "r3": "Route 3"},
        stretches=STRETCHES,
        measured={"road-0": measured(1.0, 0.5, 0.0, -1.0, -1.0, 0.5), "road-1": measured(3.0, 2.0, wet=False)},
        forecasts=None, treated={}, cases=found,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


PROPOSED = cases([decision(1, 0.0, segments=("s0", "s1", "s2"))], ())


def of(night: NightScore, route: str) -> msgspec.Struct:
    return next(r for r in night.routes if r.route_id == route)


def test_a_route_is_judged_by_its_coldest_section_and_one_without_a_sensor_is_not() -> None:
    night = score(facts(PROPOSED), LONDON, P)
    assert [r.outcome for r in night.routes] == ["hit", "correct_rejection", "unknown"]
    frost = night.routes[0].frost
    assert (frost.minimum_c, frost.from_s, frost.to_s) == (-1.0, START + 1200.0, START + 2400.0)
    assert (frost.frost_h, frost.hazard_h) == (0.5, 0.5)
    assert night.counts == Counts(hits=1, correct_rejections=1, unknown=1)
    assert any("Route 3" in note for note in night.notes)
    late = score(facts(cases([decision(1, 1300.0)], ())), LONDON, P)
    assert late.routes[0].outcome == "miss"
    other = score(facts(cases([decision(1, 0.0, route_id="r2", segments=("s3",))], ())), LONDON, P)
    assert [r.outcome for r in other.routes[:2]] == ["miss", "false_alarm"]


def answered(*commands: m.Command, at_s: float = 600.0) -> tuple[Case, ...]:
    """The proposal with officers' acts, the first at a time after START, a minute apart."""
    acts: list[m.Act] = []
    for k, command in enumerate(commands):
        [case] = cases([decision(1, 0.0, segments=("s0", "s1", "s2"))], acts)
        new = obey(case, command, START + at_s + 60.0 * k, R1)
        acts.append(m.Act(act_id=k + 1, seen={}, **{f: getattr(new, f) for f in m.NewAct.__struct_fields__}))
    return cases([decision(1, 0.0, segments=("s0", "s1", "s2"))], acts)


WHO = {"by": "Ada", "role": "duty officer"}
CANCELLED = m.Cancel(ref="P1", **WHO, reason="cloud has come in")


def test_what_an_officer_cancelled_before_a_wet_road_froze_is_a_miss_and_untreated() -> None:
    one = score(facts(answered(CANCELLED)), LONDON, P).routes[0]
    assert (one.outcome, one.warned_s) == ("miss", None)
    assert (one.service.due_km, one.service.untreated_km, one.service.untreated_hazard_h) == (2.0, 2.0, 0.5)
    # Cancelled only when it was frozen, or when it had been driven: it stood.
    assert score(facts(answered(CANCELLED, at_s=1300.0)), LONDON, P).routes[0].outcome == "hit"
    driven = facts(answered(CANCELLED), treated={"s0": spread(300.0)})
    assert score(driven, LONDON, P).routes[0].outcome == "hit"
    # Where no road froze that was not dry, cancelling was right.
    dry = facts(answered(CANCELLED), measured={"road-0": measured(1.0, -1.0, -1.0, wet=False)})
    assert score(dry, LONDON, P).routes[0].outcome == "correct_rejection"
    assert score(dry, LONDON, P).routes[0].service.due_km == 0.0


def test_a_proposal_that_the_rules_withdrew_before_it_froze_is_no_warning() -> None:
    decided = [decision(1, 0.0, segments=("s0", "s1", "s2")), decision(2, 900.0, "no_action")]
    one = score(facts(cases(decided, ())), LONDON, P).routes[0]
    assert (one.outcome, one.service.untreated_km) == ("miss", 2.0)
    again = [*decided, decision(3, 1100.0)]
    assert score(facts(cases(again, ())), LONDON, P).routes[0].warned_s == START + 1100.0


def test_a_dry_road_that_freezes_is_no_hazard_as_in_the_hindcast() -> None:
    dry = {"road-0": measured(1.0, -1.0, -1.0, wet=False)}
    assert score(facts((), measured=dry), LONDON, P).routes[0].outcome == "correct_rejection"
    assert score(facts(PROPOSED, measured=dry), LONDON, P).routes[0].outcome == "false_alarm"


EVENING_S = datetime(2026, 1, 9, 17, tzinfo=LONDON).timestamp()
MORNING_PASS = TreatedMemory((Pass(FROM_S - HOUR_S, 20.0, 0.0, 1.0, "g", FROM_S - HOUR_S, FROM_S - HOUR_S),))


def all_night(surface_c: float = -1.0, state: float = 2.0, freezing_c: float = np.nan) -> Measured:
    count = 90
    told = (np.full(count, np.nan), np.full(count, freezing_c), np.full(count, state))
    return Measured(
        EVENING_S + 600.0 * np.arange(count), np.full(count, surface_c), np.full(count, True), *told
    )


def judged(m: Measured, found: tuple[Case, ...] = (), **more: object) -> msgspec.Struct:
    return score(facts(found, measured={"road-0": m}, **more), LONDON, ScoreParameters()).routes[0]


def test_salt_of_before_that_keeps_a_wet_road_liquid_is_no_hazard_until_rain_washes_it_off() -> None:
    salted = {"s0": MORNING_PASS}
    assert judged(all_night()).outcome == "miss"
    assert judged(all_night(), treated=salted).outcome == "correct_rejection"
    assert judged(all_night(-6.0), treated=salted).outcome == "miss", "too little for such cold"
    assert judged(all_night(state=4.0), treated=salted).outcome == "miss", "the sensor sees ice"
    rained = ((FROM_S + HOUR_S, 3.0),)
    assert judged(all_night(), treated=salted, rain=rained).outcome == "miss"


def test_the_freezing_point_that_a_sensor_measures_counts_before_what_is_reckoned() -> None:
    assert judged(all_night(freezing_c=-3.0)).outcome == "correct_rejection"
    assert judged(all_night(freezing_c=-0.5)).outcome == "miss"
    assert judged(all_night(freezing_c=-0.2), treated={"s0": MORNING_PASS}).outcome == "miss"
    assert judged(all_night(0.4, freezing_c=1.0)).outcome == "correct_rejection", "never above 0 °C"


def test_salt_that_was_spread_because_of_a_warning_makes_no_false_alarm_of_it() -> None:
    driven = {"s0": spread(1800.0, 20.0)}
    assert judged(all_night(), PROPOSED, treated=driven).outcome == "hit"
    assert judged(all_night(freezing_c=-6.0), PROPOSED, treated=driven).outcome == "hit"
    # Driven in the night without anybody having been asked: the rules missed it.
    late = {"s0": spread(EVENING_S - START + HOUR_S, 20.0)}
    assert judged(all_night(), treated=late).outcome == "miss"


def test_a_referral_is_a_warning_as_in_the_hindcast() -> None:
    referred = cases([decision(1, 0.0, "refer")], ())
    assert (judged(all_night(), referred).outcome, judged(all_night(2.0), referred).outcome) == (
        "hit",
        "false_alarm",
    )
    withdrawn = cases([decision(1, 0.0, "refer"), decision(2, 900.0, "no_action")], ())
    assert judged(all_night(), withdrawn).outcome == "miss"


def test_salt_counts_as_long_as_the_rules_reckon_it() -> None:
    told, p = ScoreParameters(), load().gritting.parameters.treatment
    for name in ("holds_h", "rain_mm", "holds_after_rain_h"):
        assert getattr(told, name) == getattr(p, name)
    assert p.passes_kept_s == LOOK_BACK_S


def test_a_score_that_was_kept_before_is_read_still() -> None:
    told = json.loads(msgspec.json.encode(score(facts(PROPOSED), LONDON, P)))
    for name in ("holds_h", "rain_mm", "holds_after_rain_h"):
        del told["parameters"][name]
    assert msgspec.json.decode(json.dumps(told), type=NightScore).counts == Counts(
        hits=1, correct_rejections=1, unknown=1
    )


def test_a_road_that_was_frozen_before_the_evening_is_judged_from_the_evening_on() -> None:
    all_day = Measured(FROM_S + 600.0 * np.arange(144), np.full(144, -3.0), np.full(144, True))
    # Asked for at 15:00; frozen since noon. The hindcast judges from 17:00 to 8:00.
    one = score(facts(PROPOSED, measured={"road-0": all_day}), LONDON, ScoreParameters()).routes[0]
    assert (one.outcome, one.frost.hazard_h) == ("hit", 15.0)
    assert one.frost.hazard_from_s == datetime(2026, 1, 9, 17, tzinfo=LONDON).timestamp()
    morning_only = facts((), measured={"road-0": measured(-1.0, -1.0)})
    assert score(morning_only, LONDON, ScoreParameters()).routes[0].outcome == "unknown"


def test_a_sensor_that_was_found_wrong_is_not_asked() -> None:
    night = score(facts((), wrong=frozenset({"road-0"})), LONDON, P)
    assert night.routes[0].outcome == "unknown"
    assert "Found wrong by their neighbours, and not asked: road-0." in night.notes


def test_what_was_treated_in_time_late_and_not_at_all_and_the_salt() -> None:
    treated = {"s0": spread(600.0), "s1": spread(3000.0, 20.0)}
    night = score(facts(PROPOSED, treated=treated), LONDON, P)
    one, two = night.routes[0].service, night.routes[1].service
    assert (one.due_km, one.in_time_km, one.late_km, one.untreated_km) == (2.0, 1.0, 0.5, 0.5)
    assert one.late_km_min == pytest.approx(0.5 * 30.0)
    assert one.in_time_pct == 50.0
    assert one.untreated_hazard_h == 0.5
    assert one.salt_t == pytest.approx((10.0 * 8000 + 20.0 * 4000) / 1e6)
    assert (one.policy_t, two.policy_t) == (pytest.approx(0.16), pytest.approx(0.048))
    assert (two.due_km, two.in_time_pct) == (0.0, None)
    # Nothing was asked for: the policy salts nothing either.
    assert score(facts(()), LONDON, P).routes[1].service.policy_t == 0.0


def test_forecasts_are_compared_hour_by_hour_and_the_evening_by_its_minimum() -> None:
    hours = np.array([1, 2, 3])
    sensor = Measured(FROM_S + HOUR_S * np.arange(24.0), np.linspace(4.0, -2.0, 24), np.ones(24, dtype=bool))
    issued = FROM_S + 2.0 * HOUR_S
    truth = sensor.surface_c[[3, 4, 5]]
    forecasts = Forecasts(
        segment=("s0",) * 3, issued_s=np.full(3, issued), at_s=issued + HOUR_S * hours, lead_h=hours,
        surface_c=truth + np.array([0.5, -0.5, 1.0]), below_zero=np.array([0.0, 0.1, 0.2]),
    )  # fmt: skip
    night = score(facts((), measured={"road-0": sensor}, forecasts=forecasts), LONDON, P)
    assert [(e.lead_h, round(e.errors.bias_c, 6)) for e in night.leads] == [(1, 0.5), (2, -0.5), (3, 1.0)]
    assert night.minimum is not None
    assert night.minimum.bias_c == pytest.approx(min(forecasts.surface_c) - min(truth))
    assert night.below_zero is not None
    assert night.below_zero.n == 3
    after = replace(forecasts, issued_s=np.full(3, FROM_S + 5 * HOUR_S))
    made_late = score(facts((), measured={"road-0": sensor}, forecasts=after), LONDON, P)
    assert made_late.minimum is None
    assert np.isnan(nearest(sensor, np.array([FROM_S + 1800.0]), 900.0)).all()


def test_a_season_adds_counts_and_pairs_and_comes_back_from_json() -> None:
    one = score(facts(PROPOSED, treated={"s0": spread(600.0)}), LONDON, P)
    two = score(facts(()), LONDON, P)
    both = season([one, msgspec.json.decode(msgspec.json.encode(two), type=NightScore)])
    assert both.nights == 2
    assert both.counts == Counts(hits=1, misses=1, correct_rejections=2, unknown=2)
    assert (both.frost_nights, both.hazard_nights) == (2, 2)
    assert both.service.due_km == one.routes[0].service.due_km
    assert {r.route_id: r.counts.judged for r in both.routes} == {"r1": 2, "r2": 2, "r3": 0}
    assert season([]).first is None


def test_what_is_no_longer_kept_is_not_told_as_not_done() -> None:
    gone = "What gritters spread is no longer kept (kept 30 days)."
    night = score(facts(PROPOSED, passes_gone=gone, roads_gone="No hours."), LONDON, P)
    assert night.routes[0].service == NOT_KNOWN
    assert {gone, "No hours."} < set(night.notes)
    assert not any("No gritter reported" in n or "no road forecast" in n for n in night.notes)
    known = score(facts(PROPOSED), LONDON, P)
    assert known.routes[0].service.untreated_km == 2.0
    assert any("No gritter reported" in n for n in known.notes)
