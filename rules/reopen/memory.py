"""Windows, readings and what was decided, of a store in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.core.alarm_book import LogRow
from rules.core.effects import Decision
from rules.core.readings import ReadingBatch
from rules.core.reopen import LateWindow
from rules.core.replayed import AlarmSpan, DecisionMade, Replayed, made
from rules.core.stitch import stitch
from rules.core.would_differ import Mark
from rules.memory_store import MemoryRuleStore, StoredAlarm
from rules.reopen.ports import Asked, Due, Judged, Kept, Past
from rules.replay.memory import MemoryReadings

STANDS_S = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class StoreReadings:
    """:class:`rules.replay.ports.ReadingSource` of the batches of a store in memory."""

    store: MemoryRuleStore

    def spans(self, from_s: float, to_s: float) -> Iterator[ReadingBatch]:
        """Yield the readings in order of time."""
        yield from MemoryReadings(stitch([b for _, b in self.store.batches])).spans(from_s, to_s)


@dataclass(frozen=True)
class MemoryLateWindows:
    """:class:`rules.reopen.ports.LateWindows` on a store in memory."""

    store: MemoryRuleStore

    async def due(self, rested_s: float) -> Due:
        """Return the open windows to which nothing was added for ``rested_s``."""
        late = self.store.late
        before_s = late.clock.now().timestamp() - rested_s
        rested = [w for w in late.windows if w.state == "open" and w.last_arrived_s <= before_s]
        found = tuple(LateWindow(w.window_id, w.span, w.looked) for w in rested)
        return Due(self.store.settled_s, found)

    async def checkpoint(self, before_s: float) -> Kept | None:
        """Return the newest checkpoint before a time."""
        kept = self.store.late.checkpoints
        newest = max((at for at in kept if at < before_s), default=None)
        return None if newest is None else Kept(newest, kept[newest])

    async def past(self, asked: Asked) -> Past:
        """Return what the tables hold of a time; one catalogue decides for ever."""
        decided = [d for d in self.store.decisions if asked.from_s <= d.at_s <= asked.to_s]
        before = [d for d in self.store.decisions if asked.from_s - STANDS_S <= d.at_s < asked.from_s]
        latest = {(d.rule_id, d.subject_kind, d.subject): d for d in sorted(before, key=lambda d: d.at_s)}
        stored = Replayed(
            from_s=asked.from_s,
            to_s=asked.to_s,
            alarms=self._alarms(asked.from_s, asked.to_s),
            decisions=_made(decided, asked.widths_m),
        )
        up = self._alarms(asked.begin_s, asked.begin_s)
        return Past(up, _made(latest.values(), asked.widths_m), stored)

    async def close(self, judged: Judged) -> int:
        """Write marks and verdicts."""
        windows = {v.window.window_id for v in judged.verdicts}
        changed = [m for m in judged.marks if self._mark(m, windows)]
        for mark in sorted((m for m in changed if m.key[0] == "alarm"), key=self._alarm_id):
            assert mark.would_differ is not None
            detail = {"text": mark.would_differ["text"]}
            self.store.log.append(LogRow(self._alarm_id(mark), judged.at_s, "would_differ", detail))
        for verdict in judged.verdicts:
            window = self.store.late.windows[verdict.window.window_id - 1]
            if window.span.readings == verdict.window.span.readings and window.state == "open":
                window.state, window.looked, window.result = verdict.state, True, verdict.result
        return len(changed)

    def _mark(self, mark: Mark, windows: set[int]) -> bool:
        """Put or take away a mark; return whether it is a new or another one."""
        marks = self.store.late.marks
        before = marks.get(mark.key)
        if mark.would_differ is None:
            if before is not None and windows >= set(before["windows"]):
                del marks[mark.key]
            return False
        if before is not None and before["text"] == mark.would_differ["text"]:
            return False
        marks[mark.key] = mark.would_differ
        return True

    def _alarm_id(self, mark: Mark) -> int:
        return next(a.alarm_id for a in self.store.alarms if _key(a) == mark.key)

    def _alarms(self, from_s: float, at_s: float) -> tuple[AlarmSpan, ...]:
        return tuple(
            self._as_of(a, at_s)
            for a in self.store.alarms
            if a.raised.at_s <= at_s and (a.cleared_at_s is None or a.cleared_at_s > from_s)
        )

    def _as_of(self, a: StoredAlarm, at_s: float) -> AlarmSpan:
        later = [
            e.detail["before"]
            for e in self.store.log
            if e.alarm_id == a.alarm_id and e.what == "severity" and e.at_s > at_s
        ]
        is_over = a.cleared_at_s is not None and a.cleared_at_s <= at_s
        return AlarmSpan(
            rule_id=a.raised.rule_id,
            subject_kind=a.raised.subject_kind,
            subject=a.raised.subject,
            severity=later[0] if later else a.severity,
            raised_s=a.raised.at_s,
            cleared_s=a.cleared_at_s if is_over else None,
            title=a.title,
            reason=a.reason,
            members=tuple(sorted({m.subject for m in a.members if m.joined_at_s <= at_s})),
        )


def _key(a: StoredAlarm) -> tuple[str, str, str, str, float]:
    return ("alarm", a.raised.rule_id, a.raised.subject_kind, a.raised.subject, a.raised.at_s)


def _made(decisions: Iterable[Decision], widths_m: Mapping[str, float]) -> tuple[DecisionMade, ...]:
    return tuple(
        made(d.rule_id, d.subject_kind, d.subject, d.at_s, d.outcome, d.reason, d.result, widths_m)
        for d in decisions
    )
