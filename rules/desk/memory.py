"""The alarm desk in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from rules.core.desk.commands import DeskRefusedError, obey
from rules.core.desk.holding import HOLDING
from rules.core.desk.model import Command, DeskAlarm, Entry, Timer, Turn
from rules.core.desk.standing import applied
from rules.core.desk.timers import net_timers
from rules.core.notify.model import Notification
from rules.core.notify.route import worst_heard
from rules.desk.ports import DeskAct, Escalations, NoSuchAlarmError, Outcome, Unplanned


@dataclass
class _Tables:
    """What the database would hold; ``log`` by log_id - 1."""

    alarms: dict[int, DeskAlarm] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    planned: set[int] = field(default_factory=set)
    timers: dict[tuple[int, str], Timer] = field(default_factory=dict)
    outbox: dict[str, Notification] = field(default_factory=dict)

    def copied(self) -> _Tables:
        return _Tables(*(copy.copy(part) for part in vars(self).values()))

    def append(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            log_id = len(self.log) + 1
            self.log.append(replace(entry, log_id=log_id))
            if entry.actor in ("desk", "channel"):
                self.planned.add(log_id)


class MemoryDesk:
    """:class:`rules.desk.ports.AlarmDesk` and :class:`rules.desk.ports.DeskStore` in memory."""

    def __init__(self, escalations: Escalations) -> None:
        self._escalations = escalations
        self._lock = asyncio.Lock()
        self.tables = _Tables()

    def raised(self, alarm: DeskAlarm) -> None:
        """Add an alarm as the engine does."""
        detail = {"severity": alarm.severity, "reason": alarm.reason}
        self.tables.alarms[alarm.alarm_id] = alarm
        entry = Entry(
            alarm_id=alarm.alarm_id, at_s=alarm.raised_s, actor="engine", what="raised", detail=detail
        )
        self.tables.append([entry])

    def happened(self, entry: Entry) -> None:
        """Change an alarm and log it as the engine does."""
        self.tables.alarms[entry.alarm_id] = applied(self.tables.alarms[entry.alarm_id], entry)
        self.tables.append([entry])

    async def command(self, alarm_id: int, command: Command, now_s: float) -> DeskAlarm:
        """Do what is asked; see :class:`rules.desk.ports.AlarmDesk`."""
        escalation_of = await self._escalations()
        async with self._lock:
            alarm = self.tables.alarms.get(alarm_id)
            if alarm is None:
                raise NoSuchAlarmError(f"There is no alarm {alarm_id}.")
            asked = (alarm_id, command.request_id)
            if command.request_id is not None and asked in {
                (e.alarm_id, e.request_id) for e in self.tables.log
            }:
                return alarm
            turn = obey(alarm, command, now_s, escalation_of(alarm.rule_id))
            await _MemoryWork(self.tables).write([turn], (), (), ())
            return turn.alarm

    async def bulk(self, alarm_ids: Sequence[int], command: Command, now_s: float) -> list[Outcome]:
        """Do the same for several alarms, each by itself."""
        outcomes = []
        for alarm_id in dict.fromkeys(alarm_ids):
            try:
                outcomes.append(Outcome(alarm_id, await self.command(alarm_id, command, now_s)))
            except (DeskRefusedError, NoSuchAlarmError) as error:
                outcomes.append(Outcome(alarm_id, None, str(error)))
        return outcomes

    async def timeline(self, alarm_id: int) -> list[Entry]:
        """Return an alarm's log, oldest first."""
        return [entry for entry in self.tables.log if entry.alarm_id == alarm_id]

    async def entries(self, log_ids: Sequence[int]) -> list[Entry]:
        """Return lines of the log by number, in order."""
        return [entry for entry in self.tables.log if entry.log_id in log_ids]

    async def work(self, act: DeskAct) -> bool:
        """Run ``act`` on a copy, which counts when it ends without an exception."""
        async with self._lock:
            tables = self.tables.copied()
            done = await act(_MemoryWork(tables))
            self.tables = tables
            return done

    async def next_due_s(self) -> float | None:
        """Return when the next timer is due [s since 1970]; None where there is none."""
        return min((timer.due_s for timer in self.tables.timers.values()), default=None)


class _MemoryWork:
    """:class:`rules.desk.ports.DeskWork` on tables in memory."""

    def __init__(self, tables: _Tables) -> None:
        self._tables = tables

    async def unplanned(self, limit: int) -> list[Unplanned]:
        """Return alarms with entries to follow up."""
        found: dict[int, list[Entry]] = {}
        for entry in self._tables.log:
            if entry.log_id not in self._tables.planned:
                found.setdefault(entry.alarm_id, []).append(entry)
        first = list(found.items())[:limit]
        return [
            Unplanned(self._tables.alarms[alarm_id], tuple(entries), self._heard(alarm_id))
            for alarm_id, entries in first
        ]

    def _heard(self, alarm_id: int) -> dict[str, str]:
        said = (n for n in self._tables.outbox.values() if n.alarm_id == alarm_id and n.kind != "cleared")
        return worst_heard((n.recipient, n.severity) for n in said)

    async def due(self, now_s: float, limit: int) -> list[tuple[DeskAlarm, Timer]]:
        """Return what is due, the earliest first."""
        due = sorted((t for t in self._tables.timers.values() if t.due_s <= now_s), key=_due)
        first = set(list(dict.fromkeys(t.alarm_id for t in due))[:limit])
        return [(self._tables.alarms[t.alarm_id], t) for t in due if t.alarm_id in first]

    async def holding(self) -> frozenset[str]:
        """Return the rules that hold others back."""
        up = {a.rule_id for a in self._tables.alarms.values() if a.active and not a.closed}
        return frozenset(up.intersection(HOLDING))

    async def write(
        self,
        turns: Sequence[Turn],
        planned: Sequence[int],
        fired: Sequence[Timer],
        told: Sequence[Notification],
    ) -> None:
        """Write what was planned; see :class:`rules.desk.ports.DeskWork`."""
        tables = self._tables
        dropped, kept = net_timers(turns, fired)
        for turn in turns:
            tables.alarms[turn.alarm.alarm_id] = turn.alarm
            tables.append(turn.entries)
        for key in dropped:
            tables.timers.pop(key, None)
        tables.timers.update(kept)
        tables.planned.update(planned)
        for notification in told:
            tables.outbox.setdefault(notification.key, notification)


def _due(timer: Timer) -> tuple[float, int, str]:
    return timer.due_s, timer.alarm_id, timer.name
