"""What Prometheus sees of ingest. Names begin with ``cityops_ingest_``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ingest.lag_histogram import LagHistogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LAG_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86_400, 604_800)
_MESSAGES = (1, 10, 50, 100, 250, 500, 1000, 2000, 4000, 8000)


class IngestMetrics:
    """Counters of one ingest worker, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        r, name = self.registry, "cityops_ingest_"
        self.received = Counter(f"{name}messages_received", "Messages taken from the broker", registry=r)
        self.committed = Counter(f"{name}readings_committed", "Readings stored", ["kind"], registry=r)
        self.duplicates = Counter(f"{name}duplicates", "Readings that were stored before", registry=r)
        self.dead_letters = Counter(f"{name}dead_letters", "Messages set aside", ["reason"], registry=r)
        self.not_kept = Counter(
            f"{name}dead_letters_not_kept",
            "Of these, counted only: their sender sends too many",
            ["reason"],
            registry=r,
        )
        self.unknown_fields = Counter(f"{name}unknown_fields", "Fields that no kind declares", registry=r)
        self.receipts = Counter(f"{name}receipts_sent", "Receipts sent to devices", registry=r)
        self.retries = Counter(f"{name}store_retries", "Attempts to store a batch that failed", registry=r)
        self.lost_sessions = Gauge(f"{name}lost_sessions", "Broker sessions found gone", registry=r)
        self.stale = Gauge(
            f"{name}stale_acknowledgements", "Messages stored after their connection was gone", registry=r
        )
        self.waiting = Gauge(f"{name}messages_waiting", "Messages that wait for their batch", registry=r)
        self.in_flight = Gauge(f"{name}messages_in_flight", "Messages delivered and not settled", registry=r)
        self.connected = Gauge(f"{name}sessions_connected", "Broker sessions that are connected", registry=r)
        self.dropped_receipts = Gauge(
            f"{name}dropped_receipts", "Receipts that could not be sent; the devices send again", registry=r
        )
        self.database_ok = Gauge(
            f"{name}database_ok", "1 where the last attempt found the database in order", registry=r
        )
        self.shards = Gauge(f"{name}shards_held", "Shards that this worker serves", registry=r)
        self.workers = Gauge(
            f"{name}workers", "Workers that share the shards, this one among them", registry=r
        )
        self.moves = Counter(f"{name}shard_moves", "Shards taken, handed over and lost", ["how"], registry=r)
        self.discarded = Counter(
            f"{name}messages_discarded", "Messages left to the worker that took their shard", registry=r
        )
        self.taken_over = Gauge(
            f"{name}sessions_taken_over", "Times another client connected under our client id", registry=r
        )
        self.batch_messages = Histogram(
            f"{name}batch_messages", "Messages per batch", buckets=_MESSAGES, registry=r
        )
        self.commit_seconds = Histogram(
            f"{name}commit_seconds", "Time to store a batch", buckets=_SECONDS, registry=r
        )
        self.age_seconds = Histogram(
            f"{name}batch_age_seconds",
            "From arrival of a batch's first message to its commit",
            buckets=_SECONDS,
            registry=r,
        )
        self.lag_seconds = LagHistogram(
            f"{name}lag_seconds",
            "From measurement to commit, of every reading of a batch, those sent again included",
            _LAG_SECONDS,
            r,
        )
