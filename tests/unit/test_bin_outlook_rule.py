"""Rule bins.forecast in the engine: what it tells, whom it puts on the list, what it does not learn from, and what it forgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from devices.registry import Registry
from rules.catalogue.loader import load
from rules.core.bin_outlook import rule
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.levels import levels, place_of
from rules.core.bin_trouble.why import why_collect
from rules.core.context import Context, build_context
from rules.core.effects import Decision, Effect, Json, SubjectState
from rules.core.engine import step
from rules.core.forget import forget
from rules.core.memory import BinMemory, EngineState
from rules.core.overrides import Override, prepare
from tests.fakes.rules_town import START, ZONE, Reading, batch, context, hamlet, latest

HOUR_S = 3600.0


def rising(
    device: str, from_pct: float, per_hour: float, hours: float, begin_h: float = 0.0
) -> list[Reading]:
    """Half-hourly readings of a bin that fills evenly, without noise."""
    return [
        ("bin", device, (begin_h + h) * HOUR_S + 60.0, echo(from_pct + per_hour * h))
        for h in np.arange(0.0, hours, 0.5).tolist()
    ]


def echo(fill_pct: float, **more: float) -> dict[str, float]:
    return {"distance_mm": 1000.0 - 8.0 * min(max(fill_pct, 0.0), 100.0), **more}


def run(
    readings: Sequence[Reading], ctx: Context | None = None, state: EngineState | None = None
) -> tuple[EngineState, tuple[Effect, ...]]:
    ordered = sorted(readings, key=lambda r: r[2])
    return step(state or EngineState(), batch(ordered), latest(ordered), ctx or context())


def told(effects: Sequence[Effect], bin_id: str) -> Json:
    found = [e.state for e in effects if isinstance(e, SubjectState) and e.subject == bin_id]
    return found[-1]


def rounds(effects: Sequence[Effect]) -> list[Decision]:
    return [e for e in effects if isinstance(e, Decision) and e.rule_id == "bins.round"]


def candidate(decision: Decision, bin_id: str) -> Json | None:
    return next((c for c in decision.result["candidates"] if c["bin_id"] == bin_id), None)


def test_a_bins_outlook_is_told_with_its_state() -> None:
    _, effects = run(rising("bin-0", 20.0, 2.0, 12.0))  # from Friday 15:00 to Saturday 03:00
    outlook = told(effects, "b0")["outlook"]
    assert set(outlook) == {
        "p_overflow", "service_at", "next_service_at", "service_fill_pct", "full_at", "full_from", "full_to",
        "rate_pct_day", "learnt_from", "collect", "strip",
    }  # fmt: skip
    assert outlook["service_at"] == "2026-01-10T06:00:00Z"
    assert outlook["next_service_at"] == "2026-01-12T06:00:00Z"  # Sunday has none
    assert outlook["full_from"] < outlook["full_at"] < outlook["full_to"]
    assert outlook["service_fill_pct"] > 40.0
    assert outlook["p_overflow"] > 0.5
    assert outlook["learnt_from"] in ("bin", "place", "fleet")
    assert outlook["collect"] is True


def test_before_the_first_full_hour_there_is_no_outlook_and_after_an_emptying_until_the_next_one() -> None:
    first: Reading = ("bin", "bin-0", 60.0, echo(20.0))
    assert told(run([first])[1], "b0")["outlook"] is None
    filling = rising("bin-0", 40.0, 2.0, 10.1)
    emptied: list[Reading] = [("bin", "bin-0", 10.1 * HOUR_S + 60.0 * m, echo(1.0)) for m in (5, 15)]
    state, effects = run([*filling, *emptied])
    assert told(effects, "b0")["last_emptied_at"] is not None
    assert told(effects, "b0")["outlook"] is None
    _, effects = run(rising("bin-0", 1.0, 1.0, 1.5, begin_h=10.6), state=state)
    assert told(effects, "b0")["outlook"]["p_overflow"] < 0.5


def test_a_bin_that_will_overflow_is_a_must_with_why_and_an_idle_one_is_no_candidate() -> None:
    readings = [
        *rising("bin-0", 30.0, 2.5, 16.0),
        *rising("bin-1", 1.0, 0.0, 16.0),
        *rising("bin-2", 96.0, 0.0, 16.0),
    ]
    _, effects = run(readings)
    decision = rounds(effects)[-1]
    likely, full = candidate(decision, "b0"), candidate(decision, "b2")
    assert likely is not None
    assert (likely["must"], likely["code"]) == (True, "forecast")
    assert likely["why"].endswith("likely to overflow before the round of Mon 12 Jan")
    assert likely["p_overflow"] > 0.1
    assert likely["expected_fill_pct"] >= likely["fill_pct"]
    assert likely["litres"] == pytest.approx(2.4 * likely["expected_fill_pct"], abs=1.0)
    assert full is not None
    assert (full["must"], full["code"]) == (True, "overflow")
    assert decision.outcome == "collect"
    assert decision.reason.startswith("2 of 3 bins must go.")
    assert "1 of them is likely to overflow" in decision.reason
    assert {b["bin_id"]: b["code"] for b in decision.inputs["bins"]} == {"b0": "forecast", "b2": "overflow"}
    assert set(decision.result) == {"service_date", "candidates", "separate"}
    assert decision.inputs["bins_forecast_version"] == 1
    idle = candidate(decision, "b1")
    assert idle is None or (idle["code"] == "may" and 0.01 <= idle["p_overflow"] < 0.1)


def test_candidates_are_told_again_though_the_list_is_the_same() -> None:
    _, effects = run(rising("bin-0", 20.0, 0.5, 20.0, begin_h=-14.0))  # a Friday from 01:00 on
    decided = [d.at_s for d in rounds(effects)]
    assert len(decided) >= 5
    assert np.diff(decided).max() <= 4.0 * HOUR_S


def test_codes_fit_the_words_of_why_a_bin_must_be_collected() -> None:
    ctx = context()
    site, p = ctx.bins["b0"], ctx.catalogue.full.parameters
    state, _ = run(
        [*rising("bin-0", 85.0, 0.0, 3.0), *rising("bin-1", 99.0, 0.0, 3.0), *rising("bin-2", 5.0, 0.0, 3.0)]
    )
    at_s = START + 20 * 86_400.0
    why = [why_collect(site, state.bin[b], at_s, p) for b in ("b0", "b1", "b2")]
    assert [None if w is None else w.code for w in why] == ["full", "overflow", "age"]


def test_the_list_does_not_flap_between_alpha_and_half_of_it() -> None:
    c = OutlookColumns(context(), {})
    alpha, rows = np.array([0.10, 0.10, 0.05]), np.arange(3)
    course = [(0.09, 0.0), (0.11, 1.0), (0.08, 1.0), (0.051, 1.0), (0.049, 0.0), (0.09, 0.0), (np.nan, 0.0)]
    for p, due in course:
        c["p"][:] = [p, 0.0, 0.06]
        rule._decide(c, rows, alpha)
        assert c["due"].tolist() == [due, 0.0, 1.0]


def test_one_bins_own_alpha_counts_for_it_alone() -> None:
    own = Override(
        override_id=1, rule_id="bins.forecast", path="parameters.alpha", scope_kind="bin", scope="b0", value=0.999,
        author="ada", reason="may overflow", starts_s=START - 1.0, expires_s=START + 9e6,
    )  # fmt: skip
    catalogue = load()
    ctx = build_context(hamlet(), catalogue, ZONE, overrides=prepare(catalogue, [own]))
    readings = [*rising("bin-0", 30.0, 2.0, 8.0), *rising("bin-1", 30.0, 2.0, 8.0)]
    _, effects = run(readings, ctx)
    outlooks = [told(effects, b)["outlook"] for b in ("b0", "b1")]
    assert all(0.1 < o["p_overflow"] < 0.999 for o in outlooks)
    assert [o["collect"] for o in outlooks] == [False, True]


def test_a_sensitive_site_has_the_lower_alpha() -> None:
    c = OutlookColumns(context(), {})
    c.is_sensitive[1] = True
    p = context().catalogue.outlook.parameters
    assert rule._alphas(context(), c, START).tolist() == [p.alpha, p.sensitive_alpha, p.alpha]


def learnt(state: EngineState, bin_id: str, ctx: Context | None = None) -> tuple[float, float]:
    """What was added in how many hours [%, h]."""
    c = OutlookColumns(ctx or context(), state.bin_outlook)
    i = c.index[bin_id]
    return float(c["added_pct"][i]), float(c["hours"][i])


def test_what_was_added_is_the_sum_over_the_cycle_and_a_gap_is_one_increment() -> None:
    whole, _ = run(rising("bin-0", 10.0, 2.0, 20.0))
    added, hours = learnt(whole, "b0")
    assert added == pytest.approx(36.0, abs=2.5)  # the filtered level is half an hour behind
    gap = [r for r in rising("bin-0", 10.0, 2.0, 20.0) if not 5 * HOUR_S < r[2] < 15 * HOUR_S]
    with_gap, _ = run([*gap, *rising("bin-1", 10.0, 0.0, 20.0)])
    added_gap, hours_gap = learnt(with_gap, "b0")
    assert added_gap == pytest.approx(added, abs=2.5)
    assert hours_gap == pytest.approx(hours, rel=0.15)


def test_an_emptying_is_no_increment_and_ends_nothing() -> None:
    emptied = [*rising("bin-0", 40.0, 2.0, 10.0), *rising("bin-0", 0.0, 2.0, 10.0, begin_h=10.0)]
    state, _ = run(emptied)
    assert state.bin["b0"].fills.emptied_s is not None
    added, _ = learnt(state, "b0")
    assert 25.0 < added < 38.0


def test_nothing_is_learnt_of_a_bin_on_its_side() -> None:
    before, after = rising("bin-0", 10.0, 1.0, 5.0), rising("bin-0", 60.0, 1.0, 5.0, begin_h=8.0)
    lying: list[Reading] = [
        ("bin", "bin-0", (5.0 + h / 2) * HOUR_S + 60.0, echo(70.0, tilt_deg=80.0)) for h in range(6)
    ]
    up: list[Reading] = [(k, d, t, {**f, "tilt_deg": 2.0}) for k, d, t, f in after]
    added, _ = learnt(run([*before, *lying, *up])[0], "b0")
    assert added == pytest.approx(8.0, abs=3.0)  # and not the 50 between
    without, _ = learnt(run([*before, *up])[0], "b0")
    assert without > 45.0


def test_nothing_is_learnt_of_a_bin_whose_sensor_hangs_once_that_is_known() -> None:
    """It would teach that bins of its place do not fill."""
    hangs: list[Reading] = [("bin", "bin-0", h * HOUR_S, echo(40.0)) for h in range(24 * 10)]
    others = [
        *rising("bin-1", 5.0, 0.7, 100.0), *rising("bin-1", 2.0, 0.7, 100.0, begin_h=100.0),
    ]  # fmt: skip
    state, _ = run([*hangs, *others])
    assert "quality.stuck" in state.quality["bin-0"].told
    _, hours = learnt(state, "b0")
    more: list[Reading] = [("bin", "bin-0", h * HOUR_S, echo(40.0)) for h in range(24 * 10, 24 * 12)]
    later, _ = run(more, state=state)
    assert learnt(later, "b0")[1] <= hours


def test_a_full_bin_teaches_nothing_more_and_what_filled_it_counts_as_at_least_that() -> None:
    state, _ = run(rising("bin-0", 90.0, 4.0, 24.0))
    added, hours = learnt(state, "b0")
    assert 9.0 < added < 25.0
    assert hours < 5.0


def test_a_level_that_is_too_old_is_no_outlook() -> None:
    days = 24.0 * 9
    state, effects = run([*rising("bin-0", 30.0, 2.0, 6.0), *rising("bin-1", 10.0, 0.05, days)])
    assert told(effects, "b1")["outlook"]["p_overflow"] < 0.5
    c = OutlookColumns(context(), state.bin_outlook)
    i = c.index["b0"]
    assert np.isnan([c["p"][i], c["rate_pct_h"][i], c["full_s"][i]]).all()
    assert c["due"][i] == 0.0


def test_bins_that_are_gone_are_forgotten_and_places_with_their_last_bin() -> None:
    town = hamlet()
    bins = tuple(msgspec.structs.replace(b, place=f"Place {b.bin_id}") for b in town.bins)
    town = msgspec.structs.replace(town, bins=bins)
    state, _ = run(
        [*rising("bin-0", 30.0, 2.0, 6.0), *rising("bin-1", 10.0, 1.0, 6.0)],
        build_context(town, load(), ZONE),
    )
    assert set(state.bin_outlook) == {"b0", "b1"}
    assert set(state.bin_shape) == {"Place b0", "Place b1"}
    smaller: Registry = msgspec.structs.replace(town, bins=town.bins[1:])
    kept, gone = forget(state, build_context(smaller, load(), ZONE))
    assert set(kept.bin_outlook) == {"b1"}
    assert set(kept.bin_shape) == {"Place b1"}
    assert {("bin_outlook", "b0"), ("bin_shape", "Place b0")} <= set(gone)


def test_a_memory_that_was_dropped_is_learnt_anew() -> None:
    state, _ = run(rising("bin-0", 30.0, 2.0, 6.0))
    without = msgspec.structs.replace(state, bin_outlook={}, bin_shape={}, bin_chances={})
    later, effects = run(rising("bin-0", 42.0, 2.0, 4.0, begin_h=6.0), state=without)
    assert told(effects, "b0")["outlook"]["p_overflow"] is not None
    assert set(later.bin_outlook) == {"b0"}


def test_the_kind_of_place_is_told_or_the_labels_first_part() -> None:
    site = context().bins["b0"]
    assert place_of(site) == "Street"
    untold = msgspec.structs.replace(site, place="", label="Market place, by the fountain")
    assert place_of(untold) == "Market place"
    assert place_of(msgspec.structs.replace(untold, label="Bin 0")) == "Bin 0"


def test_levels_of_strangers_and_of_bins_without_an_echo_are_not_known() -> None:
    now = {"b1": BinMemory(at_s=5.0, first_s=5.0), "stranger": BinMemory(at_s=5.0, first_s=5.0)}
    found = levels(now, {"b0": 0, "b1": 1}, 30.0)
    assert np.isnan(found.fill_pct).all()
    state, effects = step(
        EngineState(),
        batch([("bin", "bin-0", 60.0, {"temperature_c": 5.0})]),
        START + 3 * HOUR_S,
        replace(context()),
    )
    assert state.bin_outlook == {}
    assert told(effects, "b0")["outlook"] is None
