"""The figures of ``bench ingest`` as Markdown tables: ``python -m bench.table < report.json``. Pure but for main."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

PARTS = ("generator", "broker", "ingester", "database")
LATENCIES = ("publish_to_visible", "publish_to_receipt")


def tables(report: Mapping[str, Any]) -> str:
    """Return the table of CPU times, and that of latencies where they were measured."""
    found = ["\n".join(cpu_table(report))]
    if "latency_ms" in report["conditions"]:
        found.append("\n".join(latency_table(report)))
    return "\n\n".join(found)


def cpu_table(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the table of CPU time per message [µs], with the ratios."""
    yield f"| batch | | {' | '.join(PARTS)} | ingester, times ours | with database | messages/s |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for batch, case, name, found in _cases(report):
        costs = " | ".join(_cost(found, part) for part in PARTS)
        ratio = case["ratio"].get(name, {})
        times = " | ".join(_number(ratio.get(key), "") for key in ("ingester", "ingester_and_database"))
        yield f"| {batch} | {name} | {costs} | {times} | {found['messages_per_s']:,} |"


def latency_table(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the table of latencies [ms]."""
    yield "| batch | | rows a transaction | visible p50 | p95 | p99 | receipt p50 | p95 | p99 | messages/s |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for batch, _, name, found in _cases(report):
        latencies = [found["latency_ms"].get(what, {}) for what in LATENCIES]
        cells = " | ".join(_milliseconds(part, p) for part in latencies for p in ("p50", "p95", "p99"))
        rows, rate = found["rows_per_transaction"], found["messages_per_s"]
        yield f"| {batch} | {name} | {rows:,} | {cells} | {rate:,} |"


def _cases(report: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str, Mapping[str, Any]]]:
    for case in report["figures"]:
        batch = f"{case['batch_rows']:,}"
        for name, found in case["contenders"].items():
            yield batch, case, name, found
            batch = ""


def _cost(found: Mapping[str, Any], part: str) -> str:
    cost, spread = found["cpu_us_per_message"][part], found["cpu_us_spread"][part]
    if cost is None or part != "ingester" or spread[0] == spread[1]:
        return _number(cost, "unknown")
    return f"{_number(cost, '')} ({_number(spread[0], '')}–{_number(spread[1], '')})"


def _milliseconds(latencies: Mapping[str, Any], percentile: str) -> str:
    if percentile not in latencies:
        return ""
    text = f"{latencies[percentile]:,.0f}"
    low, high = latencies["p99_spread"]
    return f"{text} ({low:,.0f}–{high:,.0f})" if percentile == "p99" and low != high else text


def _number(value: float | None, unknown: str) -> str:
    return unknown if value is None else f"{value:.1f}"


if __name__ == "__main__":
    print(tables(json.load(sys.stdin)))
