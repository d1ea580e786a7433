"""From devices and cadences to messages, rows, disk, cores and memory. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf

from ops_api.capacity.costs import COSTS, FIELD_BYTES, FROG_FIELDS, Cost

DAY_S, YEAR_DAYS = 86_400, 365
BATCH_ROWS, BATCH_AGE_S = 2000, 0.1
"""Defaults of ``ingest.batch_rows`` and ``ingest.batch_age_s``."""
BUSY = 0.5
"""Share of a core at which it counts as taken: the rest is for peaks, back-ups and catching up."""
BASE_GB, BASE_CORES = 2.0, 1.0
"""What the system, pages, Grafana and the programs themselves take, before any reading: assumed."""
COLUMNAR_AFTER_DAYS = 8
"""A chunk's readings become columns so long after its end."""


@dataclass(frozen=True, slots=True)
class Part:
    """Devices of a kind: how many, how often each reports [s], how many fields a reading has."""

    kind: str
    devices: int
    cadence_s: float
    fields: int = FROG_FIELDS

    @property
    def rate(self) -> float:
        """Readings a second."""
        return self.devices / self.cadence_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one kind makes: sizes in GB (10⁹ bytes)."""

    kind: str
    devices: int
    cadence_s: float
    messages_per_s: float
    rows_per_day: float
    rows_gb_day: float
    rows_gb_year: float
    columns_gb_year: float
    aggregates_gb_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What all of them need. Cores are CPU seconds a second; ``cores`` and ``memory_gb`` what to buy."""

    lines: tuple[Line, ...]
    messages_per_s: float
    batch: float
    ingest_cores: float
    database_cores: float
    broker_cores: float
    rules_cores: float
    cores: int
    broker_gb: float
    hour_queued_gb: float
    newest_gb: float
    memory_gb: float
    wal_gb_day: float
    plain_gb: float
    timescaledb_gb: float
    backup_gb: float
    restore_min: float


def plan(parts: Sequence[Part], years: float = 1.0, costs: Mapping[str, Cost] = COSTS) -> Plan:
    """Return what a fleet needs when readings are kept for ``years``.

    Raises:
        ValueError: no device, a cadence that is none, or no time.
    """
    if not parts or not 0 < years < inf or any(p.devices < 0 or not 0 < p.cadence_s < inf for p in parts):
        raise ValueError("give devices of at least one kind, cadences above 0 s and a time above 0")
    cost = {name: c.value for name, c in costs.items()}
    lines = tuple(_line(part, cost) for part in parts)
    rate, devices = sum(p.rate for p in parts), sum(p.devices for p in parts)
    batch = min(max(rate * BATCH_AGE_S, 1.0), float(BATCH_ROWS))
    cores = {
        "ingest": rate * (cost["ingester_us"] + cost["ingester_batch_us"] / batch) / 1e6,
        "database": rate
        * (cost["database_us"] + cost["database_batch_us"] / batch + cost["compress_us"])
        / 1e6,
        "broker": rate * cost["broker_us"] / 1e6,
        "rules": rate * cost["rules_us"] / 1e6,
    }
    ledger_gb = devices * cost["ledger_bytes"] / 1e9
    newest_gb = sum(line.rows_gb_day for line in lines) * COLUMNAR_AFTER_DAYS + ledger_gb
    plain_gb = sum(line.rows_gb_year for line in lines) * years + ledger_gb
    timescaledb_gb = newest_gb + sum(line.columns_gb_year + line.aggregates_gb_year for line in lines) * years
    broker_gb = devices * cost["connection_bytes"] / 1e9
    queued_gb = rate * 3600 * cost["queued_bytes"] / 1e9
    memory_gb = BASE_GB + broker_gb + queued_gb + devices * cost["directory_bytes"] / 1e9 + newest_gb / 2
    return Plan(
        lines=lines, messages_per_s=rate, batch=batch,
        ingest_cores=cores["ingest"], database_cores=cores["database"], broker_cores=cores["broker"],
        rules_cores=cores["rules"], cores=max(2, ceil(BASE_CORES + sum(cores.values()) / BUSY)),
        broker_gb=broker_gb, hour_queued_gb=queued_gb, newest_gb=newest_gb, memory_gb=max(4.0, memory_gb),
        wal_gb_day=rate * DAY_S * cost["wal_bytes"] / 1e9, plain_gb=plain_gb, timescaledb_gb=timescaledb_gb,
        backup_gb=plain_gb * cost["backup_share"], restore_min=timescaledb_gb / cost["restore_gb_min"],
    )  # fmt: skip


def _line(part: Part, cost: Mapping[str, float]) -> Line:
    rows = part.rate * DAY_S
    row_bytes = cost["row_bytes"] + (part.fields - FROG_FIELDS) * FIELD_BYTES + cost["index_bytes"]
    columnar = cost["columnar_bytes"] * part.fields / FROG_FIELDS
    aggregates = part.devices * (24 * cost["hour_bytes"] + cost["day_bytes"]) * YEAR_DAYS
    return Line(
        kind=part.kind, devices=part.devices, cadence_s=part.cadence_s, messages_per_s=part.rate, rows_per_day=rows,
        rows_gb_day=rows * row_bytes / 1e9, rows_gb_year=rows * row_bytes * YEAR_DAYS / 1e9,
        columns_gb_year=rows * columnar * YEAR_DAYS / 1e9, aggregates_gb_year=aggregates / 1e9,
    )  # fmt: skip
