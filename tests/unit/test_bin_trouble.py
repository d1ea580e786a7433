"""What is wrong at a bin, through the engine: overflow, tilt, access, wrong waste, age; and what the round makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from rules.catalogue.escalations import chosen, load_escalations
from rules.catalogue.loader import load
from rules.core.alarm_book import OpenAlarm
from rules.core.bin_trouble.said import kept, said_of
from rules.core.collection_acts.model import (
    BLOCKED,
    COLLECTED,
    CONTAMINATED,
    NOT_OUT,
    REPORTED_DAMAGED,
    REPORTED_FULL,
    REPORTED_OVERFLOWING,
    WITHDRAWN,
    Act,
)
from rules.core.collection_acts.rows import KIND as ACTS
from rules.core.collection_acts.rows import rows_of
from rules.core.context import Context, build_context
from rules.core.effects import ClearAlarm, Decision, Effect, Event, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.forget import forget
from rules.core.memory import EngineState
from rules.core.overrides import Override, prepare
from rules.core.reconcile import reconcile
from tests.fakes.rules_town import START, ZONE, Reading, batch, context, hamlet, latest

HALF_HOUR, DAY = 1800.0, 86_400.0
Word = tuple[float, int]
"""When it is said [half hours after START], and what."""


def level(k: float, pct: float, **more: float) -> Reading:
    return ("bin", "bin-0", HALF_HOUR * k, {"distance_mm": 1000.0 - 8.0 * pct, **more})


def at(k: float) -> float:
    return START + HALF_HOUR * k


def played(
    readings: list[Reading], words: Sequence[Word] = (), ctx: Context | None = None
) -> tuple[EngineState, list[Effect]]:
    """Play readings and, in between, what was said of b0; an act of ``WITHDRAWN`` takes back the one before it."""
    ctx, state = ctx or context(), EngineState()
    effects: list[Effect] = []
    ordered, done = sorted(readings, key=lambda r: r[2]), 0
    for n, (k, what) in enumerate(words, start=1):
        upto = sum(r[2] < HALF_HOUR * k for r in ordered)
        state, new = step(state, batch(ordered[done:upto]), latest(ordered[:upto] or ordered[:1]), ctx)
        effects, done = [*effects, *new], upto
        number = n - 1 if what == WITHDRAWN else n
        state, new = step(state, {ACTS: rows_of([("b0", number, what, at(k), at(k))])}, at(k), ctx)
        effects += new
    state, new = step(state, batch(ordered[done:]), latest(ordered), ctx)
    return state, [*effects, *new]


def alarms(effects: list[Effect]) -> list[tuple[str, str, float]]:
    """Raised and cleared alarms but those of full bins: when, in half hours."""
    return [
        ("up" if isinstance(e, RaiseAlarm) else "down", e.rule_id, round((e.at_s - START) / HALF_HOUR, 3))
        for e in effects
        if isinstance(e, RaiseAlarm | ClearAlarm) and e.rule_id != "bins.full"
    ]


def events(effects: list[Effect], kind: str) -> list[Event]:
    return [e for e in effects if isinstance(e, Event) and e.kind == kind]


def told(effects: list[Effect]) -> dict[str, Any]:
    return dict([e.state for e in effects if isinstance(e, SubjectState) and e.subject == "b0"][-1])


def last_round(effects: list[Effect]) -> dict[str, Any]:
    return dict([e for e in effects if isinstance(e, Decision) and e.rule_id == "bins.round"][-1].result)


def musts(result: dict[str, Any]) -> list[str]:
    return [c["bin_id"] for c in result["candidates"] if c["must"]]


MINUTE = 1.0 / 30.0  # in half hours
SOME = [level(k, 40.0 + k) for k in range(12)]


def test_an_overflow_is_counted_from_the_level_to_the_emptying() -> None:
    rising = [level(k, 90.0 + 1.5 * k) for k in range(6)]
    _, effects = played(rising)
    (began,) = events(effects, "bin_overflow_began")
    assert (began.detail["by"], began.at_s) == ("level", at(5))
    assert told(effects)["overflow_since"] is not None
    _, effects = played(
        [*rising, *(level(6 + k, 97.5) for k in range(4)), *(level(10 + k, 4.0) for k in range(3))]
    )
    (ended,) = events(effects, "bin_overflow_ended")
    assert ended.at_s == at(10)
    assert ended.detail["minutes"] == 150.0
    assert (ended.detail["seen_by"], ended.detail["ended_by"]) == ("level", "emptying")
    assert told(effects)["overflow_since"] is None


def test_a_report_opens_an_incident_that_the_crew_s_word_ends_and_the_sensor_contradicts() -> None:
    half_way, effects = played(SOME[:6], [(4.5, REPORTED_OVERFLOWING)])
    (began,) = events(effects, "bin_overflow_began")
    assert (began.detail["by"], began.detail["act"], began.at_s) == ("report", 1, at(4.5))
    (hint,) = events(effects, "bin_report_contradicted")
    assert (hint.detail["said"], hint.detail["device"]) == ("overflowing", "bin-0")
    assert half_way.bin_trouble["b0"].contradicted == 1
    state = told(effects)
    assert state["needs_collection"]
    assert state["reason"] == "reported overflowing; the sensor says 45 %"
    assert state["overflow_minutes"] == 15.0
    assert [e["code"] for e in state["exceptions"]] == ["discrepancy"]
    _, effects = played(SOME, [(4.5, REPORTED_OVERFLOWING), (8.5, COLLECTED)])
    (ended,) = events(effects, "bin_overflow_ended")
    assert (ended.at_s, ended.detail["minutes"], ended.detail["ended_by"]) == (at(8.5), 120.0, "crew")
    assert len(events(effects, "bin_report_contradicted")) == 1


def test_a_report_that_is_taken_back_ends_its_incident() -> None:
    _, effects = played(SOME, [(4.5, REPORTED_OVERFLOWING), (6.5, WITHDRAWN)])
    (ended,) = events(effects, "bin_overflow_ended")
    assert ended.detail["ended_by"] == "withdrawn"
    assert not told(effects)["needs_collection"]


def test_a_report_of_a_full_bin_puts_it_on_the_list_and_opens_nothing() -> None:
    _, effects = played(SOME, [(2.5, REPORTED_FULL)])
    assert events(effects, "bin_overflow_began") == []
    (row,) = [c for c in last_round(effects)["candidates"] if c["must"]]
    assert (row["bin_id"], row["code"]) == ("b0", "report")
    assert row["why"].startswith("reported full; the sensor says ")


def test_a_bin_that_lies_on_its_side_is_an_alarm_until_it_stands() -> None:
    once = [*SOME[:3], level(3, 3.0, tilt_deg=88.0), *SOME[4:]]
    assert alarms(played(once)[1]) == []
    lies = [*SOME[:3], *(level(3 + k, 3.0, tilt_deg=88.0) for k in range(4))]
    _, effects = played(lies)
    (alarm,) = [e for e in effects if isinstance(e, RaiseAlarm)]
    assert (alarm.rule_id, alarm.severity, alarm.at_s) == ("bins.tilted", "warning", at(4))
    assert alarm.title == "Bin 0: knocked over"
    assert "30° in 2 reports" in alarm.reason
    assert [e["code"] for e in told(effects)["exceptions"]] == ["tilted"]
    _, effects = played([*lies, *(level(7 + k, 44.0, tilt_deg=1.0) for k in range(3))])
    assert alarms(effects) == [("up", "bins.tilted", 4.0), ("down", "bins.tilted", 7.0)]
    assert events(effects, "bin_emptied") == []


def test_a_bin_s_own_limit_of_the_tilt() -> None:
    leans = [*SOME[:3], *(level(3 + k, 44.0, tilt_deg=35.0) for k in range(4))]
    assert [a[1] for a in alarms(played(leans)[1])] == ["bins.tilted"]
    own = Override(
        override_id=1, rule_id="bins.full", path="parameters.filter.tilt_deg", scope_kind="bin", scope="b0", value=45.0,
        author="A", reason="on a slope", starts_s=START - DAY, expires_s=START + DAY,
    )  # fmt: skip
    ctx = replace(context(), overrides=prepare(load(), [own]))
    assert alarms(played(leans, ctx=ctx)[1]) == []


def test_a_jam_and_the_crew_s_word_are_one_alarm_distinct_from_full() -> None:
    jammed = [*(level(k, 25.0 + 0.2 * k) for k in range(6)), *(level(6 + k, 100.0) for k in range(6))]
    _, effects = played(jammed)
    (alarm,) = [e for e in effects if isinstance(e, RaiseAlarm)]
    assert (alarm.rule_id, alarm.inputs["by"]) == ("bins.blocked", "sensor")
    said = [(2.5, BLOCKED)]
    _, effects = played(SOME, said)
    assert alarms(effects) == [("up", "bins.blocked", round(2.5 + MINUTE, 3))]
    assert not told(effects)["needs_collection"]
    assert [e["code"] for e in told(effects)["exceptions"]] == ["blocked"]
    _, effects = played(SOME, [*said, (6.5, COLLECTED)])
    assert alarms(effects)[1] == ("down", "bins.blocked", round(6.5 + MINUTE, 3))


def test_two_failed_visits_and_a_denied_service_are_not_emptied_until_it_is() -> None:
    full = [level(k, 60.0 + 0.2 * k) for k in range(30)]
    visits = [(2.5, BLOCKED), (3.5, NOT_OUT), (15.5, BLOCKED)]
    assert "bins.not_emptied" not in [a[1] for a in alarms(played(full, visits[:2])[1])]  # one visit
    _, effects = played(full, visits)
    assert ("up", "bins.not_emptied", round(15.5 + MINUTE, 3)) in alarms(effects)
    denied = [(8.3, COLLECTED)]
    _, effects = played(full, denied)
    assert len(events(effects, "bin_not_emptied")) == 1
    assert [a[:2] for a in alarms(effects)] == [("up", "bins.not_emptied")]
    assert told(effects)["exceptions"][0]["why"] == "serviced but not emptied"
    _, effects = played([*full, *(level(30 + k, 4.0) for k in range(3))], denied)
    assert [a[:2] for a in alarms(effects)][1] == ("down", "bins.not_emptied")
    _, effects = played(full, [*denied, (20.5, WITHDRAWN)])
    assert [a[:2] for a in alarms(effects)][1] == ("down", "bins.not_emptied")


def test_wrong_waste_is_a_separate_job_and_no_part_of_the_round() -> None:
    full = [level(k, 85.0 + 0.2 * k) for k in range(12)]
    assert musts(last_round(played(full)[1])) == ["b0"]
    _, effects = played(full, [(2.5, CONTAMINATED)])
    assert alarms(effects) == [("up", "bins.contaminated", round(2.5 + MINUTE, 3))]
    result = last_round(effects)
    assert [c for c in result["candidates"] if c["bin_id"] == "b0"] == []
    (job,) = result["separate"]
    assert (job["bin_id"], job["code"], job["must"]) == ("b0", "contaminated", False)
    state = told(effects)
    assert (state["needs_collection"], state["separate_job"]) == (False, True)
    assert state["reason"].startswith("separate job: wrong waste in it")
    emptied = [*SOME[:6], *(level(6 + k, 4.0) for k in range(4))]
    for end in (COLLECTED, WITHDRAWN):
        _, effects = played(emptied, [(2.5, CONTAMINATED), (5.5, end)])
        assert [a[:2] for a in alarms(effects)][1] == ("down", "bins.contaminated")
        assert not told(effects)["separate_job"]


def test_a_burning_bin_is_put_on_no_round_until_it_is_out() -> None:
    full = [level(k, 85.0 + 0.2 * k) for k in range(8)]
    cold = [level(8 + k, 87.0, temperature_c=12.0) for k in range(12)]
    hot = [level(8 + k, 87.0, temperature_c=12.0 if k >= 4 else 90.0) for k in range(12)]
    assert musts(last_round(played([*full, *cold[:4]])[1])) == ["b0"]
    _, effects = played([*full, *hot[:4]])
    result = last_round(effects)
    assert [c for c in result["candidates"] if c["bin_id"] == "b0"] == []
    (job,) = result["separate"]
    assert (job["bin_id"], job["code"], job["must"]) == ("b0", "fire", False)
    assert told(effects)["on_fire"]
    assert not told(effects)["needs_collection"]
    _, effects = played([*full, *hot])
    assert musts(last_round(effects)) == ["b0"], "out, and still full"
    assert told(effects)["needs_collection"]


def test_missing_and_damaged_bins_are_exceptions() -> None:
    _, effects = played(SOME, [(2.5, NOT_OUT), (3.5, REPORTED_DAMAGED)])
    assert [e["code"] for e in told(effects)["exceptions"]] == ["missing", "damaged"]
    assert alarms(effects) == []


def test_a_low_bin_that_nobody_emptied_for_too_long_is_due_by_age() -> None:
    low = [level(12.0 * k, 20.0) for k in range(4 * 15)]
    (row,) = [c for c in last_round(played(low)[1])["candidates"] if c["must"]]
    assert row["code"] == "age"
    assert row["why"].startswith("not emptied for 1")
    assert row["why"].endswith(" days, limit 14")


def test_a_crew_s_word_counts_for_the_age_of_a_bin_whose_sensor_sees_nothing() -> None:
    """Else a bin with a dead sensor is a must every day, however often it is emptied."""
    low = [level(12.0 * k, 20.0 if k < 4 else 200.0) for k in range(4 * 16)]  # then no echo any more
    day_15 = 48.0 * 15 - 6.0
    assert [c["code"] for c in last_round(played(low)[1])["candidates"] if c["must"]] == ["age"]
    assert not told(played(low, [(day_15, COLLECTED)])[1])["needs_collection"]
    assert told(played(low, [(day_15, COLLECTED), (day_15 + 1, WITHDRAWN)])[1])["needs_collection"]


def test_a_level_from_before_the_crew_came_puts_no_bin_on_the_list() -> None:
    """As of a sensor that died full: what it said last was emptied by the crew's word."""
    full = [level(k, 60.0 + 5.0 * k) for k in range(8)]
    others: list[Reading] = [("bin", "bin-1", HALF_HOUR * k, {"distance_mm": 700.0}) for k in range(8, 60)]
    rows = last_round(played([*full, *others])[1])["candidates"]
    assert ("b0", "full") in [(c["bin_id"], c["code"]) for c in rows]
    _, effects = played([*full, *others], [(7.5, COLLECTED)])
    assert "b0" not in [c["bin_id"] for c in last_round(effects)["candidates"]]
    assert not told(effects)["needs_collection"]
    again = [level(k, 96.0) for k in range(9, 20)]
    rows = last_round(played([*full, *again], [(7.5, COLLECTED)])[1])["candidates"]
    assert "b0" in [c["bin_id"] for c in rows if c["must"]]  # the sensor says that it is still full


