"""Plans reminders of legal limits into the outbox; the sender of notifications does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog
from msgspec.structs import replace

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from rules.core.desk.model import Notice
from rules.core.legal_clock import Law, Reminder, WorkingDays, judge_case, reminders
from rules.core.legal_clock.remind import told_from_s
from rules.core.notify.model import Message, Notification, Person, Shift
from rules.core.notify.route import fan_out
from rules.evidence.ports import CaseBook, Filed
from rules.notify.ports import Outbox, People

log = structlog.get_logger(__name__)

OFFICER = "on_call:housing_officer"
EVERY_S = 900.0
LIFE_S = 24 * 3600.0
"""A reminder is worth sending for a day."""
SHIFTS_S = 1.0


class CaseReminders:
    """Plans what is due; planning twice plans once.

    Args:
        book: the cases.
        people: officers and who is on call.
        outbox: where messages wait.
        law: limits, and when to remind.
        days: calendar.
        clock: the wall's.
    """

    def __init__(
        self, book: CaseBook, people: People, outbox: Outbox, law: Law, days: WorkingDays, clock: Clock
    ) -> None:
        self._book, self._people, self._outbox = book, people, outbox
        self._law, self._days, self._clock = law, days, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Plan every quarter of an hour until ``stop``."""
        while not stop.is_set():
            try:
                planned = await self.plan(self._clock.now())
                if planned:
                    log.info("cases: reminders planned", messages=planned)
            except TransientError as error:
                log.warning("cases: reminders not planned, trying again", error=str(error))
            except Exception:
                # Nothing that it stumbles over may end the sender beside it.
                log.exception("cases: reminders failed")
            await sleep_until_stop(stop, EVERY_S)

    async def plan(self, now: datetime) -> int:
        """Put what is due into the outbox; return how many messages were new.

        Raises:
            TransientError: the database does not answer.
        """
        now_s = now.timestamp()
        people, shifts = await self._people.people(), await self._people.shifts(now_s, now_s + SHIFTS_S)
        found: list[Notification] = []
        for filed in await self._book.cases():
            due = self._due(filed, now_s)
            opened_at = filed.case.opened_at
            channels = await self._book.channels_of(filed.home_id, opened_at) if due else ()
            for reminder in due:
                found += self._messages(reminder, filed.home_id, channels, people, shifts, now_s)
        return await self._outbox.put(found)

    def _due(self, filed: Filed, now_s: float) -> Sequence[Reminder]:
        case = filed.case
        state = judge_case(case.kind, case.events, now_s, self._law, self._days)
        return reminders(case.case_id, case.council_owned, state, now_s, self._law, self._days)

    def _messages(
        self,
        reminder: Reminder,
        home_id: int,
        channels: Sequence[str],
        people: Sequence[Person],
        shifts: Sequence[Shift],
        now_s: float,
    ) -> list[Notification]:
        from_s = told_from_s(reminder, now_s, self._law, self._days)
        if reminder.audience == "resident":
            return [to_household(reminder, home_id, channels, from_s)] if channels else []
        return to_officer(reminder, people, shifts, from_s)


def to_household(reminder: Reminder, home_id: int, channels: Sequence[str], from_s: float) -> Notification:
    """Return the message to a household: over its first channel, with the others to fall back on."""
    return Notification(
        key=f"{reminder.key}:{channels[0]}", recipient=f"home:{home_id}", channel=channels[0], address="",
        kind="reminder", severity=reminder.severity, title=reminder.title, body=reminder.body, not_before_s=from_s,
        expires_s=from_s + LIFE_S, fallback=tuple(channels[1:]),
    )  # fmt: skip


def to_officer(
    reminder: Reminder, people: Sequence[Person], shifts: Sequence[Shift], from_s: float
) -> list[Notification]:
    """Return the messages to whoever is on call for housing, as alarms are told; quiet hours count."""
    notice = Notice(
        alarm_id=0, key=reminder.key, kind="raised", to=OFFICER, severity=reminder.severity, at_s=from_s
    )
    words = Message(title=reminder.title, body=reminder.body)
    return [
        replace(
            n, alarm_id=None, kind="reminder", key=n.key.removeprefix("0:"), expires_s=n.not_before_s + LIFE_S
        )
        for n in fan_out(notice, words, people, shifts, now_s=from_s)
    ]
