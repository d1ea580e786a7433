"""The desk: follows up what the engine and people wrote into alarms' logs, and rings timers.

It reads, plans and writes in one transaction, so that killed at any moment it has done a
line or a timer completely or not at all; what it tells carries keys, so that telling twice
is telling once. It never decides a condition: that is the engine's.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog
from msgspec.structs import replace

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from rules.core.alarm_spec import Escalation
from rules.core.desk.holding import held_by
from rules.core.desk.model import DeskAlarm, Entry, Notice, Timer, Turn
from rules.core.desk.plan import follow, ring
from rules.core.notify.model import Notification
from rules.core.notify.route import worst_heard
from rules.desk.metrics import DeskMetrics
from rules.desk.ports import DeskStore, DeskWork, EscalationOf, Escalations, FanOut
from rules.pause import pause
from rules.ports import Waker

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=0.2, cap_s=15.0)
ALARMS_AT_ONCE = 200
"""Alarms in one transaction: a storm must not make the engine wait for its locks."""

TownNow = Callable[[], Awaitable[float]]
Prepare = Callable[[float], Awaitable[FanOut]]
"""Reads whom there is to tell at a time of the town, outside the desk's transaction."""


def tell_nobody(notice: Notice, alarm: DeskAlarm, escalation: Escalation, now_s: float) -> list[Notification]:
    """Return no message: for installations without people to tell."""
    return []


async def nobody(now_s: float) -> FanOut:
    """Return :func:`tell_nobody`."""
    return tell_nobody


class DeskService:
    """Follows logs and rings timers until asked to stop.

    Args:
        store: where the desk's work is kept.
        waker: hint that something new is in a log; polling is the truth.
        clock: for waiting and health.
        town_now: returns the time it is in the town [s since 1970]; timers are set in it.
        escalations: reads which escalation each rule has, before each turn.
        prepare: reads whom there is to tell, before each turn.
        poll_s: seconds between looks without a hint.
        metrics: counters to use.
    """

    def __init__(
        self,
        store: DeskStore,
        waker: Waker,
        clock: Clock,
        town_now: TownNow,
        escalations: Escalations,
        *,
        prepare: Prepare = nobody,
        poll_s: float = 1.0,
        metrics: DeskMetrics | None = None,
    ) -> None:
        self._store, self._waker, self._clock = store, waker, clock
        self._town_now, self._escalations, self._prepare = town_now, escalations, prepare
        self._poll_s = poll_s
        self.metrics = DeskMetrics() if metrics is None else metrics
        self._turned_at_s: float | None = None

    def ready(self) -> dict[str, bool]:
        """Whether the desk has looked for work lately."""
        now = self._clock.monotonic()
        looked = self._turned_at_s is not None and now - self._turned_at_s < 30.0 + 2 * self._poll_s
        return {"desk": looked}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; the turn under way is finished first."""
        failures, rng = 0, random.Random()
        while not stop.is_set():
            try:
                took = await self.turn()
                failures = 0
            except TransientError as error:
                delay_s = RETRY.delay(failures, rng)
                failures += 1
                self.metrics.retries.inc()
                log.warning("desk: trying again", error=str(error), retry_s=delay_s)
                await sleep_until_stop(stop, delay_s)
                continue
            await pause(stop, self._waker, self._poll_s, took=took)

    async def turn(self) -> bool:
        """Follow up what is new and ring what is due; return whether there was anything.

        Raises:
            TransientError: nothing is lost; try again.
        """
        now_s, blank = await self._begun()
        try:
            followed = await self._store.work(partial(self._follow, blank, now_s))
        except _AheadError:
            now_s, blank = await self._begun()
            followed = await self._store.work(partial(self._follow, blank, math.inf))
        rang = await self._store.work(partial(self._ring, now_s, blank))
        self._turned_at_s = self._clock.monotonic()
        return followed or rang

    async def _begun(self) -> tuple[float, Callable[[], _Sheet]]:
        """Return the town's time, and what makes sheets of a turn that begins at it."""
        now_s = await self._town_now()
        return now_s, partial(_Sheet, await self._escalations(), await self._prepare(now_s), now_s)

    async def _follow(self, blank: Callable[[], _Sheet], latest_s: float, work: DeskWork) -> bool:
        """Follow up what is new; ``latest_s``: no line may be of later, or the turn's time is one from before it."""
        sheet = blank()
        planned: list[int] = []
        waiting = await work.unplanned(ALARMS_AT_ONCE)
        if any(entry.at_s > latest_s for found in waiting for entry in found.entries):
            raise _AheadError
        if waiting:
            sheet.up = await work.holding()
        for found in waiting:
            for entry in found.entries:
                assert entry.log_id is not None
                planned.append(entry.log_id)
                sheet.add(found.alarm, partial(_followed, entry), found.heard)
        if planned:
            await work.write(sheet.turns, planned, (), sheet.told)
            self.metrics.followed.inc(len(planned))
            self._count(sheet)
        return bool(planned)

    async def _ring(self, now_s: float, blank: Callable[[], _Sheet], work: DeskWork) -> bool:
        sheet = blank()
        fired: list[Timer] = []
        due = await work.due(now_s, ALARMS_AT_ONCE)
        if due:
            sheet.up = await work.holding()
        for alarm, timer in due:
            fired.append(timer)
            sheet.add(alarm, partial(_rung, timer))
            self.metrics.fired.labels(timer.name).inc()
        if fired:
            await work.write(sheet.turns, (), fired, sheet.told)
            self._count(sheet)
        return bool(fired)

    def _count(self, sheet: _Sheet) -> None:
        for turn in sheet.turns:
            for notice in turn.notices:
                self.metrics.notices.labels(notice.kind).inc()
        self.metrics.messages.inc(len(sheet.told))
        self.metrics.failed.inc(sheet.failed)