def test_one_reading_alone_is_no_full_bin_and_no_overflow() -> None:
    """As of a bin that was just mounted: its first echo may be the lid's."""
    lid = [level(0, 99.0), *(level(k, 30.0) for k in range(1, 6))]
    _, effects = played(lid)
    assert [e for e in effects if isinstance(e, RaiseAlarm)] == []
    assert events(effects, "bin_overflow_began") == []
    _, effects = played([level(0, 99.0), level(1, 99.0)])
    assert [e.rule_id for e in effects if isinstance(e, RaiseAlarm)] == ["bins.full"]
    assert [e.at_s for e in events(effects, "bin_overflow_began")] == [at(1)]


def test_what_is_up_is_what_memory_says_after_a_restart() -> None:
    state, effects = played(SOME, [(2.5, CONTAMINATED), (3.5, BLOCKED)])
    again = reconcile(state, [], context())
    assert {e.rule_id for e in again} == {"bins.contaminated", "bins.blocked"}
    opened = [
        OpenAlarm(n, e.rule_id, e.subject_kind, e.subject, e.severity, e.at_s)
        for n, e in enumerate(effects)
        if isinstance(e, RaiseAlarm)
    ]
    assert reconcile(state, opened, context()) == []


def test_many_reports_push_out_no_crew_s_word() -> None:
    acts = [Act(1, CONTAMINATED, 0.0, 0.0), *(Act(n, REPORTED_FULL, 1.0, 1.0) for n in range(2, 40))]
    left = kept(acts, 8)
    assert [a.number for a in left] == [1, *range(32, 40)]
    assert said_of(left, 2.0, None, None, 60.0).contaminated == acts[0]
    assert kept(left, 8) == left


