"""How much of everything a fleet needs: arithmetic on measured costs, all of them named here. Pure.

Change a figure in ``COSTS`` and run ``make docs``: ``docs/scaling.md`` follows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """CPU time of an item in a batch: ``item_us`` each, and ``batch_us`` once a batch [µs]."""

    item_us: float
    batch_us: float

    @classmethod
    def through(cls, small: tuple[float, float], large: tuple[float, float]) -> Line:
        """Return the line through two measurements (items in a batch, µs per item)."""
        batch_us = (small[1] - large[1]) / (1 / small[0] - 1 / large[0])
        return cls(large[1] - batch_us / large[0], batch_us)

    def per_item_us(self, batch: float) -> float:
        """Return the CPU time per item in batches of ``batch`` [µs]."""
        return self.item_us + self.batch_us / batch


_INGESTER = Line.through((86, 96), (2000, 19))
_DATABASE = Line.through((86, 25), (2000, 18))


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a reading costs each part. Sources: ``SOURCES``."""

    ingester: Line = _INGESTER
    database: Line = _DATABASE
    broker_us: float = 64
    rules_us: float = 88
    directory_us: float = 11.6
    directory_bytes: int = 770
    reading_bytes: int = 134
    compressed_bytes: float = 9.9
    wal_bytes: int = 244
    ledger_bytes: int = 225
    tls_connection_bytes: int = 19_000
    queued_bytes: int = 650
    message_bytes: int = 200
    receipt_bytes: int = 110
    packet_bytes: int = 69
    cluster_packets_per_vcpu: int = 10_000
    cluster_connections: int = 1_000_000


COSTS = Costs()

SOURCES: dict[str, str] = {
    "ingester": "CPU of the ingester [µs]: docs/benchmarks.md, 15 in batches of 2,000 with a receipt for every second "
    "message, and 4 more where every message has its own; 96 in the simulated town's batches of about 86; a line through both",
    "database": "CPU of the database [µs]: COPY, index and ledger at one reading per device and batch, 18, and the town's 25",
    "broker_us": "CPU of Mosquitto [µs]: docs/benchmarks.md, the town, where each device has its connection and "
    "nearly each reading its receipt",
    "rules_us": "CPU of the rules engine [µs]: docs/benchmarks.md, 100 readings a step",
    "directory_us": "CPU to index a device, every 5 minutes in each worker [µs]: measured, 100,000 devices",
    "directory_bytes": "memory of a device in each worker [B]: measured, 100,000 devices",
    "reading_bytes": "a frog's row with its index, before compression [B]: measured on plain PostgreSQL 18, "
    "200,000 rows",
    "compressed_bytes": "a frog's reading in the columnstore [B]: `bench storage`, 300 homes over 30 days",
    "wal_bytes": "write-ahead log of a reading and its ledger entry [B]: measured in the same run, without full "
    "page images; with them up to twice as much",
    "ledger_bytes": "ledger row and index of a device [B]: measured in the same run",
    "tls_connection_bytes": "memory of a live TLS connection in Mosquitto [B]: measured, 10,000 connections",
    "queued_bytes": "memory of a queued message in Mosquitto 2.1 [B]: measured 0.5 KB and the payload",
    "message_bytes": "a reading on the wire with topic and header [B]: 145 of payload, computed",
    "receipt_bytes": "a receipt on the wire [B]: computed",
    "packet_bytes": "TCP, IP and TLS around a packet of its own [B]: computed",
    "cluster_packets_per_vcpu": "QoS 1 packets in and out a second and vCPU of an EMQX cluster: **EMQX's claim**, "
    "40,000 on 4 vCPU (emqx-docs), not measured here",
    "cluster_connections": "connections of a cluster node: **assumed**, a quarter of what EMQX shows (100 million "
    "on 23 nodes)",
}

PACKETS_PER_READING = 4
"""Through a broker: reading in, reading out, receipt in, receipt out."""

BATCH_ROWS, BATCH_AGE_S, WINDOW = 2000, 0.1, 4000
"""Defaults of ``ingest.*``."""

COMMIT_S = 0.25
"""Commit latency at the 99th percentile that is aimed at [s]."""

BUSY = 0.5
"""Share of its capacity at which a part is called full."""

