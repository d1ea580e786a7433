"""``python -m bench ingest`` with little load: complete JSON, and every message stored once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MESSAGES = 1_000
PYTHON_SIDES = ("cityops", "aiomqtt", "paho")

pytestmark = pytest.mark.timeout(300)


def bench(*options: str) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "ingest", "--repeats", "1", "--batch-rows", "500"),
            *("--devices", "50", *options),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        # Settings of this installation must not reach what is measured.
        env=os.environ | {"CITYOPS_INGEST__SHARDS": "0", "CITYOPS_BENCH_TELEGRAF": ""},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return bench("--messages", str(MESSAGES))


def test_every_message_is_committed_once(report: dict[str, Any]) -> None:
    assert report["correct"] is True
    (case,) = report["figures"]
    assert set(case["contenders"]) == set(PYTHON_SIDES)
    for side in case["contenders"].values():
        assert side["committed"] == side["sent"] == MESSAGES
        assert side["correct"] is True


def test_the_report_says_what_on_what_and_how(report: dict[str, Any]) -> None:
    machine = report["machine"]
    assert machine["cores"] >= 1
    assert machine["database"].startswith("PostgreSQL")
    assert machine["broker"].startswith("Mosquitto 2")
    conditions = report["conditions"]
    assert (conditions["messages_per_run"], conditions["devices"], conditions["qos"]) == (MESSAGES, 50, 1)
    assert 140 < conditions["payload_bytes"] < 200


def test_a_baseline_that_is_not_there_is_named(report: dict[str, Any]) -> None:
    assert set(report["contenders"]) == {*PYTHON_SIDES, "telegraf"}
    assert report["contenders"]["telegraf"].startswith("skipped: no path given")


def test_cpu_time_is_given_for_each_process_apart(report: dict[str, Any]) -> None:
    (case,) = report["figures"]
    for side in case["contenders"].values():
        costs = side["cpu_us_per_message"]
        assert set(costs) == {"generator", "broker", "ingester", "database"}
        assert costs["generator"] > 0
        assert costs["ingester"] > 0
        assert side["messages_per_s"] > 0
        assert 1 <= side["rows_per_transaction"] <= MESSAGES
    ours = case["contenders"]["cityops"]["cpu_us_per_message"]["ingester"]
    assert set(case["ratio"]) == {"aiomqtt", "paho"}
    for name, ratio in case["ratio"].items():
        theirs = case["contenders"][name]["cpu_us_per_message"]["ingester"]
        assert ratio["ingester"] == pytest.approx(theirs / ours, rel=0.02)


def test_at_a_rate_the_report_says_how_long_a_commit_takes() -> None:
    report = bench("--rate", "500", "--seconds", "2", "--baselines", "paho")
    assert report["conditions"]["messages_per_run"] == 1_000
    (case,) = report["figures"]
    ours, paho = (case["contenders"][name] for name in ("cityops", "paho"))
    assert ours["committed"] == paho["committed"] == 1_000
    assert set(paho["latency_ms"]) == {"publish_to_visible"}, "only ours sends receipts"
    assert set(ours["latency_ms"]) == set(report["conditions"]["latency_ms"])
    for latencies in (*ours["latency_ms"].values(), *paho["latency_ms"].values()):
        assert 0 < latencies["p50"] <= latencies["p95"] <= latencies["p99"] <= latencies["max"]