MANY = [(10.0, REPORTED_FULL)] * 12


def remembered(words: Sequence[Word]) -> tuple[Act, ...]:
    """Return what is remembered of words, act by act; one of ``WITHDRAWN`` takes back the one before it."""
    memory: tuple[Act, ...] = ()
    for n, (at_s, what) in enumerate(words, start=1):
        memory = kept((*memory, Act(n - (what == WITHDRAWN), what, at_s, at_s)), 8)
    return memory


def test_what_was_ended_or_taken_back_does_not_stand_again_after_many_reports() -> None:
    ended = said_of(
        remembered([(1.0, CONTAMINATED), (2.0, BLOCKED), (3.0, COLLECTED), *MANY]), 20.0, None, None, 60.0
    )
    assert (ended.contaminated, ended.blocked, ended.collected_s) == (None, None, 3.0)
    taken_back = said_of(remembered([(1.0, CONTAMINATED), (2.0, WITHDRAWN), *MANY]), 20.0, None, None, 60.0)
    assert taken_back.contaminated is None
    first = said_of(
        remembered([(1.0, BLOCKED), (2.0, BLOCKED), (3.0, WITHDRAWN), *MANY]), 20.0, None, None, 60.0
    )
    assert first.blocked == Act(1, BLOCKED, 1.0, 1.0)
    visits = said_of(
        remembered([(0.0, BLOCKED), (1.0, NOT_OUT), (2.0, BLOCKED), *MANY]), 20.0, None, None, 0.5
    )
    assert visits.failed == 3
    assert len(remembered([(1.0, what) for what in range(1, 8)] * 40)) <= 23


