"""The Markdown tables of a report hold its figures and nothing that was not measured."""

from __future__ import annotations

from typing import Any

from bench.table import tables

OURS = {
    "messages_per_s": 21_234,
    "rows_per_transaction": 1_900,
    "cpu_us_per_message": {"generator": 26.0, "broker": 29.5, "ingester": 12.04, "database": None},
    "cpu_us_spread": {
        "generator": [26.0, 26.0],
        "broker": [28.0, 30.0],
        "ingester": [11.0, 13.0],
        "database": None,
    },
}
PAHO = {
    "messages_per_s": 5_000,
    "rows_per_transaction": 1_000,
    "cpu_us_per_message": {"generator": 9.0, "broker": 21.0, "ingester": 60.2, "database": None},
    "cpu_us_spread": {
        "generator": [9.0, 9.0],
        "broker": [21.0, 21.0],
        "ingester": [60.2, 60.2],
        "database": None,
    },
}


def report(**conditions: Any) -> dict[str, Any]:
    return {
        "conditions": conditions,
        "figures": [
            {
                "batch_rows": 2_000,
                "contenders": {"cityops": dict(OURS), "paho": dict(PAHO)},
                "ratio": {"paho": {"ingester": 5.0, "ingester_and_database": None}},
            }
        ],
    }


def test_a_row_for_each_contender_names_the_batch_once() -> None:
    head, rule, ours, paho = tables(report()).splitlines()
    assert head.count("|") == rule.count("|") == ours.count("|") == paho.count("|")
    assert ours == "| 2,000 | cityops | 26.0 | 29.5 | 12.0 (11.0–13.0) | unknown |  |  | 21,234 |"
    assert paho == "|  | paho | 9.0 | 21.0 | 60.2 | unknown | 5.0 |  | 5,000 |"


def test_latencies_have_a_table_where_they_were_measured() -> None:
    measured = report(latency_ms="what was measured")
    ours, paho = measured["figures"][0]["contenders"].values()
    visible = {"p50": 110.0, "p95": 190.4, "p99": 205.0, "max": 300.0}
    ours["latency_ms"] = {
        "publish_to_visible": visible | {"p99_spread": [201.0, 1_240.0]},
        "publish_to_receipt": visible | {"p99_spread": [205.0, 205.0]},
    }
    paho["latency_ms"] = {"publish_to_visible": visible | {"p99_spread": [205.0, 205.0]}}
    head, rule, first, second = tables(measured).split("\n\n")[1].splitlines()
    assert head.count("|") == rule.count("|") == first.count("|") == second.count("|")
    assert first == "| 2,000 | cityops | 1,900 | 110 | 190 | 205 (201–1,240) | 110 | 190 | 205 | 21,234 |"
    assert second == "|  | paho | 1,000 | 110 | 190 | 205 |  |  |  | 5,000 |"
