"""Looks every second or two at what goes wrong where, and proposes and updates incidents. Officers decide.

What it reads, judges and writes is one transaction, in which its cursor moves too: killed at any moment it has
done a look completely or not at all.
"""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from cityops.clock import Clock
from cityops.runtime.looking import Looker
from rules.core.incidents.settle import settle
from rules.core.incidents.settled import Settled
from rules.incidents.ports import IncidentStore, Looked, RuleOf

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
AGAIN_S = 30.0
"""So often it looks though nothing came: proposals lapse with time [s]."""


class IncidentMetrics:
    """What the service counts; beside the rules' where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.looks = Counter("cityops_incident_looks", "Looks that saw something", registry=self.registry)
        self.retries = Counter(
            "cityops_incident_retries", "Looks given up and tried again", registry=self.registry
        )
        self.proposed = Counter("cityops_incident_proposed", "Incidents proposed", registry=self.registry)
        self.live = Gauge(
            "cityops_incident_live", "Incidents proposed, open or contained", registry=self.registry
        )
        self.signals = Gauge(
            "cityops_incident_signals", "Signals looked at the last time", registry=self.registry
        )


class IncidentService(Looker):
    """Looks until asked to stop; in the town's time, as the alarm desk's timers.

    Args:
        store: where to look and write.
        clock: the wall's, for waiting and for the town's time.
        rule_of: reads the rule, before each look.
        every_s: seconds between looks.
        metrics: counters to use.
    """

    name = "incidents"

    def __init__(
        self,
        store: IncidentStore,
        clock: Clock,
        rule_of: RuleOf,
        *,
        every_s: float = LOOK_EVERY_S,
        metrics: IncidentMetrics | None = None,
    ) -> None:
        self._store, self._clock, self._rule_of = store, clock, rule_of
        self.metrics = IncidentMetrics() if metrics is None else metrics
        super().__init__(every_s, self.metrics)
        self._looked_at_s: float | None = None

    async def look(self) -> bool:
        """Look once; return whether anything was written.

        Raises:
            TransientError: nothing or all of it was written; try again.
        """
        rule = await self._rule_of()
        wall_s = self._clock.monotonic()
        anyhow = self._looked_at_s is None or wall_s - self._looked_at_s >= AGAIN_S
        now_s = await self._store.town_now_s(self._clock.now().timestamp())
        made: list[Settled] = []

        def judge(seen: Looked) -> Settled:
            made.append(
                settle(seen.incidents, seen.belongs, seen.signals, rule.parameters, now_s, seen.next_id)
            )
            self._count(seen, made[0])
            return made[0]

        wrote = await self._store.look(rule.parameters, now_s, judge, anyhow=anyhow)
        if made:
            self._looked_at_s = wall_s
            self.metrics.looks.inc()
        for act in made[0].acts if made and wrote else ():
            if act.what == "proposed":
                self.metrics.proposed.inc()
                log.info("incident proposed", incident=act.incident_id, why=act.text)
        return wrote

    def _count(self, seen: Looked, settled: Settled) -> None:
        made = sum(a.what == "proposed" for a in settled.acts)
        gone = sum(a.what in ("merged", "lapsed") for a in settled.acts)
        self.metrics.live.set(len(seen.incidents) + made - gone)
        self.metrics.signals.set(len(seen.signals))
