"""What came late, and the memory from time to time, as the database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cityops.clock import Clock, SystemClock
from rules.core.checkpoint import KEPT_S
from rules.core.effects import Json
from rules.core.late import LateSpan, late_spans
from rules.core.would_differ import Key
from rules.ports import Change


@dataclass(slots=True)
class StoredWindow:
    """A window as the table holds it."""

    window_id: int
    span: LateSpan
    last_arrived_s: float
    state: str = "open"
    looked: bool = False
    result: Mapping[str, Any] | None = None


@dataclass
class MemoryLate:
    """Windows, oldest first; checkpoints by event time; marks of decisions and alarms."""

    clock: Clock = field(default_factory=SystemClock)
    windows: list[StoredWindow] = field(default_factory=list)
    checkpoints: dict[float, bytes] = field(default_factory=dict)
    marks: dict[Key, Json] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Take what a step says of late readings, and its checkpoint."""
        for span in late_spans(change.effects):
            self._put(span)
        if change.checkpoint is not None and change.settled_s is not None:
            self.checkpoints.setdefault(change.settled_s, change.checkpoint)
            kept_s = change.settled_s - KEPT_S
            self.checkpoints = {at: c for at, c in self.checkpoints.items() if at >= kept_s}

    def _put(self, span: LateSpan) -> None:
        now_s = self.clock.now().timestamp()
        for window in self.windows:
            if window.state == "open" and (window.span.scope_kind, window.span.scope) == (
                span.scope_kind,
                span.scope,
            ):
                window.span, window.last_arrived_s, window.looked = window.span.joined(span), now_s, False
                return
        self.windows.append(StoredWindow(len(self.windows) + 1, span, now_s))
