"""Says that dead letters are not kept: in the metrics each time, in the log once a minute and sender."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from ingest.core.letter_limit import Overflow
from ingest.core.quiet import OncePer
from ingest.metrics import IngestMetrics

log = structlog.get_logger(__name__)

LINE_EVERY_S = 60.0


class OverflowLog:
    """Notes what became of stored batches."""

    def __init__(self, metrics: IngestMetrics) -> None:
        self._metrics = metrics
        self._lines = OncePer(LINE_EVERY_S)

    def note(self, overflow: Iterable[Overflow], now_s: float) -> None:
        """Note what of one batch was not kept; ``now_s`` is monotonic [s]."""
        for over in overflow:
            self._metrics.not_kept.labels(str(over.reason)).inc(over.letters)
            if self._lines.due(over.sender, now_s):
                log.warning(
                    "dead letters counted and not kept: their sender sends too many",
                    device=over.sender.device or "unregistered names",
                    shard=over.sender.shard,
                    reason=str(over.reason),
                    letters=over.letters,
                )
