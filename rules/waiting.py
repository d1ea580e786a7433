"""From where readings must be fetched again after a restart: those that wait are not stored twice."""

from __future__ import annotations

from collections import deque

from rules.core.memory import EngineState
from rules.core.patience import Waiting
from rules.core.readings import ReadingBatch


class WaitingSpans:
    """The steps whose readings may still wait, oldest first.

    Args:
        since: a cursor; the readings that wait now are of batches after it. None: none waits.
        waiting: those readings.
    """

    def __init__(self, since: int | None, waiting: Waiting) -> None:
        self._spans: deque[tuple[int, float]] = deque()
        if since is not None and waiting.cells:
            parts = [part for parts in waiting.cells.values() for part in parts]
            self._note(since, max(_latest_s(part) for part in parts))

    def note(self, cursor: int, readings: ReadingBatch) -> None:
        """Note readings that came after ``cursor``."""
        self._note(cursor, _latest_s(readings))

    def _note(self, cursor: int, latest_s: float) -> None:
        self._spans.append((cursor, latest_s))

    def since(self, waiting: Waiting) -> int | None:
        """Return the latest cursor such that all that wait are of batches after it; None where none waits."""
        first_s = waiting.first_s
        while self._spans and (first_s is None or self._spans[0][1] < first_s):
            self._spans.popleft()
        return self._spans[0][0] if self._spans else None


def is_anything_due(state: EngineState) -> bool:
    """Whether readings wait although the clock has reached them."""
    first_s = state.waiting.first_s
    return first_s is not None and state.seen_s is not None and first_s <= state.seen_s


def _latest_s(readings: ReadingBatch) -> float:
    return max((float(r.ts_s.max()) for r in readings.values() if len(r)), default=float("-inf"))
