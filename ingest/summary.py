"""What was stored since the last line of the log: one line a minute says it, instead of one a batch."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.core.batch import Batch
from ingest.ports import Stored

EVERY_S = 60.0


@dataclass(slots=True)
class Totals:
    """Counts of the batches since the last line."""

    batches: int = 0
    messages: int = 0
    readings: int = 0
    duplicates: int = 0
    dead_letters: int = 0
    slowest_s: float = 0.0

    def add(self, batch: Batch, stored: Stored, took_s: float) -> None:
        """Count a batch that took ``took_s`` to store [s]."""
        self.batches += 1
        self.messages += len(batch.topics)
        self.readings += sum(stored.readings.values())
        self.duplicates += stored.duplicates
        self.dead_letters += sum(stored.dead_letters.values())
        self.slowest_s = max(self.slowest_s, took_s)


@dataclass(slots=True)
class Summary:
    """Totals, and when they are due to be told.

    Args:
        began_s: monotonic time at which counting begins [s].
    """

    began_s: float
    totals: Totals = field(default_factory=Totals)

    def due(self, now_s: float) -> dict[str, int | float] | None:
        """Return the line's fields once a minute, and begin anew; None in between."""
        if now_s - self.began_s < EVERY_S:
            return None
        totals, over_s = self.totals, now_s - self.began_s
        self.began_s, self.totals = now_s, Totals()
        return {
            "batches": totals.batches,
            "messages": totals.messages,
            "readings": totals.readings,
            "duplicates": totals.duplicates,
            "dead_letters": totals.dead_letters,
            "slowest_ms": round(1000 * totals.slowest_s),
            "over_s": round(over_s),
        }
