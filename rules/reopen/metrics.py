"""What the reopener counts, for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class ReopenMetrics:
    """Counters of one reopener; beside those of the rules where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.windows = Counter(
            "cityops_rules_late_windows",
            "Windows of late readings looked at again; open: they are again later",
            ["state"],
            registry=self.registry,
        )
        self.marks = Counter(
            "cityops_rules_would_differ",
            "Decisions and alarms that late readings would have changed",
            registry=self.registry,
        )
