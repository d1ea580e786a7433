"""Commit latency: which snapshot is the first to see a row, and what the percentiles are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.generator import ReceiptTimes
from bench.latency import Sighting, Snapshot, commit_latencies_ms, percentiles, visible_at_s


def sightings(*texts: str) -> list[Sighting]:
    """Snapshots at 1, 2, 3 ... seconds."""
    return [Sighting(float(i), Snapshot.parse(text)) for i, text in enumerate(texts, 1)]


def test_a_snapshot_sees_what_is_over() -> None:
    snapshot = Snapshot.parse("10:20:10,14")
    assert snapshot == Snapshot(10, 20, frozenset({10, 14}))
    assert [xid for xid in (9, 10, 11, 14, 19, 20, 25) if snapshot.sees(xid)] == [9, 11, 19]
    assert Snapshot.parse("7:7:").sees(6)
    assert not Snapshot.parse("7:7:").sees(7)


def test_a_row_is_visible_with_the_first_snapshot_that_sees_it() -> None:
    seen = sightings("10:10:", "10:12:10,11", "10:12:10", "12:12:", "12:12:")
    assert [visible_at_s(xid, seen) for xid in (9, 11, 10)] == [1.0, 3.0, 4.0]


@pytest.mark.parametrize("xid", [12, 13])
def test_a_row_that_nobody_saw_is_an_error(xid: int) -> None:
    with pytest.raises(ValueError, match=f"none of 2 snapshots sees transaction {xid}"):
        visible_at_s(xid, sightings("10:12:10", "12:13:12"))
    with pytest.raises(ValueError, match="none of 0"):
        visible_at_s(xid, [])


def test_rows_carry_the_lower_half_of_a_transactions_number() -> None:
    wrapped = 3 << 32
    seen = sightings(f"{wrapped - 2}:{wrapped - 2}:", f"{wrapped + 5}:{wrapped + 5}:")
    assert visible_at_s(2**32 - 3, seen) == 1.0
    assert visible_at_s(2**32 - 1, seen) == 2.0
    assert visible_at_s(4, seen) == 2.0


def test_each_row_of_a_transaction_counts() -> None:
    seen = sightings("10:10:", "11:11:")
    found = commit_latencies_ms([(1.75, 10, 2), (0.5, 9, 1)], seen)
    assert found == [250.0, 250.0, 500.0]
    assert commit_latencies_ms([], seen) == []


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([float(ms) for ms in range(1, 201)]) == {
        "p50": 100.0,
        "p95": 190.0,
        "p99": 198.0,
        "max": 200.0,
    }
    assert percentiles([]) is None


@given(st.lists(st.floats(0, 1e6).map(lambda ms: round(ms, 1)), min_size=1))
def test_percentiles_rise(latencies_ms: list[float]) -> None:
    found = percentiles(latencies_ms)
    assert found is not None
    assert list(found.values()) == sorted(found.values())
    assert set(found.values()) <= set(latencies_ms)
    assert found["max"] == max(latencies_ms)


def test_a_receipt_ends_the_wait_of_each_reading_once() -> None:
    clock = iter([10.0, 10.1, 10.2, 10.5, 10.9])
    times = ReceiptTimes(lambda: next(clock))
    for seq in range(3):
        times.created("a", (7, seq))
    times.receipted("a", 7, [(0, 1)])
    times.receipted("a", 7, [(1, 2), (9, 9)])
    assert times.latencies_ms == pytest.approx([500.0, 400.0, 700.0])
