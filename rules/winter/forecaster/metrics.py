"""What the road forecaster counts; beside the rules' where they share a registry."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class ForecasterMetrics:
    """Counters and gauges of the forecaster."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.issues = Counter(
            "cityops_road_forecasts",
            "Road forecasts issued, by the weather they were made by",
            ["weather"],
            registry=self.registry,
        )
        self.failed = Counter(
            "cityops_road_forecast_failed", "Road forecasts that could not be made", registry=self.registry
        )
        self.age_s = Gauge(
            "cityops_road_forecast_age_seconds",
            "Event time since the newest road forecast",
            registry=self.registry,
        )
        self.wrong = Gauge(
            "cityops_road_sensors_wrong",
            "Road sensors that are wrong by their neighbours",
            registry=self.registry,
        )
        self.seconds = Histogram(
            "cityops_road_forecast_seconds", "Time that an issue takes", registry=self.registry
        )
