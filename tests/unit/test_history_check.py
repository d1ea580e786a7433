"""The checker must see what is wrong: histories with a loss, a double or a broken promise put in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_sim.history import Event, History, HistoryLine, read_history
from firmware_sim.history_check import Verdict, judge

CALM = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""
SEQS = st.sets(st.integers(0, 400), max_size=60)
READINGS = st.dictionaries(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3)), SEQS, max_size=4)
Readings = dict[tuple[str, int], set[int]]


def lines(event: Event, device: str, boot: int, seqs: Iterable[int]) -> list[HistoryLine]:
    return [HistoryLine(event, device, boot, s, s) for s in sorted(seqs)]


def good(readings: Readings) -> list[HistoryLine]:
    """A run in which all went well."""
    return [
        line
        for (device, boot), seqs in readings.items()
        for event in ("created", "puback", "receipt", "row")
        for line in lines(event, device, boot, seqs)
    ]


def one_of(readings: Readings, data: st.DataObject) -> tuple[str, int, int]:
    keys = sorted((d, b, s) for (d, b), seqs in readings.items() for s in seqs)
    return data.draw(st.sampled_from(keys)) if keys else ("a", 1, data.draw(st.integers(0, 400)))


def without(history: list[HistoryLine], event: Event, key: tuple[str, int, int]) -> list[HistoryLine]:
    return [x for x in history if (x.event, x.device, x.boot, x.first) != (event, *key)]


@CALM
@given(READINGS, st.randoms(use_true_random=False))
def test_a_run_without_fault_passes_in_any_order(readings: Readings, rng) -> None:
    history = good(readings)
    rng.shuffle(history)
    n = sum(map(len, readings.values()))
    assert judge(history) == Verdict(created=n, pubacked=n, receipted=n, committed=n)
    assert judge(history).passed == (n > 0)


@CALM
@given(READINGS.filter(lambda r: any(r.values())), st.data())
def test_a_row_taken_away_is_a_loss_and_a_broken_promise(readings: Readings, data: st.DataObject) -> None:
    key = one_of(readings, data)
    verdict = judge(without(good(readings), "row", key))
    assert (verdict.lost, verdict.receipted_missing, verdict.passed) == (1, 1, False)
    assert verdict.examples[0] == f"lost: {key[0]} boot {key[1]} sequence {key[2]}"
    unpromised = judge(without(without(good(readings), "row", key), "receipt", key))
    assert (unpromised.lost, unpromised.receipted_missing, unpromised.unreceipted) == (1, 0, 1)
    assert not unpromised.passed


@CALM
@given(READINGS.filter(lambda r: any(r.values())), st.data(), st.integers(1, 4))
def test_rows_put_in_again_are_stored_twice(readings: Readings, data: st.DataObject, times: int) -> None:
    device, boot, seq = one_of(readings, data)
    verdict = judge(good(readings) + lines("row", device, boot, [seq]) * times)
    assert (verdict.stored_twice, verdict.lost, verdict.passed) == (times, 0, False)


@CALM
@given(READINGS.filter(lambda r: any(r.values())), st.data())
def test_a_dead_letter_settles_a_reading_and_beside_a_row_it_is_one_too_many(
    readings: Readings, data: st.DataObject
) -> None:
    device, boot, seq = key = one_of(readings, data)
    dead = lines("dead", device, boot, [seq])
    settled = judge(without(good(readings), "row", key) + dead)
    assert (settled.dead_lettered, settled.lost, settled.passed) == (1, 0, True)
    both = judge(good(readings) + dead)
    assert (both.stored_twice, both.passed) == (1, False)


@CALM
@given(READINGS, st.sampled_from(["a", "z"]), st.integers(401, 500), st.sampled_from(["row", "dead"]))
def test_what_nobody_made_is_seen(readings: Readings, device: str, seq: int, event: Event) -> None:
    verdict = judge(good(readings) + lines(event, device, 1, [seq]))
    assert (verdict.never_created, verdict.passed) == (1, False)


def test_a_loss_and_a_stranger_do_not_cancel_out() -> None:
    history = [HistoryLine("created", "a", 1, 0, 9), HistoryLine("row", "a", 1, 1, 10)]
    verdict = judge(history)
    assert verdict.created == verdict.committed == 10
    assert (verdict.lost, verdict.never_created, verdict.passed) == (1, 1, False)


def test_boots_and_devices_are_apart() -> None:
    history = [
        HistoryLine("created", "a", 1, 0, 9),
        HistoryLine("created", "a", 2, 0, 9),
        HistoryLine("row", "a", 1, 0, 9),
        HistoryLine("row", "b", 2, 0, 9),
    ]
    verdict = judge(history)
    assert (verdict.lost, verdict.never_created) == (10, 10)
    assert len(verdict.examples) == 10  # five of each


def test_written_ranges_are_read_again_and_remarks_are_none(tmp_path: Path) -> None:
    history = History(tmp_path / "h")
    history.note("seed 7\nfault")
    for seq in range(4):
        history.created("a", (1, seq))
    history.pubacked("a", [(1, 2), (1, 1), (1, 0)])
    history.receipted("a", 1, [(0, 1)])
    history.stored("a", 1, [(0, 2), (2, 2)])
    history.dead("a", 1, [(3, 3)])
    history.close()
    with (tmp_path / "h").open("a") as file:
        file.write("receipt a 1 2")  # cut off by a kill
    verdict = judge(read_history(tmp_path / "h"))
    assert (verdict.created, verdict.pubacked, verdict.receipted) == (4, 3, 2)
    assert (verdict.committed, verdict.dead_lettered, verdict.stored_twice) == (3, 1, 1)


@pytest.mark.parametrize("text", ["created a 1 2\n", "created a one 2 3\n", "nonsense\n"])
def test_a_line_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "h").write_text("created a 1 0 0\n" + text)
    with pytest.raises(ValueError, match="line 2"):
        judge(read_history(tmp_path / "h"))


@pytest.mark.parametrize("line", [HistoryLine("row", "a", 1, 3, 2), HistoryLine("stored", "a", 1, 0, 0)])
def test_an_unknown_event_and_an_empty_range_are_refused(line: HistoryLine) -> None:
    with pytest.raises(ValueError, match="no line of a history"):
        judge([line])


def test_of_nothing_nothing_is_proved() -> None:
    assert not judge([]).passed
