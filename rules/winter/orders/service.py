"""Looks every few seconds whether proposals wait for an answer too long, and says so through the alarm desk."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from cityops.clock import Clock
from cityops.runtime.looking import Looker
from rules.core.winter_orders.unanswered import look
from rules.winter.orders.ports import RuleOf, UnansweredStore

LOOK_EVERY_S = 5.0


class OrdersMetrics:
    """What the look at proposals counts; beside the rules' where they share a registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry() if registry is None else registry
        self.looks = Counter("cityops_orders_looks", "Looks at proposals", registry=self.registry)
        self.retries = Counter(
            "cityops_orders_retries", "Looks given up and tried again", registry=self.registry
        )


class UnansweredService(Looker):
    """Looks until asked to stop; in the town's time, as the alarm desk's timers.

    Args:
        store: where to look and write.
        clock: the wall's, for waiting and for the town's time.
        rule_of: reads the rule, before each look.
        every_s: seconds between looks.
        metrics: counters to use.
    """

    name = "orders"

    def __init__(
        self,
        store: UnansweredStore,
        clock: Clock,
        rule_of: RuleOf,
        *,
        every_s: float = LOOK_EVERY_S,
        metrics: OrdersMetrics | None = None,
    ) -> None:
        self._store, self._clock, self._rule_of = store, clock, rule_of
        self.metrics = OrdersMetrics() if metrics is None else metrics
        super().__init__(every_s, self.metrics)

    async def look(self) -> bool:
        """Look once; return whether anything was written.

        Raises:
            TransientError: nothing or all of it was written; try again.
        """
        rule, catalogue_id = await self._rule_of()
        now_s = await self._store.town_now_s(self._clock.now().timestamp())
        since_s = now_s - rule.parameters.look_back_h * 3600.0

        wrote = await self._store.look(
            since_s,
            catalogue_id,
            lambda found, opened, labels: look(found, now_s, rule, opened, labels),
        )
        self.metrics.looks.inc()
        return wrote
