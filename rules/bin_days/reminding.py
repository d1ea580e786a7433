"""Plans reminders of collections into the outbox; the sender of notifications does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from rules.bin_days.ports import BinDays, Reminder, Reminders
from rules.core.bin_days import words
from rules.core.bin_days.model import Collection
from rules.core.bin_days.published import shown
from rules.core.notify.model import Notification
from rules.notify.ports import Outbox

log = structlog.get_logger(__name__)

KIND, ASK = "bin-reminder", "bin-reminder-ask"
EVERY_S = 900.0
EVENING, MORNING = time(19), time(6, 30)
LIFE_S = 4 * 3600.0
"""So long a reminder is worth sending; after a longer silence it is not sent at all."""
AHEAD = timedelta(days=2)
ASK_LIFE_S = 24 * 3600.0
FORGET_S = 3 * 86_400.0
"""Who does not confirm for so long is forgotten."""


class BinReminders:
    """Plans what is due; planning twice plans once.

    Args:
        days: timetable and premises.
        reminders: who wants to be told.
        outbox: where messages wait.
        zone: whose evenings and mornings count.
        clock: the wall's.
        site: address of the pages, for the link that ends it.
    """

    def __init__(
        self, days: BinDays, reminders: Reminders, outbox: Outbox, zone: ZoneInfo, clock: Clock, site: str
    ) -> None:
        self._days, self._reminders, self._outbox = days, reminders, outbox
        self._zone, self._clock, self._site = zone, clock, site.rstrip("/")

    async def run(self, stop: asyncio.Event) -> None:
        """Plan every quarter of an hour until ``stop``."""
        while not stop.is_set():
            try:
                planned = await self.plan(self._clock.now())
                if planned:
                    log.info("bin days: reminders planned", messages=planned)
            except TransientError as error:
                log.warning("bin days: reminders not planned, trying again", error=str(error))
            except Exception:
                # Nothing that it stumbles over may end the sender beside it.
                log.exception("bin days: reminders failed")
            await sleep_until_stop(stop, EVERY_S)

    async def plan(self, now: datetime) -> int:
        """Put what is due within two days into the outbox, and take out what waits there and is due no more.

        Return how many messages were new. What was moved or cancelled meanwhile, or is not wanted any more, is not sent.

        Raises:
            TransientError: the database does not answer.
        """
        now_s, today = now.timestamp(), now.astimezone(self._zone).date()
        await self._reminders.forget_unconfirmed(now_s - FORGET_S)
        wanted = await self._reminders.confirmed()
        made: list[Notification] = []
        if wanted:
            table, end = await self._days.timetable(), today + AHEAD
            places = {p.uprn: p for p in await self._days.many([r.uprn for r in wanted])}
            # Most households share their rounds with many others.
            found = {p.rounds: shown(table, p.rounds, today, end) for p in places.values()}
            for reminder in (r for r in wanted if r.uprn in places):
                days = found[places[reminder.uprn].rounds]
                made += messages(reminder, days, now_s, self._zone, self._site)
        await self._outbox.withdraw(KIND, [m.key for m in made], "moved, cancelled or not wanted any more")
        return await self._outbox.put(made)


def messages(
    reminder: Reminder, found: Sequence[Collection], now_s: float, zone: ZoneInfo, site: str
) -> list[Notification]:
    """Return the reminders of some collections whose time is to come, or was within :data:`LIFE_S`."""
    made = []
    for day in sorted({c.day for c in found if c.day is not None}):
        mine = [c for c in found if c.day == day]
        for name, at, wanted in (
            ("evening", _at(day - timedelta(days=1), EVENING, zone), reminder.evening),
            ("morning", _at(day, MORNING, zone), reminder.morning),
        ):
            if wanted and at > now_s - LIFE_S:
                made.append(_message(reminder, day, mine, name, at, zone, site))
    return made


def _at(day: date, clock: time, zone: ZoneInfo) -> float:
    """Return when the local clock shows ``clock`` on a day [s since 1970]."""
    return datetime.combine(day, clock, zone).timestamp()


def _message(
    reminder: Reminder,
    day: date,
    mine: Sequence[Collection],
    name: str,
    at_s: float,
    zone: ZoneInfo,
    site: str,
) -> Notification:
    told_on = datetime.fromtimestamp(at_s, zone).date()
    title, body = words.reminder(mine, day, told_on)
    # What is said is part of the key: a day that changes again is told again, and nothing else twice.
    said = ",".join(f"{c.service.stream}.{c.sequence}" for c in mine)
    return Notification(
        key=f"bin-day:{reminder.reminder_id}:{day}:{name}:{said};", recipient=recipient(reminder.reminder_id),
        channel=reminder.channel, address="", kind=KIND, severity="info", title=title,
        body=f"{body}\nStop these reminders: {site}/bin-day/reminder/{reminder.code}", not_before_s=at_s,
        expires_s=at_s + LIFE_S,
    )  # fmt: skip


def recipient(reminder_id: int) -> str:
    """Return what the outbox calls who is reminded: it holds no address."""
    return f"bin-reminder:{reminder_id}"


def question(reminder: Reminder, address: str, now_s: float, site: str) -> Notification:
    """Return the message that asks whether its receiver wants to be reminded. ``address``: of the premises."""
    link = f"{site.rstrip('/')}/bin-day/reminder/{reminder.code}"
    body = f"Somebody asked us to remind you here of bin days at {address}. If it was you, say yes: {link}\nIf not, do nothing: we forget it in three days."
    return Notification(
        # Once a day at most, however often somebody presses the button: it may be a stranger's telephone.
        key=f"bin-ask:{reminder.reminder_id}:{int(now_s // 86_400)}", recipient=recipient(reminder.reminder_id),
        channel=reminder.channel, address="", kind=ASK, severity="info", title="Do you want reminders of bin days?",
        body=body, not_before_s=now_s, expires_s=now_s + ASK_LIFE_S,
    )  # fmt: skip
