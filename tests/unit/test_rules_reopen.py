"""Which windows are judged together, what they are about, and the words of what would differ."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest

from rules.core import checkpoint
from rules.core.effects import LateReadings
from rules.core.engine import step
from rules.core.late import LateSpan, scope_of
from rules.core.memory import EngineState, Row
from rules.core.reopen import EARLIER_S, REOPEN_S, LateWindow, concerned, horizon_s, is_final, judge_again
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed
from rules.core.would_differ import Findings, find, from_then_on
from rules.replay.memory import MemoryReadings
from rules.replay.runner import Beginning, go_on
from tests.fakes.late_night import batches
from tests.fakes.rules_town import START, batch, context, latest

NOW_S = START + 10 * 3600.0
AFTER_S = 6 * 3600.0


def window(number: int, from_h: float, to_h: float, *devices: str, looked: bool = False) -> LateWindow:
    span = LateSpan(
        "route", f"r{number}", START + from_h * 3600, START + to_h * 3600, devices or ("road-0",), 3
    )
    return LateWindow(number, span, looked)


@pytest.mark.parametrize(
    ("kind", "device", "scope"),
    [
        ("road", "road-0", ("route", "r1")),
        ("frog", "frog-1", ("home", "OAK")),
        ("bin", "bin-2", ("bin", "b2")),
        ("weather", "wx-0", ("town", "town")),
        ("gritter", "gritter-0", ("town", "town")),
        ("frog", "frog-of-nobody", ("device", "frog-of-nobody")),
    ],
)  # fmt: skip
def test_late_readings_are_about_the_place_of_their_device(
    kind: str, device: str, scope: tuple[str, str]
) -> None:
    assert scope_of(context(), kind, device) == scope


def test_a_step_tells_whose_readings_came_late_once_per_device() -> None:
    now = [("road", "road-1", 7200.0, {}), ("weather", "wx-0", 7201.0, {})]
    state, effects = step(EngineState(), batch(now), latest(now), context())
    assert not [e for e in effects if isinstance(e, LateReadings)]
    backlog = [("road", "road-0", 60.0 * i, {"surface_temperature_c": 1.0}) for i in range(3)]
    _, effects = step(state, batch(backlog), latest(now), context())
    assert [e for e in effects if isinstance(e, LateReadings)] == [
        LateReadings("road", "road-0", "route", "r1", START, START + 120.0, 3)
    ]


def test_windows_whose_spans_overlap_are_judged_together() -> None:
    windows = [window(3, 9.5, 9.6), window(2, 2, 3), window(1, 1, 1.5)]
    found = judge_again(windows, NOW_S, AFTER_S)
    assert found is not None
    assert [w.window_id for w in found.windows] == [1, 2]
    assert (found.from_s, found.to_s) == (START + 3600 - EARLIER_S, START + 9 * 3600)
    alone = judge_again(windows[:1], NOW_S, AFTER_S)
    assert alone is not None
    assert (alone.from_s, alone.to_s) == (START + 9.5 * 3600 - EARLIER_S, NOW_S)


def test_what_is_too_long_ago_is_not_judged_and_what_began_then_from_the_limit_on() -> None:
    now_s = START + 20 * 3600.0
    found = judge_again([window(1, 1, 7.9), window(2, 2, 9)], now_s, AFTER_S)
    assert found is not None
    assert [w.window_id for w in found.too_late] == [1]
    assert found.from_s == now_s - REOPEN_S - EARLIER_S
    only = judge_again([window(1, 1, 7.9)], now_s, AFTER_S)
    assert only is not None
    assert (only.windows, [w.window_id for w in only.too_late]) == ((), [1])
    assert judge_again([], now_s, AFTER_S) is None


def test_a_window_that_was_looked_at_is_due_again_when_its_forecasts_have_run_out() -> None:
    seen = window(1, 3, 5, looked=True)
    assert not is_final(seen, NOW_S, AFTER_S)
    assert judge_again([seen], NOW_S, AFTER_S) is None
    assert judge_again([seen], NOW_S + 3600.0, AFTER_S) is not None
    assert horizon_s(context()) == AFTER_S


def test_readings_are_about_what_they_inform() -> None:
    routes = {("route", "r1"), ("route", "r2"), ("kind", "segment")}
    homes = {("home", "OAK"), ("home", "ELM")}
    for device, about in [
        ("road-0", routes),
        ("gritter-0", routes),
        ("wx-0", routes | homes),
        ("frog-2", {("home", "ELM")}),
        ("bin-1", {("bin", "b1"), ("route", "bins")}),
        ("stranger", set()),
    ]:
        assert set(concerned(context(), [window(1, 1, 2, device)])) == about


def test_a_replay_tells_how_it_was_at_a_time_though_it_reads_on() -> None:
    [readings] = [batch(sorted((r for b in batches(9.0) for r in b), key=lambda r: r[2]))]
    end_s, until_s = START + 9 * 3600.0, START + 5.4 * 3600.0
    source, beginning = MemoryReadings(readings), Beginning(EngineState(), START - 1.0)
    whole = go_on(source, context(), beginning, START - 1.0, end_s)
    then = go_on(source, context(), beginning, START - 1.0, end_s, until_s=until_s)
    assert then.decisions == tuple(d for d in whole.decisions if d.at_s <= until_s)
    assert len(then.decisions) < len(whole.decisions)
    cut = go_on(source, context(), beginning, START - 1.0, until_s)
    assert then.alarms == cut.alarms != whole.alarms


def treat(at_h: float, *segments: str, outcome: str = "treat", rate: float = 10.0) -> DecisionMade:
    return DecisionMade(
        rule_id="winter.gritting", subject_kind="route", subject="r1", at_s=START + at_h * 3600, outcome=outcome,
        reason="", rate_g_m2=rate, passes=1, salt_kg=30.0 * len(segments), segments=segments,
    )  # fmt: skip


def ice(
    raised_h: float, cleared_h: float | None, severity: str = "major", *members: str, rule: str = "winter.ice"
) -> AlarmSpan:
    cleared_s = None if cleared_h is None else START + cleared_h * 3600
    return AlarmSpan(
        rule_id=rule, subject_kind="route", subject="r1", severity=severity, raised_s=START + raised_h * 3600,
        cleared_s=cleared_s, title="Route 1: ice", reason="", members=members,
    )  # fmt: skip


def found(before: list[Any], after: list[Any], standing: list[DecisionMade] | None = None) -> Findings:
    def side(items: list[Any]) -> Replayed:
        return Replayed(
            from_s=START, to_s=NOW_S,
            alarms=tuple(i for i in items if isinstance(i, AlarmSpan)),
            decisions=tuple(i for i in items if isinstance(i, DecisionMade)),
        )  # fmt: skip

    about = concerned(context(), [window(1, 1, 2)])
    return find(side(before), standing or [], side(after), about, NOW_S)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (treat(2, "s0"), treat(2, outcome="no_action"), "no action instead of treat 1 stretch at 1 × 10 g/m² (30 kg)"),
        (treat(2, "s0"), treat(2, "s0", "s1"), "treat 2 stretches at 1 × 10 g/m² (60 kg) instead of treat 1 stretch at 1 × 10 g/m² (30 kg)"),
        (treat(2, "s0"), treat(1, "s0"), "treat 1 stretch at 1 × 10 g/m² (30 kg) already 2026-01-09T16:00:00Z"),
        (treat(2, "s0"), treat(3, "s0"), "treat 1 stretch at 1 × 10 g/m² (30 kg) only 2026-01-09T18:00:00Z"),
        (treat(2, "s0"), None, "not decided"),
        (ice(2, 4), None, "not raised"),
        (ice(2, 4), ice(2, 4, "warning"), "warning instead of major"),
        (ice(2, 4), ice(2, 4, "major", "s2"), "also s2"),
        (ice(2, 4, "major", "s2"), ice(2, 4, "major"), "without s2"),
        (ice(2, 4), ice(2.5, None), "raised 30 min later, cleared not yet"),
        (ice(2, 4), ice(2.05, 4), ""),
    ],
)  # fmt: skip
def test_what_would_differ_is_said_in_words(before: Any, after: Any, text: str) -> None:
    marks = [m for m in found([before], [] if after is None else [after]).marks if m.would_differ is not None]
    assert [m.would_differ["text"] for m in marks] == ([text] if text else [])
    for mark in marks:
        assert mark.key[4] == (before.raised_s if isinstance(before, AlarmSpan) else before.at_s)
        assert mark.would_differ["windows"] == [1]
        assert mark.would_differ["late"][0]["devices"] == ["road-0"]
        assert "Route 1" not in msgspec.json.encode(mark.would_differ).decode()


def test_a_decision_that_was_not_made_is_said_beside_the_one_that_stood() -> None:
    stood = treat(-1, outcome="monitor")
    result = found([], [treat(3, "s0")], [stood, treat(-3, outcome="no_action")])
    [mark] = [m for m in result.marks if m.would_differ is not None]
    assert mark.key[4] == stood.at_s
    assert mark.would_differ["text"] == "treat 1 stretch at 1 × 10 g/m² (30 kg) 2026-01-09T18:00:00Z"
    assert result.differing == {1}
    nobody = found([], [treat(3, "s0")])
    assert (nobody.marks, [d.what for d in nobody.missed]) == ((), ["decision"])


def test_an_alarm_that_was_never_raised_has_nothing_to_be_said_beside() -> None:
    result = found([], [ice(2, 4)])
    assert result.marks == ()
    assert [(d.what, d.change) for d in result.missed] == [("alarm", "only_after")]


def test_that_a_device_was_silent_stays_true() -> None:
    silent = ice(2, 4, rule="device.silent")
    assert found([silent], []) == Findings((), frozenset(), ())


def test_what_another_catalogue_decided_is_not_compared() -> None:
    stored = Replayed(from_s=START, to_s=NOW_S, alarms=(), decisions=(treat(1), treat(3)))
    left, standing = from_then_on(stored, [], START + 2 * 3600.0)
    assert (left.decisions, standing) == ((treat(3),), (treat(1),))
    assert left.from_s > START + 2 * 3600.0
    assert from_then_on(stored, [treat(-1)], None) == (stored, (treat(-1),))


def test_what_another_catalogue_raised_or_would_have_is_not_judged() -> None:
    about = concerned(context(), [window(1, 1, 2)])

    def differences(stored: list[AlarmSpan], replayed: list[AlarmSpan]) -> Findings:
        runs = [Replayed(from_s=START, to_s=NOW_S, alarms=tuple(a), decisions=()) for a in (stored, replayed)]
        return find(runs[0], [], runs[1], about, NOW_S, START + 2 * 3600.0)

    assert not any(m.would_differ for m in differences([ice(1, 1.5)], []).marks)
    assert differences([], [ice(1, 1.5)]).missed == ()
    assert any(m.would_differ for m in differences([ice(3, 4)], []).marks)


def test_a_checkpoint_gives_the_memory_back_unless_another_version_wrote_it() -> None:
    readings = [r for b in batches(4.0) for r in b]
    state, _ = step(EngineState(), batch(readings), latest(readings), context())
    assert state.settled_s is not None
    assert checkpoint.unpacked(checkpoint.packed(state), state.settled_s) == state
    other = zlib.compress(msgspec.msgpack.encode([Row("road", "road-0", 99, b"{}")]))
    assert checkpoint.unpacked(other, START) is None


@pytest.mark.parametrize(
    ("before_s", "after_s", "due"),
    [(None, None, False), (None, 5.0, True), (5.0, 21_599.0, False), (21_599.0, 21_600.0, True), (5.0, 99_999.0, True)],
)  # fmt: skip
def test_a_checkpoint_is_due_every_six_hours(
    before_s: float | None, after_s: float | None, due: bool
) -> None:
    assert checkpoint.is_due(before_s, after_s) is due
