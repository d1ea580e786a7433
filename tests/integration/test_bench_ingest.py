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
MESSAGES = 2_000

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "ingest", "--repeats", "1", "--batch-rows", "500"),
            *("--messages", str(MESSAGES), "--devices", "50"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=220,
        # A setting of this installation must not reach what is measured.
        env=os.environ | {"CITYOPS_INGEST__SHARDS": "0"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_message_is_committed_once(report: dict[str, Any]) -> None:
    assert report["correct"] is True
    (case,) = report["figures"]
    for side in ("ours", "baseline"):
        assert case[side]["committed"] == case[side]["sent"] == MESSAGES


def test_the_report_says_what_on_what_and_how(report: dict[str, Any]) -> None:
    machine = report["machine"]
    assert machine["cores"] >= 1
    assert machine["database"].startswith("PostgreSQL")
    assert machine["broker"].startswith("Mosquitto 2")
    conditions = report["conditions"]
    assert (conditions["messages_per_run"], conditions["devices"], conditions["qos"]) == (MESSAGES, 50, 1)
    assert 140 < conditions["payload_bytes"] < 200


def test_cpu_time_is_given_for_each_process_apart(report: dict[str, Any]) -> None:
    (case,) = report["figures"]
    for side in ("ours", "baseline"):
        costs = case[side]["cpu_us_per_message"]
        assert set(costs) == {"generator", "broker", "ingester", "database"}
        assert costs["generator"] > 0
        assert costs["ingester"] > 0
        assert case[side]["messages_per_s"] > 0
    assert 1 <= case["ours"]["rows_per_transaction"] <= MESSAGES
    assert case["ratio"]["ingester"] == pytest.approx(
        case["baseline"]["cpu_us_per_message"]["ingester"] / case["ours"]["cpu_us_per_message"]["ingester"],
        rel=0.02,
    )
