"""The watch: looks at the platform by the wall clock, and raises alarms as the engine does.

It goes on while no reading comes, which stops the engine's time. Its alarms are written
into the same tables; from there on the desk treats them like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from cityops.clock import Clock
from cityops.runtime.looking import Looker
from rules.core.alarm_book import OpenAlarm
from rules.core.watch.judge import judge
from rules.core.watch.model import Judged, Memory, Seen, Watched
from rules.watch.ports import WatchFor, WatchStore

LOOK_EVERY_S = 10.0


class WatchMetrics:
    """What the watch counts; beside the rules' where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.looks = Counter("cityops_watch_looks", "Looks at the platform", registry=self.registry)
        self.retries = Counter(
            "cityops_watch_retries", "Looks given up and tried again", registry=self.registry
        )
        self.lag_s = Gauge(
            "cityops_watch_rules_lag_seconds",
            "How long the oldest batch waits that the rules have not seen",
            registry=self.registry,
        )
        self.silent_s = Gauge(
            "cityops_watch_silent_seconds", "Since readings were last received", registry=self.registry
        )


class WatchService(Looker):
    """Looks every ten seconds until asked to stop.

    Args:
        store: where to look and write.
        clock: the wall's.
        watch_for: reads what is watched for, before each look.
        every_s: seconds between looks.
        metrics: counters to use.
    """

    name = "watch"

    def __init__(
        self,
        store: WatchStore,
        clock: Clock,
        watch_for: WatchFor,
        *,
        every_s: float = LOOK_EVERY_S,
        metrics: WatchMetrics | None = None,
    ) -> None:
        self._store, self._clock, self._watch_for = store, clock, watch_for
        self.metrics = WatchMetrics() if metrics is None else metrics
        super().__init__(every_s, self.metrics)
        self._looked_at_s: float | None = None

    def ready(self) -> dict[str, bool]:
        """Whether it has looked lately."""
        now = self._clock.monotonic()
        return {"watch": self._looked_at_s is not None and now - self._looked_at_s < 30.0 + 2 * self._every_s}

    async def look(self) -> bool:
        """Look once; return whether it was this process's turn.

        Raises:
            TransientError: nothing or all of it was written; try again.
        """
        watched, now_s = await self._watch_for(), self._clock.now().timestamp()
        mine = await self._store.look(watched, now_s, partial(self._judged, watched))
        self._looked_at_s = self._clock.monotonic()
        self.metrics.looks.inc()
        return mine

    def _judged(self, watched: Watched, seen: Seen, memory: Memory, opened: Sequence[OpenAlarm]) -> Judged:
        since_s = seen.waiting_since_s
        self.metrics.lag_s.set(0.0 if since_s is None else max(0.0, seen.now_s - since_s))
        if seen.received_s is not None:
            self.metrics.silent_s.set(max(0.0, seen.now_s - seen.received_s))
        return judge(seen, watched, memory, opened)
