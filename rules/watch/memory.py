"""The watch in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise

from rules.core.alarm_book import AlarmBook, AlarmRow, LogRow, OpenAlarm
from rules.core.notify.model import Shift
from rules.core.watch.cases import HOUR_S
from rules.core.watch.model import ChannelSeen, Memory, QuarantinedSeen, Seen, Watched
from rules.watch.ports import Judge


@dataclass(slots=True)
class Attempt:
    """An attempt on a channel."""

    channel: str
    at_s: float
    verdict: str


@dataclass
class MemoryWatch:
    """:class:`rules.watch.ports.WatchStore` in memory.

    Attributes:
        batches: when each was received [s since 1970] and how many readings it had, in order.
        judged: how many of them the rules have seen.
        devices: kind and interval [s] of those that reported.
        due: of each message that is not out: its channel, and when it may be sent [s since 1970].
        quarantined: devices that are kept out.
    """

    batches: list[tuple[float, int]] = field(default_factory=list)
    judged: int = 0
    devices: list[tuple[str, float]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    due: list[tuple[str, float]] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    shifts: list[Shift] = field(default_factory=list)
    quarantined: list[QuarantinedSeen] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    alarms: dict[int, AlarmRow] = field(default_factory=dict)
    log: list[LogRow] = field(default_factory=list)

    async def look(self, watched: Watched, now_s: float, judge: Judge) -> bool:
        """Look, judge and write; see :class:`rules.watch.ports.WatchStore`."""
        opened = self._open()
        judged = judge(self._seen(watched, now_s), self.memory, opened)
        book = AlarmBook(opened, count(len(self.alarms) + 1))
        for effect in judged.effects:
            book.play(effect)
        for row in book.alarms:
            self._put(row)
        self.log += book.log
        self.memory = judged.memory
        return True

    def _put(self, row: AlarmRow) -> None:
        kept = self.alarms.setdefault(row.alarm_id, row)
        kept.severity = row.severity or kept.severity
        kept.reason = row.reason or kept.reason
        kept.cleared_at_s = row.cleared_at_s

    def _open(self) -> list[OpenAlarm]:
        return [
            OpenAlarm(n, r.raised.rule_id, r.raised.subject_kind, r.raised.subject, str(r.severity), r.raised_at_s)
            for n, r in self.alarms.items()
            if r.cleared_at_s is None and r.raised is not None
        ]  # fmt: skip

    def _seen(self, watched: Watched, now_s: float) -> Seen:
        p = watched.rules
        counted = [s for kind, s in self.devices if kind not in p.no_readings.parameters.left_out]
        until_s = now_s + p.rota_empty.parameters.ahead_h * HOUR_S
        return Seen(
            now_s=now_s,
            received_s=max((at for at, n in self.batches if n > 0), default=None),
            devices=len(counted),
            cadence_s=min(counted, default=None),
            gap_s=self._gap(),
            waiting_since_s=next((at for at, _ in self.batches[self.judged :]), None),
            channels=tuple(self._channels(now_s, p.channel_failing.parameters.within_s)),
            people=len(self.people),
            next_s={
                s.role: max(now_s, s.from_s)
                for s in sorted(self.shifts, key=lambda s: -s.from_s)
                if s.person in self.people and s.to_s > now_s and s.from_s < until_s
            },
            quarantined=tuple(sorted(self.quarantined, key=lambda q: q.device)),
        )

    def _gap(self) -> tuple[float, float] | None:
        last = [at for at, n in self.batches[: self.judged] if n > 0][-1:]
        times = last + [at for at, n in self.batches[self.judged :] if n > 0]
        return max(pairwise(times), key=lambda pair: pair[1] - pair[0], default=None) if last else None

    def _channels(self, now_s: float, within_s: float) -> Iterator[ChannelSeen]:
        tried = [a for a in self.attempts if a.at_s > now_s - within_s]
        due = [(channel, at) for channel, at in self.due if at <= now_s]
        for name in sorted({a.channel for a in tried} | {channel for channel, _ in due}):
            mine = [a for a in tried if a.channel == name]
            good_s = max((a.at_s for a in mine if a.verdict in ("sent", "delivered")), default=float("-inf"))
            failures = sum(a.verdict in ("retry", "unknown") and a.at_s > good_s for a in mine)
            waits = min((at for channel, at in due if channel == name), default=None)
            yield ChannelSeen(name, failures, None if waits is None else now_s - waits)
