"""What is told of a shadow on /metrics: that it runs, and nothing of what it would raise or decide."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge


class ShadowMetrics:
    """Gauges of the shadow; beside those of the rules where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.running = Gauge(
            "cityops_rules_shadow_running", "Whether a catalogue runs in shadow", registry=self.registry
        )
        self.paused = Gauge(
            "cityops_rules_shadow_paused", "Whether the shadow failed and is paused", registry=self.registry
        )

    def tell(self, *, runs: bool, is_paused: bool) -> None:
        """Take how it stands."""
        self.running.set(runs)
        self.paused.set(is_paused)
