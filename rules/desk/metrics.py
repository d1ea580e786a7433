"""What the desk counts, for /metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class DeskMetrics:
    """Counters of one desk; beside those of the rules where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.followed = Counter(
            "cityops_desk_entries", "Lines of alarms' logs followed up", registry=self.registry
        )
        self.fired = Counter("cityops_desk_timers", "Timers that rang", ["timer"], registry=self.registry)
        self.notices = Counter("cityops_desk_notices", "Notices planned", ["kind"], registry=self.registry)
        self.messages = Counter(
            "cityops_desk_messages", "Messages put into the outbox", registry=self.registry
        )
        self.failed = Counter(
            "cityops_desk_not_followed", "Lines and timers that could not be followed", registry=self.registry
        )
        self.retries = Counter(
            "cityops_desk_retries", "Turns given up and tried again", registry=self.registry
        )
