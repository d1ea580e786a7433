"""A store in memory with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field

from devices.registry import Registry
from rules.core.effects import (
    ClearAlarm,
    CloseWork,
    Decision,
    Effect,
    Event,
    OpenWork,
    RaiseAlarm,
    SubjectState,
)
from rules.core.memory import Row, from_rows
from rules.core.readings import ReadingBatch
from rules.core.stitch import stitch
from rules.memory_work import MemoryWork
from rules.ports import Change, CursorMovedError, Fetched, Resumed


@dataclass(slots=True)
class StoredAlarm:
    """An alarm as the table holds it."""

    raised: RaiseAlarm
    cleared_at_s: float | None = None


@dataclass
class MemoryRuleStore:
    """:class:`rules.ports.RuleStore` in memory. Batches are added with :meth:`add_batch`."""

    installed: Registry
    batches: list[tuple[float, ReadingBatch]] = field(default_factory=list)
    cursor: int = 0
    watermark_s: float | None = None
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    states: dict[tuple[str, str], SubjectState] = field(default_factory=dict)
    alarms: list[StoredAlarm] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notified: list[list[str]] = field(default_factory=list)
    work: MemoryWork = field(default_factory=MemoryWork)

    def add_batch(self, received_s: float, readings: ReadingBatch) -> None:
        """Append a batch as an ingester would."""
        self.batches.append((received_s, readings))

    async def registry(self) -> Registry:
        """Return what is installed."""
        return self.installed

    async def resume(self) -> Resumed:
        """Return where the service stands."""
        return Resumed(from_rows(self.watermark_s, self.rows.values()), self.cursor)

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        """Return the next batches after ``cursor``."""
        taken = self.batches[cursor : cursor + limit]
        if not taken:
            return None
        readings = stitch([readings for _, readings in taken])
        return Fetched(cursor + len(taken), len(taken), max(at for at, _ in taken), readings)

    async def commit(self, change: Change) -> None:
        """Take everything of a step, or nothing."""
        if change.from_cursor != self.cursor:
            raise CursorMovedError(f"cursor is at {self.cursor}, not at {change.from_cursor}")
        self.cursor, self.watermark_s = change.to_cursor, change.watermark_s
        self.rows.update({(r.section, r.subject): r for r in change.rows})
        for effect in change.effects:
            self._apply(effect)
        if change.effects:
            self.notified.append(sorted({e.subject_kind for e in change.effects}))

    def _apply(self, effect: Effect) -> None:
        if isinstance(effect, SubjectState):
            self.states[effect.subject_kind, effect.subject] = effect
        elif isinstance(effect, Decision):
            self.decisions.append(effect)
        elif isinstance(effect, Event):
            self.events.append(effect)
        elif isinstance(effect, RaiseAlarm | ClearAlarm):
            self._alarm(effect)
        elif isinstance(effect, OpenWork | CloseWork):
            self.work.apply(effect)

    def _alarm(self, effect: RaiseAlarm | ClearAlarm) -> None:
        active = next(iter(self._active(effect)), None)
        if isinstance(effect, ClearAlarm):
            if active is not None:
                active.cleared_at_s = max(active.raised.at_s, effect.at_s)
        elif active is None:
            self.alarms.append(StoredAlarm(dataclasses.replace(effect)))

    def _active(self, effect: RaiseAlarm | ClearAlarm) -> Iterable[StoredAlarm]:
        key = (effect.rule_id, effect.subject_kind, effect.subject)
        return (
            a
            for a in self.alarms
            if a.cleared_at_s is None and (a.raised.rule_id, a.raised.subject_kind, a.raised.subject) == key
        )
