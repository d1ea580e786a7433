"""What the rules service counts, for /metrics."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from rules.core.effects import (
    ChangeSeverity,
    ClearAlarm,
    Decision,
    Effect,
    Event,
    Flapping,
    LateReadings,
    MemberJoined,
    MemberLeft,
    OpenWork,
    RaiseAlarm,
)

NAMES = {
    RaiseAlarm: "alarm_raised",
    ChangeSeverity: "alarm_severity",
    MemberJoined: "alarm_member_joined",
    MemberLeft: "alarm_member_left",
    Flapping: "alarm_flapping",
    ClearAlarm: "alarm_cleared",
    Decision: "decision",
    Event: "event",
    OpenWork: "work_opened",
}


class RulesMetrics:
    """Counters of one rules service in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.readings = Counter("cityops_rules_readings", "Readings evaluated", registry=self.registry)
        self.batches = Counter("cityops_rules_batches", "Batches evaluated", registry=self.registry)
        self.effects = Counter(
            "cityops_rules_effects", "Effects committed", ["effect"], registry=self.registry
        )
        self.late = Counter(
            "cityops_rules_late_readings",
            "Readings that came too late to count in order",
            ["kind"],
            registry=self.registry,
        )
        self.retries = Counter(
            "cityops_rules_retries", "Turns given up and tried again", registry=self.registry
        )
        self.step_s = Histogram(
            "cityops_rules_step_seconds", "Time to evaluate a step", registry=self.registry
        )
        self.lag_s = Gauge(
            "cityops_rules_lag_seconds",
            "Age of the newest batch when its effects were committed",
            registry=self.registry,
        )

    def count(self, effects: Iterable[Effect]) -> None:
        """Count what was committed."""
        for effect in effects:
            if isinstance(effect, LateReadings):
                self.late.labels(effect.kind).inc(effect.n)
            name = NAMES.get(type(effect))
            if name is not None:
                self.effects.labels(name).inc()
