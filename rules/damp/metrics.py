"""What the damp analyst counts; beside the rules' where they share a registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class DampMetrics:
    """Counters and gauges of the analyst."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.homes = Counter("cityops_damp_homes", "Homes whose days were worked out", registry=self.registry)
        self.rows = Counter(
            "cityops_damp_rows",
            "Days, events and findings that were new or other ones",
            registry=self.registry,
        )
        self.failed = Counter(
            "cityops_damp_failed", "Homes that could not be worked out", registry=self.registry
        )
        self.behind_s = Gauge(
            "cityops_damp_behind_seconds", "Event time since all was worked out", registry=self.registry
        )
