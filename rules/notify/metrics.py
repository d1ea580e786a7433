"""What the sender counts, for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class NotifyMetrics:
    """Counters of one sender in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.attempts = Counter(
            "cityops_notify_attempts", "Attempts to send", ["channel", "verdict"], registry=self.registry
        )
        self.deliveries = Counter(
            "cityops_notify_deliveries",
            "What channels said later of what they took",
            ["channel", "verdict"],
            registry=self.registry,
        )
        self.suppressed = Counter(
            "cityops_notify_suppressed",
            "Messages not sent, as they were no news any more",
            ["channel", "reason"],
            registry=self.registry,
        )
        self.hung = Gauge(
            "cityops_notify_hung_threads",
            "Threads that did not return in time",
            ["channel"],
            registry=self.registry,
        )
        self.given_up = Counter(
            "cityops_notify_given_up",
            "Calls that did not return in time",
            ["channel"],
            registry=self.registry,
        )
        self.paused = Gauge(
            "cityops_notify_paused",
            "1 while a channel that fails is left alone",
            ["channel"],
            registry=self.registry,
        )
        self.retries = Counter(
            "cityops_notify_retries", "Turns given up because the database failed", registry=self.registry
        )
        self.wait_s = Histogram(
            "cityops_notify_wait_seconds",
            "From when a message was due until the channel took it",
            ["channel"],
            buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800),
            registry=self.registry,
        )
