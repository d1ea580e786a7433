"""Gauges that are worked out when they are read: true however long the database keeps the rest waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.metrics import IngestMetrics
from ingest.ports import MessageSource


def watch(
    metrics: IngestMetrics,
    sources: Mapping[int, MessageSource],
    waiting: Callable[[], int],
    database_ok: Callable[[], bool],
) -> None:
    """Let the gauges follow the sources by shard, what waits for its batch, and the database."""

    def held() -> float:
        return sum(getattr(source, "held", 0) for source in list(sources.values()))

    def connected() -> float:
        return sum(source.connected for source in list(sources.values()))

    def counted(name: str) -> Callable[[], float]:
        def total() -> float:
            return sum(getattr(getattr(s, "counts", None), name, 0) for s in list(sources.values()))

        return total

    metrics.in_flight.set_function(held)
    metrics.connected.set_function(connected)
    metrics.waiting.set_function(waiting)
    metrics.database_ok.set_function(lambda: float(database_ok()))
    metrics.lost_sessions.set_function(counted("lost_sessions"))
    metrics.stale.set_function(counted("stale_acknowledgements"))
    metrics.taken_over.set_function(counted("taken_over"))
    metrics.dropped_receipts.set_function(counted("dropped_publishes"))
