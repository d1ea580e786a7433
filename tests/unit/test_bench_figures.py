"""The arithmetic of the benchmarks: CPU per item, medians, ratios, what counts as correct."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.__main__ import main, parser
from bench.cpu import Watched, process_cpu_s, tree_cpu_s, used_s
from bench.figures import Run, correct, per_item_us, ratio, ratios, summary


def run(
    ingester_s: float | None = 1.0, *, sent: int = 1000, committed: int = 1000, seconds: float = 2.0
) -> Run:
    return Run(
        sent=sent, committed=committed, seconds=seconds, transactions=4, cpu_s={"ingester": ingester_s}
    )


def test_cpu_per_item_is_in_microseconds_and_unknown_stays_unknown() -> None:
    assert per_item_us(0.5, 10_000) == 50.0
    assert per_item_us(0.0, 10) == 0.0
    assert per_item_us(None, 10) is None
    assert per_item_us(1.0, 0) is None


def test_a_summary_takes_medians_and_shows_the_spread() -> None:
    found = summary([run(0.010), run(0.030, seconds=1.0), run(0.011, seconds=4.0)])
    assert found["cpu_us_per_message"] == {"ingester": 11.0}
    assert found["cpu_us_spread"] == {"ingester": [10.0, 30.0]}
    assert (found["messages_per_s"], found["rows_per_transaction"]) == (500, 250)
    assert (found["sent"], found["committed"]) == (3000, 3000)


def test_a_process_elsewhere_has_no_figure() -> None:
    found = summary([run(None)])
    assert found["cpu_us_per_message"] == {"ingester": None}
    assert found["cpu_us_spread"] == {"ingester": None}
    with pytest.raises(ValueError, match="no runs"):
        summary([])


def test_a_ratio_adds_the_parts_and_needs_them_all() -> None:
    baseline, ours = {"ingester": 90.0, "database": 10.0}, {"ingester": 15.0, "database": 5.0}
    assert ratio(baseline, ours, "ingester") == 6.0
    assert ratio(baseline, ours, "ingester", "database") == 5.0
    assert ratio(baseline, {"ingester": 15.0, "database": None}, "ingester", "database") is None
    assert ratio(baseline, {"ingester": 0.0}, "ingester") is None


def test_the_ratios_are_of_the_process_alone_and_of_all_it_needs() -> None:
    baseline = {"generator": 7.0, "broker": 20.0, "ingester": 90.0, "database": 10.0}
    ours = {"generator": 9.0, "broker": 30.0, "ingester": 15.0, "database": 5.0}
    assert ratios(baseline, ours) == {
        "ingester": 6.0,
        "database": 2.0,
        "ingester_and_database": 5.0,
        "all_but_generator": 2.4,
    }
    assert ratios(baseline, ours | {"database": None})["ingester"] == 6.0
    assert ratios(baseline, ours | {"database": None})["ingester_and_database"] is None


def test_latencies_are_medians_of_the_runs_percentiles() -> None:
    runs = [
        replace(run(), latency_ms={"publish_to_visible": {"p50": p50, "p99": p99}})
        for p50, p99 in ((90.0, 300.0), (110.0, 210.0), (100.0, 220.0))
    ]
    found = summary(runs)["latency_ms"]
    assert found == {"publish_to_visible": {"p50": 100.0, "p99": 220.0, "p99_spread": [210.0, 300.0]}}
    assert "latency_ms" not in summary([run()])


def test_a_lost_or_doubled_message_makes_a_report_wrong() -> None:
    assert correct([run(), run()])
    assert not correct([run(), run(committed=999)])
    assert not correct([run(committed=1001)])
    assert not correct([])


def test_what_was_used_is_the_difference() -> None:
    used = used_s({"a": 1.5, "b": None, "c": 1.0}, {"a": 2.0, "b": 3.0, "c": None})
    assert used == {"a": 0.5, "b": None, "c": None}


def test_a_process_tree_counts_its_children_but_not_the_excepted() -> None:
    busy = "import time\nwhile time.process_time() < 0.2: pass\nprint(flush=True); input()"
    start = tree_cpu_s(Watched(os.getpid()))
    with subprocess.Popen(
        [sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        without = tree_cpu_s(Watched(os.getpid(), (child.pid,)))
        with_child = tree_cpu_s(Watched(os.getpid()))
        child.communicate(b"\n")
    ended = tree_cpu_s(Watched(os.getpid()))
    assert start is not None
    assert with_child is not None
    assert without is not None
    assert ended is not None
    assert with_child - start >= 0.15
    assert with_child - without >= 0.15
    assert ended - start >= 0.15, "the time of a child that has ended is its parent's"
    assert tree_cpu_s(Watched(None)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself says it finely")
def test_the_work_of_two_milliseconds_is_seen() -> None:
    """A thousand messages cost less than one of the steps of 10 ms in which ``/proc`` counts."""
    us = psutil.Process()  # without children: of a browser's that ends meanwhile up to 10 ms are taken away
    start, begun = process_cpu_s(us), time.process_time()
    while time.process_time() < begun + 0.002:
        pass
    assert process_cpu_s(us) - start >= 0.002


def test_a_process_that_ended_as_it_was_looked_at_is_counted_as_it_was_last_seen() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        seen = psutil.Process(child.pid)
        with seen.oneshot():
            seen.cpu_times()
            child.wait()
            assert process_cpu_s(seen) >= 0.0


def test_every_benchmark_has_options_with_defaults() -> None:
    ingest = parser().parse_args(["ingest", "--messages", "2000", "--batch-rows", "100", "200"])
    assert (ingest.messages, ingest.batch_rows, ingest.devices) == (2000, [100, 200], 1000)
    assert (ingest.rate, ingest.baselines) == (None, ["aiomqtt", "paho", "telegraf"])
    assert parser().parse_args(["rules"]).step == [10, 100, 1000, 10_000]
    assert parser().parse_args(["fleet"]).window == 30.0
    assert parser().parse_args([]).name is None


def test_an_unknown_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["coffee"])
    assert ended.value.code == 2
    assert "ingest" in capsys.readouterr().err


def test_the_baselines_can_be_chosen_or_left_out() -> None:
    assert parser().parse_args(["ingest", "--baselines", "paho"]).baselines == ["paho"]
    assert parser().parse_args(["ingest", "--baselines"]).baselines == []
    assert parser().parse_args(["ingest", "--rate", "5000", "--seconds", "3"]).rate == 5000


@pytest.mark.parametrize("option", ["--messages", "--devices", "--repeats", "--rate", "--seconds"])
def test_a_number_below_one_is_refused(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["ingest", option, "0"])
    assert "0 is not a whole number above 0" in capsys.readouterr().err


def test_telegraf_is_taken_from_the_option_or_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYOPS_BENCH_TELEGRAF", sys.executable)
    assert parser().parse_args(["ingest"]).telegraf == Path(sys.executable)
    monkeypatch.setenv("CITYOPS_BENCH_TELEGRAF", "")
    assert parser().parse_args(["ingest"]).telegraf is None
    with pytest.raises(SystemExit):
        parser().parse_args(["ingest", "--telegraf", __file__])
    assert "is not a program that can be run" in capsys.readouterr().err