SHARDS, DIRECTORY_REFRESH_S, NOFILE, BROKER_CONNECTIONS = 16, 300, 100_000, 90_000


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices, each with one reading every ``period_s``."""

    name: str
    devices: int
    period_s: float = 300

    @property
    def rate(self) -> float:
        """Readings a second; each is a message."""
        return self.devices / self.period_s


FLEETS = (Fleet("town", 1_000), Fleet("city", 100_000), Fleet("country", 28_000_000))


def batch_of(rate: float, workers: int) -> float:
    """Return the messages in a worker's batch: what comes in its time, from one to all that fit."""
    return min(max(rate / workers * BATCH_AGE_S, 1.0), float(BATCH_ROWS))


def workers_for(fleet: Fleet, costs: Costs = COSTS) -> int:
    """Return the workers that keep each below ``BUSY`` of a core."""
    workers = 1
    while fleet.rate / workers * costs.ingester.per_item_us(batch_of(fleet.rate, workers)) > BUSY * 1e6:
        workers += 1
    return workers


def shards_for(rate: float, workers: int) -> int:
    """Return the shards: 16, four for each worker so that shares are even, none above half its window."""
    wanted = max(SHARDS, 4 * workers, ceil(rate / (BUSY * WINDOW / (BATCH_AGE_S + COMMIT_S))))
    return 1 << (wanted - 1).bit_length()


def plan(fleet: Fleet, costs: Costs = COSTS) -> dict[str, Any]:
    """Return what a fleet needs of each part, in plain units."""
    rate, workers = fleet.rate, workers_for(fleet, costs)
    batch, daily = batch_of(rate, workers), rate * DAY_S
    vcpus = rate * PACKETS_PER_READING / costs.cluster_packets_per_vcpu / BUSY
    wire = costs.message_bytes + costs.receipt_bytes + 2 * costs.packet_bytes
    return {
        "devices": fleet.devices,
        "messages_per_s": rate,
        "workers": workers,
        "batch": batch,
        "ingester_cores": rate * costs.ingester.per_item_us(batch) / 1e6,
        "database_cores": rate * costs.database.per_item_us(batch) / 1e6,
        "rules_cores": rate * costs.rules_us / 1e6,
        "mosquitto_cores": rate * costs.broker_us / 1e6,
        "cluster_vcpus": vcpus,
        "cluster_nodes": max(3, ceil(vcpus / 16), ceil(fleet.devices / costs.cluster_connections)),
        "connection_gb": fleet.devices * costs.tls_connection_bytes / 1e9,
        "queued_hour_gb": rate * 3600 * costs.queued_bytes / 1e9,
        "device_mbit_s": rate * wire * 8 / 1e6,
        "worker_directory_gb": fleet.devices * costs.directory_bytes / 1e9,
        "raw_gb_day": daily * costs.reading_bytes / 1e9,
        "compressed_gb_day": daily * costs.compressed_bytes / 1e9,
        "wal_gb_day": daily * costs.wal_bytes / 1e9,
        "ledger_gb": fleet.devices * costs.ledger_bytes / 1e9,
        "shards": shards_for(rate, workers),
    }


def limits(costs: Costs = COSTS) -> dict[str, tuple[str, float]]:
    """Return where each part, taken once, is full: what is counted (rate or devices), and how many."""
    return {
        "device directory of every worker": (
            "devices",
            0.1 * DIRECTORY_REFRESH_S * 1e6 / costs.directory_us,
        ),
        "one Mosquitto, connections": ("devices", float(BROKER_CONNECTIONS)),
        "one Mosquitto, CPU": ("rate", BUSY * 1e6 / costs.broker_us),
        "one rules process": ("rate", BUSY * 1e6 / costs.rules_us),
        "one ingest worker": ("rate", BUSY * 1e6 / costs.ingester.per_item_us(BATCH_ROWS)),
        "one database connection that stores": ("rate", BUSY * 1e6 / costs.database.per_item_us(BATCH_ROWS)),
        f"windows of {SHARDS} shards": ("rate", BUSY * SHARDS * WINDOW / (BATCH_AGE_S + COMMIT_S)),
    }


def load(fleet: Fleet, counted: str, limit: float) -> float:
    """Return how full a fleet makes a part: 1 is full."""
    return (fleet.rate if counted == "rate" else fleet.devices) / limit


def report(costs: Costs = COSTS) -> dict[str, Any]:
    """Return inputs, plans and loads for printing as JSON."""
    return {
        "costs": asdict(costs),
        "sources": SOURCES,
        "plans": {fleet.name: plan(fleet, costs) for fleet in FLEETS},
        "load": {
            part: {fleet.name: load(fleet, *limit) for fleet in FLEETS}
            for part, limit in limits(costs).items()
        },
    }
