"""What ingest tells of itself: troubles in few lines, a line a minute, lags by whole columns."""

from __future__ import annotations

import numpy as np
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from structlog.testing import capture_logs
from structlog.typing import EventDict

from cityops.clock import ManualClock
from ingest.core.batch import Batch
from ingest.incident import Incident
from ingest.lag_histogram import LagHistogram
from ingest.ports import Stored
from ingest.summary import Summary
from tests.fakes.ingest_setup import NOW

BOUNDS = (0.1, 1.0, 60.0, 86_400.0, 604_800.0)


def shown(lines: list[EventDict]) -> list[EventDict]:
    return [line for line in lines if line["log_level"] != "debug"]


def incident(clock: ManualClock) -> Incident:
    return Incident(structlog.get_logger(), "no connection", "connected again", clock.monotonic)


def test_sixteen_shards_without_a_broker_are_one_line_and_one_a_minute() -> None:
    clock = ManualClock(NOW)
    trouble = incident(clock)
    with capture_logs() as lines:
        for second in range(130):
            for shard in range(16):
                trouble.failed(shard, f"refused at {second}")
            clock.advance(1.0)
        for shard in range(16):
            trouble.works(shard, lost=shard < 3)
    begun, minute, second_minute, over = shown(lines)
    assert (begun["event"], begun["log_level"], begun["reason"]) == (
        "no connection",
        "warning",
        "refused at 0",
    )
    assert "failures" not in begun
    assert (minute["failures"], minute["lasting_s"], minute["parts"]) == (60 * 16 + 1, 60, list(range(16)))
    assert second_minute["lasting_s"] == 120
    assert over["event"] == "connected again"
    assert (over["log_level"], over["lost"], over["failures"], over["lasted_s"]) == ("error", 3, 2080, 130)
    assert len(lines) - 4 == 2080, "each attempt is there at level debug"


def test_it_is_over_only_when_every_part_works() -> None:
    clock = ManualClock(NOW)
    trouble = incident(clock)
    with capture_logs() as lines:
        trouble.works(1)
        trouble.failed(1, "x")
        trouble.failed(2, "x")
        trouble.works(1)
        assert len(shown(lines)) == 1
        trouble.works(2)
        trouble.works(2)
    assert [line["event"] for line in shown(lines)] == ["no connection", "connected again"]
    assert shown(lines)[1]["log_level"] == "info"


def test_what_comes_and_goes_every_second_fills_no_log() -> None:
    clock = ManualClock(NOW)
    trouble = incident(clock)
    with capture_logs() as lines:
        for _ in range(600):
            trouble.failed(1, "taken over")
            clock.advance(0.5)
            trouble.works(1)
            clock.advance(0.5)
    told = shown(lines)
    assert 10 <= len(told) <= 22
    assert sum(line["failures"] for line in told if line["event"] == "connected again") >= 540


def test_a_session_found_gone_is_told_even_where_nothing_else_was() -> None:
    clock = ManualClock(NOW)
    trouble = incident(clock)
    with capture_logs() as lines:
        trouble.works(4, lost=True)
    assert [(line["log_level"], line["lost"]) for line in shown(lines)] == [("error", 1)]


def test_who_stops_while_all_is_down_does_not_say_that_it_is_over() -> None:
    clock = ManualClock(NOW)
    trouble = incident(clock)
    with capture_logs() as lines:
        trouble.failed(1, "x")
        trouble.left(1)
    assert [line["event"] for line in shown(lines)] == ["no connection"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=50), st.lists(st.sampled_from(BOUNDS), max_size=5))
def test_a_column_is_counted_as_one_by_one(values: list[float], on_bounds: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    columns = LagHistogram("lag_seconds", "text", BOUNDS, ours)
    single = Histogram("lag_seconds", "text", ["kind"], buckets=BOUNDS, registry=theirs)
    single.labels("frog")
    columns.observe("frog", np.array(values, dtype=np.float64))
    columns.observe("frog", np.array(on_bounds, dtype=np.float64))
    for value in values + on_bounds:
        single.labels("frog").observe(value)
    for bound in (*map(str, BOUNDS), "+Inf"):
        labels = {"kind": "frog", "le": bound}
        assert ours.get_sample_value("lag_seconds_bucket", labels) == theirs.get_sample_value(
            "lag_seconds_bucket", labels
        )
    kind = {"kind": "frog"}
    assert ours.get_sample_value("lag_seconds_count", kind) == len(values) + len(on_bounds)
    wanted = theirs.get_sample_value("lag_seconds_sum", kind)
    assert wanted is not None
    assert np.isclose(ours.get_sample_value("lag_seconds_sum", kind) or 0.0, wanted, atol=1e-3)


def test_a_line_a_minute_says_what_was_stored() -> None:
    summary = Summary(100.0)
    batch = Batch(topics=["a", "b", "c"], payloads=[b"", b"", b""])
    summary.totals.add(batch, Stored(1, readings={"frog": 2}, duplicates=1), 0.02)
    summary.totals.add(batch, Stored(2, readings={"frog": 1}, dead_letters={"not_json": 2}), 0.005)
    assert summary.due(159.9) is None
    assert summary.due(160.0) == {
        "batches": 2,
        "messages": 6,
        "readings": 3,
        "duplicates": 1,
        "dead_letters": 2,
        "slowest_ms": 20,
        "over_s": 60,
    }
    assert summary.due(170.0) is None
    silent = summary.due(220.0)
    assert silent is not None
    assert silent["batches"] == 0
