"""``python -m bench.scaling_page [--write docs/scaling.md]``: the figures as JSON, and into the page."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.scaling import COSTS, FLEETS, SOURCES, Line, limits, load, plan, report

BLOCK = re.compile(r"(<!-- computed: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
"""What is computed stands between two comments; the first names the table."""

_ROWS: tuple[tuple[str, str, str], ...] = (
    ("devices", "devices", "{:,.0f}"),
    ("messages a second", "messages_per_s", "{}"),
    ("ingest workers, each below half a core", "workers", "{:,.0f}"),
    ("messages in a batch", "batch", "{:,.0f}"),
    ("cores: ingest", "ingester_cores", "{}"),
    ("cores: database, storing", "database_cores", "{}"),
    ("cores: rules", "rules_cores", "{}"),
    ("cores: Mosquitto", "mosquitto_cores", "{}"),
    ("or vCPU of an EMQX cluster, half busy", "cluster_vcpus", "{}"),
    ("nodes of it: 16 vCPU, 1 million connections, at least 3", "cluster_nodes", "{:,.0f}"),
    ("memory for TLS connections [GB]", "connection_gb", "{}"),
    ("memory for an hour without ingester [GB]", "queued_hour_gb", "{}"),
    ("network to and from devices [Mbit/s]", "device_mbit_s", "{}"),
    ("device directory in each worker [GB]", "worker_directory_gb", "{}"),
    ("disk a day, before compression [GB]", "raw_gb_day", "{}"),
    ("disk a day, compressed [GB]", "compressed_gb_day", "{}"),
    ("write-ahead log a day, to each replica [GB]", "wal_gb_day", "{}"),
    ("sequence ledger [GB]", "ledger_gb", "{}"),
    ("shards", "shards", "{:,.0f}"),
)


def needs() -> str:
    """Return the table of what each fleet needs."""
    plans = [plan(fleet) for fleet in FLEETS]
    rows = [[words, *(_number(p[key], form) for p in plans)] for words, key, form in _ROWS]
    return _table(["", *(f.name for f in FLEETS)], rows)


def loads() -> str:
    """Return the table of how full each part is, the fullest in the country first."""
    found = sorted(limits().items(), key=lambda item: -load(FLEETS[-1], *item[1]))
    rows = [
        [
            part,
            f"{_number(limit, '{}')} {'messages/s' if counted == 'rate' else 'devices'}",
            *(_percent(load(fleet, counted, limit)) for fleet in FLEETS),
        ]
        for part, (counted, limit) in found
    ]
    return _table(["part", "full at", *(f.name for f in FLEETS)], rows)


def inputs() -> str:
    """Return the table of the inputs with their sources."""
    rows = []
    for name, value in asdict(COSTS).items():
        line = getattr(COSTS, name)
        shown = (
            f"{line.item_us:.1f} + {line.batch_us:,.0f} a batch" if isinstance(line, Line) else f"{value:,}"
        )
        rows.append([f"`{name}`", shown, SOURCES[name]])
    return _table(["input", "value", "what, and from where"], rows)


TABLES: dict[str, Callable[[], str]] = {"needs": needs, "loads": loads, "inputs": inputs}


def fill(page: str) -> str:
    """Return the page with its computed tables anew."""
    return BLOCK.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}\n{m[3]}", page)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _number(value: Any, form: str) -> str:
    """Return a number in ``form``, or to two figures."""
    if form != "{}":
        return form.format(value)
    if value >= 100:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{float(f'{value:.2g}'):g}"


def _percent(value: float) -> str:
    text = f"{_number(100 * value, '{}')} %" if value >= 0.001 else "< 0.1 %"
    return f"**{text}**" if value >= 1 else text


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures; write the page where one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling_page", description=__doc__)
    parser.add_argument("--write", type=Path, help="page whose computed tables are written anew")
    page = parser.parse_args(argv).write
    if page is None:
        print(json.dumps(report(), indent=2))
    else:
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