class _AheadError(Exception):
    """The engine wrote a line, and moved the town's time, after the time was read: an escalation would begin before its alarm."""


Step = Callable[[DeskAlarm, float, Escalation, str | None], Turn]


def _followed(
    entry: Entry, alarm: DeskAlarm, now_s: float, escalation: Escalation, held_by: str | None
) -> Turn:
    return follow(alarm, entry, now_s, escalation, held_by)


def _rung(timer: Timer, alarm: DeskAlarm, now_s: float, escalation: Escalation, held_by: str | None) -> Turn:
    return ring(alarm, timer, now_s, escalation, held_by)


class _Sheet:
    """The turns of one transaction: each alarm's next one begins where its last one ended.

    ``up``: rules with an alarm that holds others back.
    """

    def __init__(self, escalation_of: EscalationOf, fan_out: FanOut, now_s: float) -> None:
        self._escalation_of, self._fan_out, self._now_s = escalation_of, fan_out, now_s
        self._latest: dict[int, DeskAlarm] = {}
        self._keys: set[str] = set()
        self.turns: list[Turn] = []
        self.told: list[Notification] = []
        self.failed = 0
        self.up: frozenset[str] = frozenset()

    def add(self, alarm: DeskAlarm, step: Step, heard: Mapping[str, str] | None = None) -> None:
        alarm = self._latest.get(alarm.alarm_id, alarm)
        escalation = self._escalation_of(alarm.rule_id)
        now = ((n.recipient, n.severity) for n in self.told if n.alarm_id == alarm.alarm_id)
        alarm = replace(alarm, heard=worst_heard((*(heard or {}).items(), *now)))
        try:
            turn = step(alarm, self._now_s, escalation, held_by(alarm.rule_id, self.up))
        except (LookupError, TypeError, ValueError) as error:
            turn = self._given_up(alarm, error)
        counts = {n.key: self._messages(n, turn.alarm, escalation) for n in turn.notices}
        # What was heard is the outbox's to know, not the alarm's to keep.
        turn = replace(turn, alarm=replace(turn.alarm, heard=None), entries=_counted(turn.entries, counts))
        self._latest[alarm.alarm_id] = turn.alarm
        self.turns.append(turn)

    def _messages(self, notice: Notice, alarm: DeskAlarm, escalation: Escalation) -> int:
        try:
            made = self._fan_out(notice, alarm, escalation, self._now_s)
        except Exception as error:  # whom it fails for is logged; the escalation goes on to others
            self.failed += 1
            log.error("desk: nobody can be told", alarm_id=alarm.alarm_id, to=notice.to, error=repr(error))
            return 0
        new = [n for n in made if n.key not in self._keys]
        self._keys.update(n.key for n in new)
        self.told += new
        return len(new)

    def _given_up(self, alarm: DeskAlarm, error: Exception) -> Turn:
        """Return a turn that only says so: one alarm that can't be followed must not stop all others."""
        self.failed += 1
        log.error("desk: an alarm can't be followed", alarm_id=alarm.alarm_id, error=repr(error))
        detail = {"error": repr(error)[:500]}
        entry = Entry(
            alarm_id=alarm.alarm_id, at_s=self._now_s, actor="desk", what="not_followed", detail=detail
        )
        return Turn(alarm=alarm, entries=(entry,))


def _counted(entries: Sequence[Entry], messages: dict[str, int]) -> tuple[Entry, ...]:
    """Return the entries; those that tell somebody with how many messages that became."""
    return tuple(
        replace(e, detail={**e.detail, "messages": messages[e.detail["key"]]})
        if e.what == "told" and e.detail["key"] in messages
        else e
        for e in entries
    )
