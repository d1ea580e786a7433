"""A store in memory with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from devices.registry import Registry
from rules.core.alarm_book import AlarmBook, AlarmRow, LogRow, MemberRow, OpenAlarm
from rules.core.effects import (
    AlarmEffect,
    CloseWork,
    Decision,
    Effect,
    Event,
    LateReadings,
    OpenWork,
    RaiseAlarm,
    SubjectState,
)
from rules.core.memory import Row, from_rows, outdated
from rules.core.readings import ReadingBatch
from rules.core.stitch import stitch
from rules.core.treatment_log import PassLine
from rules.memory_late import MemoryLate
from rules.memory_work import MemoryWork
from rules.ports import Change, CursorMovedError, Fetched, Resumed


@dataclass(slots=True)
class StoredAlarm:
    """An alarm as the tables hold it: how it was raised, how it stands, and who was ever in it."""

    alarm_id: int
    raised: RaiseAlarm
    severity: str
    title: str
    reason: str
    inputs: dict[str, object]
    flapping: bool = False
    cleared_at_s: float | None = None
    members: list[MemberRow] = field(default_factory=list)

    def open(self) -> OpenAlarm:
        """Return it as one that is up."""
        r = self.raised
        members = {(m.kind, m.subject): m.joined_at_s for m in self.members if m.left_at_s is None}
        return OpenAlarm(
            self.alarm_id, r.rule_id, r.subject_kind, r.subject, self.severity, r.at_s, self.flapping, members
        )


@dataclass
class MemoryRuleStore:
    """:class:`rules.ports.RuleStore` in memory. Batches are added with :meth:`add_batch`."""

    installed: Registry
    batches: list[tuple[float, ReadingBatch]] = field(default_factory=list)
    cursor: int = 0
    seen_s: float | None = None
    settled_s: float | None = None
    waiting_from: int | None = None
    settle_from: int | None = None
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    states: dict[tuple[str, str], SubjectState] = field(default_factory=dict)
    alarms: list[StoredAlarm] = field(default_factory=list)
    log: list[LogRow] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    notified: list[list[str]] = field(default_factory=list)
    work: MemoryWork = field(default_factory=MemoryWork)
    late: MemoryLate = field(default_factory=MemoryLate)
    passes: list[PassLine] = field(default_factory=list)

    def add_batch(self, received_s: float, readings: ReadingBatch) -> None:
        """Append a batch as an ingester would."""
        self.batches.append((received_s, readings))

    async def registry(self) -> Registry:
        """Return what is installed."""
        return self.installed

    async def resume(self) -> Resumed:
        """Return where the service stands."""
        rows = list(self.rows.values())
        state = from_rows(rows, self.seen_s, self.settled_s)
        since = [] if self.waiting_from is None else self.batches[self.waiting_from : self.cursor]
        readings = stitch([readings for _, readings in since])
        return Resumed(state, self.cursor, self._open(), outdated(rows), self.waiting_from, readings)

    def want_settled(self) -> None:
        """Say that nothing more will come after the batches there are."""
        self.settle_from = len(self.batches)

    async def pending(self, cursor: int) -> bool:
        """Whether there are batches after ``cursor``."""
        return len(self.batches) > cursor

    async def settle_wanted(self, cursor: int) -> bool:
        """Whether it was asked not to wait, up to ``cursor``."""
        return self.settle_from is not None and self.settle_from <= cursor

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        """Return the next batches after ``cursor``."""
        taken = self.batches[cursor : cursor + limit]
        if not taken:
            return None
        readings = stitch([readings for _, readings in taken])
        return Fetched(cursor + len(taken), len(taken), max(at for at, _ in taken), readings)

    async def commit(self, change: Change) -> None:
        """Take everything of a step, or nothing."""
        if (change.from_cursor, change.from_settled_s) != (self.cursor, self.settled_s):
            raise CursorMovedError(f"cursor is at {self.cursor}, not at {change.from_cursor}")
        self.cursor, self.waiting_from = change.to_cursor, change.waiting_from
        self.seen_s, self.settled_s = change.seen_s, change.settled_s
        if change.everything and self.settle_from is not None and self.settle_from <= self.cursor:
            self.settle_from = None
        self.rows = {key: row for key, row in self.rows.items() if key not in change.gone}
        for section, subject in change.gone:
            self.states.pop(("device" if section == "seen" else section, subject), None)
        self.rows.update({(r.section, r.subject): r for r in change.rows})
        for effect in change.effects:
            self._apply(effect)
        self._write([e for e in change.effects if isinstance(e, AlarmEffect)])
        self.passes += change.passes
        self.late.take(change)
        if change.effects:
            told = [e for e in change.effects if not isinstance(e, LateReadings)]
            self.notified.append(sorted({e.subject_kind for e in told}))

    def _apply(self, effect: Effect) -> None:
        if isinstance(effect, SubjectState):
            self.states[effect.subject_kind, effect.subject] = effect
        elif isinstance(effect, Decision):
            self.decisions.append(effect)
        elif isinstance(effect, Event):
            self.events.append(effect)
        elif isinstance(effect, OpenWork | CloseWork):
            self.work.apply(effect)

    def _open(self) -> tuple[OpenAlarm, ...]:
        return tuple(a.open() for a in self.alarms if a.cleared_at_s is None)

    def _write(self, effects: list[AlarmEffect]) -> None:
        book = AlarmBook(self._open(), count(len(self.alarms) + 1))
        for effect in effects:
            book.play(effect)
        for row in book.alarms:
            self._put(row)
        for member in book.members:
            self._put_member(member)
        self.log += book.log

    def _put(self, row: AlarmRow) -> None:
        if row.raised is not None:
            raised = row.raised
            self.alarms.append(
                StoredAlarm(row.alarm_id, raised, raised.severity, raised.title, raised.reason, {})
            )
        stored = self.alarms[row.alarm_id - 1]
        stored.severity = row.severity or stored.severity
        stored.title = row.title or stored.title
        stored.reason = row.reason or stored.reason
        stored.inputs |= row.inputs
        stored.flapping = stored.flapping if row.flapping is None else row.flapping
        stored.cleared_at_s = row.cleared_at_s

    def _put_member(self, row: MemberRow) -> None:
        stored = self.alarms[row.alarm_id - 1]
        known = next(
            (
                m
                for m in stored.members
                if (m.kind, m.subject) == (row.kind, row.subject) and m.left_at_s is None
            ),
            None,
        )
        if row.is_new or known is None:
            stored.members.append(row)
            return
        known.severity = row.severity or known.severity
        known.reason = row.reason or known.reason
        known.inputs = known.inputs if row.inputs is None else row.inputs
        known.left_at_s = row.left_at_s