def test_a_denial_that_was_taken_back_is_so_for_good() -> None:
    full = [level(k, 60.0 + 0.2 * k) for k in range(40)]
    words: list[Word] = [(8.3, COLLECTED), (20.5, WITHDRAWN), *((21.5 + k, BLOCKED) for k in range(12))]
    state, effects = played(full, words)
    assert len(events(effects, "bin_not_emptied")) == 1
    assert state.bin_trouble["b0"].denied_s is None
    assert [e["code"] for e in told(effects)["exceptions"]] == ["blocked"]


def test_what_was_said_of_a_bin_that_is_gone_is_forgotten() -> None:
    """Else another bin of its name would be a separate job from its first day on."""
    lorry: Reading = (
        "lorry", "lorry-1", HALF_HOUR * 6, {"latitude_deg": 52.0, "longitude_deg": 0.1, "speed_m_s": 0.0},
    )  # fmt: skip
    state, _ = played([*SOME, lorry], [(2.5, CONTAMINATED)])
    sections = ("bin_pass", "collection", "bin_trouble")
    assert all("b0" in getattr(state, s) for s in sections)
    town = hamlet()
    without = msgspec.structs.replace(town, bins=town.bins[1:])
    after, gone = forget(state, build_context(without, load(), ZONE))
    assert {(s, "b0") for s in sections} <= set(gone)
    assert not any("b0" in getattr(after, s) for s in sections)


def test_only_fire_wakes_anybody() -> None:
    catalogue, chains = load(), load_escalations()
    rules = [r for r in catalogue.alarm_rules if r.id.startswith("bins.")]
    assert len(rules) == 6
    assert {chosen(chains, r.id).id for r in rules} == {"bins", "bins_fire"}
    critical = {r.id for r in rules if any(v.severity == "critical" for v in r.alarm.levels)}
    assert critical == {"bins.fire"}


def test_a_bin_s_own_level_of_a_contradiction() -> None:
    own = Override(
        override_id=1, rule_id="bins.overflow", path="parameters.contradicted_below_pct", scope_kind="bin", scope="b0",
        value=30.0, author="A", reason="bags beside it", starts_s=START - DAY, expires_s=START + DAY,
    )  # fmt: skip
    prepared = prepare(load(), [own])
    assert prepared.refused == ()
    ctx = replace(context(), overrides=prepared)
    assert len(events(played(SOME, [(4.5, REPORTED_FULL)])[1], "bin_report_contradicted")) == 1
    assert events(played(SOME, [(4.5, REPORTED_FULL)], ctx)[1], "bin_report_contradicted") == []
