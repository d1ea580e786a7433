"""What Prometheus sees of the fleet service. Names begin with ``cityops_fleet_``."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from ingest.fleet.core.drift import DRIFTS, Drift


class FleetMetrics:
    """Counters of the service, in a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        r, name = self.registry, "cityops_fleet_"
        self.versions = Counter(f"{name}versions", "New versions of devices' settings", registry=r)
        self.published = Counter(f"{name}published", "Documents given to the broker", ["what"], registry=r)
        self.reports = Counter(f"{name}reports", "What devices said of their settings", ["state"], registry=r)
        self.asks = Counter(f"{name}asks", "What devices asked for", ["ask", "outcome"], registry=r)
        self.failures = Counter(f"{name}failures", "Looks and jobs that failed", ["what"], registry=r)
        self.dropped = Counter(
            f"{name}asks_dropped", "Asks that came faster than they are answered", registry=r
        )
        self.devices = Gauge(
            f"{name}devices", "Devices by how it stands with their settings", ["drift"], registry=r
        )
        self.connected = Gauge(f"{name}connected", "1 while connected to the broker", registry=r)
        self.active = Gauge(f"{name}active", "1 in the one process that works", registry=r)

    def count(self, counts: Mapping[Drift, int]) -> None:
        """Set how many devices stand how."""
        for drift in DRIFTS:
            self.devices.labels(drift).set(counts.get(drift, 0))
