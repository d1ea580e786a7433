"""Segments' states and alarms in columns, in the order of the graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rules.core.context import Context
from rules.core.memory import SegmentMemory
from rules.core.road_state import HAZARDS

Bools = NDArray[np.bool_]
NEW = SegmentMemory()


class SegmentColumns:
    """Section ``segment`` in columns.

    Attributes:
        of: the memory of each segment, ``NEW`` where there is none.
        states: the state of each.
        is_hazard: whether that is slippery.
        snow_s: since when snow lies there [s since 1970], NaN where none does or it is not known.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, SegmentMemory]) -> None:
        self._index = ctx.graph.segment_index
        self._ids = list(self._index)
        n = len(self._ids)
        self.of: list[SegmentMemory] = [NEW] * n
        self.states: list[str] = [NEW.state] * n
        self.is_hazard, self._is_busy = np.zeros(n, dtype=bool), np.ones(n, dtype=bool)
        self.snow_s = np.full(n, np.nan)
        self._touched: set[int] = set()
        for segment_id, value in memory.items():
            self.reload(segment_id, value)

    def to_look_at(self, states: Sequence[str], has_own: Bools, alarming: Collection[str]) -> list[int]:
        """Return the segments whose memory may change with new states.

        Those whose state is another one, which are new, of which an alarm is up or rising, and which a
        sensor of their own says are ``alarming``: only that may raise an alarm.
        """
        busy, own = self._is_busy.tolist(), has_own.tolist()
        return [
            i
            for i, (now, before) in enumerate(zip(states, self.states, strict=True))
            if busy[i] or now != before or (own[i] and now in alarming)
        ]

    def put(self, i: int, value: SegmentMemory) -> None:
        """Change a segment's memory. One of which nothing is known yet stays new: a restart must not make it known."""
        if value is not self.of[i]:
            self._put(i, value)
            self._touched.add(i)

    def _put(self, i: int, value: SegmentMemory) -> None:
        self.of[i], self.states[i], self.is_hazard[i] = value, value.state, value.state in HAZARDS
        self.snow_s[i] = np.nan if value.snow_s is None else value.snow_s
        conditions = (value.hoar, value.ice)
        self._is_busy[i] = value is NEW or any(c.lives or c.is_on for c in conditions)

    def reload(self, subject: str, value: SegmentMemory) -> None:
        """Take one segment's memory as it is now."""
        i = self._index.get(subject)
        if i is not None:
            self._put(i, value)

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return len(self._touched) > 0

    def flush(self, memory: dict[str, SegmentMemory]) -> None:
        """Put what has changed into ``memory``."""
        for i in sorted(self._touched):
            memory[self._ids[i]] = self.of[i]
        self._touched.clear()
