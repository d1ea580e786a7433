"""What a reading costs each part: measured on two shared virtual cores, each with its source. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """A figure: its value, its unit, and where it was measured."""

    value: float
    unit: str
    source: str


COSTS: dict[str, Cost] = {
    "ingester_us": Cost(15.5, "µs of CPU a reading", "docs/benchmarks.md, broker to database; line of docs/scaling.md"),
    "ingester_batch_us": Cost(6920, "µs of CPU a batch", "the same line"),
    "database_us": Cost(17.7, "µs of CPU a reading", "docs/benchmarks.md, what a reading costs the database; docs/scaling.md"),
    "database_batch_us": Cost(629, "µs of CPU a batch", "the same line"),
    "broker_us": Cost(64, "µs of CPU a reading", "docs/benchmarks.md, simulated town"),
    "rules_us": Cost(88, "µs of CPU a reading", "docs/benchmarks.md, rules, 100 readings a step"),
    "compress_us": Cost(2.7, "µs of CPU a reading", "docs/benchmarks.md, storage, conversion to columns"),
    "row_bytes": Cost(98.5, "B a frog's reading", "docs/benchmarks.md, storage, rows: table"),
    "index_bytes": Cost(55.8, "B a reading", "docs/benchmarks.md, storage, rows: indexes"),
    "columnar_bytes": Cost(9.9, "B a frog's reading", "docs/benchmarks.md, storage, columnstore"),
    "hour_bytes": Cost(187, "B a device and hour", "docs/benchmarks.md, aggregates: frog_hourly, 72,050 rows"),
    "day_bytes": Cost(209, "B a device and day", "docs/benchmarks.md, aggregates: frog_daily, 3,050 rows"),
    "wal_bytes": Cost(244, "B a reading", "docs/scaling.md, inputs: without full page images, with them up to twice as much"),
    "ledger_bytes": Cost(225, "B a device", "docs/scaling.md, inputs"),
    "directory_bytes": Cost(770, "B a device in each ingester", "docs/scaling.md, inputs"),
    "connection_bytes": Cost(19_000, "B a device's TLS connection", "docs/scaling.md, inputs"),
    "queued_bytes": Cost(650, "B a message that waits in the broker", "docs/scaling.md, inputs"),
    "backup_share": Cost(0.08, "of the size as rows", "docs/benchmarks.md, back-up and restore: gzip; of a columnar database as large as itself"),
    "restore_gb_min": Cost(0.8, "GB a minute", "docs/benchmarks.md, back-up and restore, two jobs on two shared cores"),
}  # fmt: skip
FROG_FIELDS = 5
"""Fields of the kind that sizes were measured with."""
FIELD_BYTES = 4.0
"""A field is a ``real`` [B]."""
