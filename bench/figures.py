"""From measured runs to figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One measured run.

    Attributes:
        sent: messages that the generator made.
        committed: rows in the database afterwards.
        seconds: from the first message to the last commit, wall clock [s].
        transactions: in which the rows came.
        cpu_s: CPU time by process, None where not known [s].
        latency_ms: percentiles by what was measured [ms]; empty where nothing was.
    """

    sent: int
    committed: int
    seconds: float
    transactions: int
    cpu_s: Mapping[str, float | None]
    latency_ms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def per_item_us(cpu_s: float | None, items: int) -> float | None:
    """Return CPU time per item [µs]; None where unknown or where there are no items."""
    return None if cpu_s is None or items == 0 else 1e6 * cpu_s / items


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the medians over several runs of the same case, and how far the CPU times spread.

    Raises:
        ValueError: without a run.
    """
    if not runs:
        raise ValueError("no runs to sum up")
    costs = {name: [per_item_us(r.cpu_s[name], r.committed) for r in runs] for name in runs[0].cpu_s}
    known = {name: [c for c in found if c is not None] for name, found in costs.items()}
    found = {
        "sent": sum(r.sent for r in runs),
        "committed": sum(r.committed for r in runs),
        "messages_per_s": round(median(r.committed / r.seconds for r in runs)),
        "rows_per_transaction": round(median(r.committed / max(r.transactions, 1) for r in runs)),
        "cpu_us_per_message": {n: _rounded(median(c)) if c else None for n, c in known.items()},
        "cpu_us_spread": {n: [_rounded(min(c)), _rounded(max(c))] if c else None for n, c in known.items()},
    }
    return found | {"latency_ms": _latencies(runs)} if runs[0].latency_ms else found


def _latencies(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the medians of each percentile, and how far the 99th spreads."""
    found: dict[str, Any] = {}
    for what, first in runs[0].latency_ms.items():
        values = {name: [r.latency_ms[what][name] for r in runs] for name in first}
        medians = {name: _rounded(median(ms)) for name, ms in values.items()}
        found[what] = medians | {"p99_spread": [min(values["p99"]), max(values["p99"])]}
    return found


def ratios(baseline: Mapping[str, float | None], ours: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return :func:`ratio` for the process under test, for the database, and for more together."""
    return {
        "ingester": ratio(baseline, ours, "ingester"),
        "database": ratio(baseline, ours, "database"),
        "ingester_and_database": ratio(baseline, ours, "ingester", "database"),
        "all_but_generator": ratio(baseline, ours, "ingester", "database", "broker"),
    }


def ratio(
    baseline: Mapping[str, float | None], ours: Mapping[str, float | None], *parts: str
) -> float | None:
    """Return how many times the CPU the baseline needs for the same message, over ``parts`` together.

    None where one of them is not known, or ours used no measurable time.
    """
    theirs, mine = ([costs[part] for part in parts] for costs in (baseline, ours))
    total = sum(c for c in mine if c is not None)
    if None in theirs or None in mine or total == 0:
        return None
    return round(sum(c for c in theirs if c is not None) / total, 2)


def correct(runs: Sequence[Run]) -> bool:
    """Whether every run stored each message exactly once."""
    return bool(runs) and all(r.sent == r.committed for r in runs)


def _rounded(value: float) -> float:
    return round(value, 1)
