"""Emptyings: what is one, what is none, what speaks for it, what is taken back, and services that were none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bench.bins.runs import SITE, P, emptied
from devices.registry import BinModel, BinSite
from rules.core.bin_emptying.detect import Seen
from rules.core.bin_emptying.evidence import Heard, heard_by
from rules.core.bin_emptying.judge import Found
from rules.core.bin_emptying.passes import KEPT, Pass, grid_of, is_slow, passed
from rules.core.bin_level.geometry import shape_of
from rules.core.collection_acts.model import BLOCKED, COLLECTED, WITHDRAWN, Act
from tests.fakes.bin_runs import levels, run

HALF_HOUR, DAY = 1800.0, 86_400.0


def series(*fills: float, heard: Heard, every_s: float = HALF_HOUR) -> list[Found]:
    return run([Seen(k * every_s, f) for k, f in enumerate(fills)], heard=heard)[1]


def stop(at_s: float, slow: int = 2, lorry: str = "lorry-1", own: int | None = None) -> Pass:
    return Pass(at_s // 60.0 * 60.0 + 60.0, at_s, 12.0, lorry, slow, slow if own is None else own)


def crew(at_s: float, what: int = COLLECTED, number: int = 1) -> Act:
    return Act(number, what, at_s, at_s // 60.0 * 60.0 + 60.0)


def test_an_emptying_needs_two_low_readings() -> None:
    f, found = levels(70, 72, 74, 78, 5, 6, 8)
    (one,) = found
    assert (one.what, one.at_s, one.after_pct, one.evidence) == ("emptied", 4 * HALF_HOUR, 5.5, ("drop",))
    assert one.before_pct == pytest.approx(77.0, abs=1.5)
    assert f.fill_pct == pytest.approx(7.5, abs=1.0)
    assert f.emptied_s == 4 * HALF_HOUR
    assert levels(70, 72, 74, 78, 5, 79, 80)[1] == []  # one false echo
    assert levels(70, 72, 74, 78, 5)[1] == []  # not yet
    assert levels(70, 72, 74, 78, 55, 54, 55)[1] == []  # settling, compaction
    assert levels(20, 22, 24, 26, 18, 17)[1] == []  # a small drop
    assert len(levels(70, 72, 74, 78, 5, 6, 60, 62, 64, 66, 4, 5)[1]) == 1  # refractory 6 h


def test_readings_with_the_lid_open_do_not_hide_it() -> None:
    for garbage in ([100.0], [45.0, None], [100.0, 100.0, 30.0], [None, 62.0, 99.0]):
        found = emptied(levels(70, 72, 74, 78, *garbage, 5, 6, 7)[1])
        assert len(found) == 1, garbage
        assert found[0].at_s == (4 + len(garbage)) * HALF_HOUR
    assert len(emptied(levels(70, 72, 74, 78, 5, 100, 6, 7)[1])) == 1


def test_two_echoes_from_the_lid_make_no_emptying() -> None:
    assert levels(15, 100, 100, 15, 15)[1] == []
    assert levels(15, 16, 17, 18, 100, 100, 17, 18)[1] == []
    assert levels(15, 16, 17, 18, 84, 84, 17, 18)[1] == []  # nor from a wall


def test_a_partial_emptying_moves_the_level_and_resets_nothing() -> None:
    f, found = levels(80, 82, 84, 85, 55, 56, 57, 58)
    assert found == []
    assert f.emptied_s is None
    assert f.fill_pct == pytest.approx(58.0, abs=1.5)


def test_a_bin_emptied_at_30_percent_is_found_once_it_has_stayed_empty() -> None:
    assert levels(27, 28, 29, 30, 8, 8, 9)[1] == []
    (one,) = levels(27, 28, 29, 30, 8, 8, 9, 9)[1]
    assert (one.what, one.sure) == ("emptied", P.emptying.sure.weak)


def test_an_emptying_that_was_none_is_taken_back() -> None:
    f, found = levels(70, 72, 74, 78, 5, 6, 79, 80, 80)
    assert [e.what for e in found] == ["emptied", "retracted"]
    assert f.emptied_s is None
    assert f.fill_pct == pytest.approx(80.0, abs=1.0)


def test_a_daily_level_may_have_risen_since() -> None:
    assert [e.at_s for e in levels(40, 60, 80, 12, 30, 45, every_s=DAY)[1]] == [3 * DAY]
    assert levels(40, 60, 80, 12, 82, 90, every_s=DAY)[1] == []
    assert levels(40, 60, 80, 62, 70, 75, every_s=DAY)[1] == []


def test_a_lorry_a_tilt_or_the_crew_make_a_weak_fall_an_emptying() -> None:
    fills = (22, 22, 23, 23, 10, 10)
    assert levels(*fills)[1] == []
    for heard, evidence in (
        (Heard([stop(3.5 * HALF_HOUR)]), ("drop", "lorry")),
        (Heard((), [crew(3.7 * HALF_HOUR)]), ("drop", "crew")),
    ):
        (one,) = series(*fills, heard=heard)
        assert (one.what, one.evidence) == ("emptied", evidence)
        assert P.emptying.sure.weak < one.sure < 1.0
    tipped = [Seen(3.5 * HALF_HOUR, None, tilt_deg=120.0), Seen(3.5 * HALF_HOUR + 90.0, 10.0, tilt_deg=2.0)]
    seen = [Seen(k * HALF_HOUR, f, tilt_deg=2.0) for k, f in enumerate(fills)]
    (one,) = run([*seen[:4], *tipped, *seen[4:]])[1]
    assert one.evidence == ("drop", "tilt")


def test_a_lorry_that_drives_by_or_at_another_time_proves_nothing() -> None:
    fills = (22, 22, 23, 23, 10, 10)
    assert series(*fills, heard=Heard([stop(3.5 * HALF_HOUR, slow=0)])) == []
    assert series(*fills, heard=Heard([stop(1.9 * HALF_HOUR)])) == []
    withdrawn = [crew(3.7 * HALF_HOUR), crew(3.8 * HALF_HOUR, WITHDRAWN)]
    assert series(*fills, heard=Heard((), withdrawn)) == []


def test_what_is_heard_later_makes_an_emptying_surer_or_makes_it_one() -> None:
    strong, weak = (70, 72, 74, 78, 5, 6, 7, 7), (22, 22, 23, 23, 10, 10, 10, 11)
    late = Act(1, COLLECTED, 4 * HALF_HOUR, 6.5 * HALF_HOUR)  # typed in at the depot
    first, more = series(*strong, heard=Heard((), [late]))
    assert (first.what, more.what) == ("emptied", "confirmed")
    assert first.at_s == more.at_s
    assert first.sure < more.sure
    (one,) = series(*weak, heard=Heard((), [late]))
    assert one.evidence == ("drop", "crew")


def test_nothing_counts_before_its_time() -> None:
    heard = Heard([stop(100.0)], [crew(130.0)])
    assert [len(heard_by(heard, t).passes) for t in (119.0, 120.0)] == [0, 1]
    assert [len(heard_by(heard, t).acts) for t in (179.0, 180.0)] == [0, 1]


def denied(*fills: float, heard: Heard, every_s: float = HALF_HOUR) -> Sequence[Found]:
    return [e for e in series(*fills, heard=heard, every_s=every_s) if e.what == "not_emptied"]


def test_serviced_but_not_emptied() -> None:
    full = (70, 71, 72, 72, 72, 73, 73, 74, 74)
    (one,) = denied(*full, heard=Heard((), [crew(3.5 * HALF_HOUR)]))
    assert (one.at_s, one.evidence, one.after_pct - one.before_pct > -P.emptying.not_emptied_pct) == (
        3.5 * HALF_HOUR,
        ("crew",),
        True,
    )
    assert denied(*full, heard=Heard([stop(3.5 * HALF_HOUR)]))[0].evidence == ("lorry",)
    assert denied(*full, heard=Heard([stop(3.5 * HALF_HOUR, slow=1)])) == []  # it only went slowly
    assert denied(*full, heard=Heard([stop(3.5 * HALF_HOUR, slow=4, own=0)])) == []  # at a bin beside it
    assert (
        denied(*full, heard=Heard([stop(3.5 * HALF_HOUR)], [crew(3.6 * HALF_HOUR, BLOCKED)])) == []
    )  # and the crew said so
    assert denied(*full[:6], heard=Heard((), [crew(3.5 * HALF_HOUR)])) == []  # not yet
    assert denied(70, 71, 72, 72, 6, 6, 7, 8, 8, heard=Heard((), [crew(3.5 * HALF_HOUR)])) == []
    assert (
        denied(12, 12, 12, 12, 12, 12, 13, 13, heard=Heard((), [crew(3.5 * HALF_HOUR)])) == []
    )  # who could tell
    assert len(denied(60, 70, 80, 82, 84, 85, heard=Heard((), [crew(2.5 * DAY)]), every_s=DAY)) == 1


def test_bins_near_a_lorry_are_found_through_a_grid() -> None:
    sites = [
        BinSite(
            bin_id=f"b{k}",
            label="",
            street="",
            device=f"d{k}",
            latitude_deg=52.0 + k * 2.7e-4,
            longitude_deg=0.1,
        )
        for k in range(40)
    ]  # 30 m apart
    grid = grid_of(sites, 40.0)
    for k in range(40):
        near = {b for b, m in grid.near(52.0 + k * 2.7e-4 + 1e-5, 0.1)}
        assert near == {f"b{j}" for j in range(max(0, k - 1), min(40, k + 2))}
    assert grid.near(53.0, 0.1) == []
    assert grid_of([], 40.0).near(52.0, 0.1) == []
    assert is_slow(1.0, P.emptying)
    assert not is_slow(float("nan"), P.emptying)


def test_a_lorry_that_stands_for_hours_does_not_push_out_the_others() -> None:
    kept = passed((), stop(0.0, lorry="early"))
    for minute in range(60, 400):
        kept = passed(kept, stop(60.0 * minute))
    assert len(kept) <= KEPT + 2
    assert kept[0].lorry == "early"
    twice = passed(passed((), stop(600.0)), Pass(660.0, 610.0, 5.0, "lorry-1", 1))
    assert [(p.slow, p.own, p.near_m) for p in twice] == [(3, 2, 5.0)]


def test_a_device_that_tells_a_daily_fill_in_steps_is_believed() -> None:
    shape = shape_of(SITE, BinModel(model_id="steps", step_pct=20.0), P.filter)

    def days(*fills: float) -> list[float]:
        return [
            e.at_s / DAY
            for e in run([Seen(k * DAY, f, reported=True) for k, f in enumerate(fills)], shape)[1]
        ]

    assert days(60, 80, 0, 0) == [2.0]
    assert days(0, 80, 0, 0) == [2.0]
    assert days(60, 100, 40, 40) == [2.0]
    assert days(20, 60, 40, 40) == []
    assert days(60, 80, 40, 60) == []
    assert days(60, 80, 0) == []
