"""From what the desk wants told to messages in the outbox: whom, over which channel, in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cityops.clock import Clock
from rules.core.alarm_spec import Escalation
from rules.core.desk.model import DeskAlarm, Notice
from rules.core.notify.model import Hook, Notification, Person, Shift
from rules.core.notify.route import fan_out
from rules.core.notify.words import AlarmText, message
from rules.desk.ports import FanOut
from rules.notify.ports import People

KNOWN_FOR_S = 10.0
"""People and rota are read again after so long."""
ROTA_S = 86_400.0
"""Shifts are read this far before and after now."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Who can be told, and when it is for them.

    Attributes:
        now_s: by the clock on their wall [s since 1970], also where the town plays another night.
    """

    people: Sequence[Person]
    shifts: Sequence[Shift]
    hooks: Sequence[Hook]
    now_s: float

    def messages(
        self, notice: Notice, alarm: DeskAlarm, escalation: Escalation, _town_now_s: float
    ) -> Sequence[Notification]:
        """Return a notice's messages; a :data:`rules.desk.ports.FanOut`."""
        text = AlarmText(
            alarm_id=alarm.alarm_id,
            title=alarm.title,
            reason=alarm.reason,
            severity=notice.severity,
            subject=f"{alarm.subject_kind} {alarm.subject}",
            rule_id=alarm.rule_id,
        )
        kind, _, name = notice.to.partition(":")
        words = message(notice.kind, text, name if kind in ("role", "on_call") else "")
        return fan_out(
            notice,
            words,
            self.people,
            self.shifts,
            hooks=self.hooks,
            now_s=self.now_s,
            break_for_critical=escalation.quiet_hours == "break_for_critical",
            digest_s=escalation.digest_s,
            heard=alarm.heard,
        )


class Teller:
    """Reads whom there is to tell; a :data:`rules.desk.service.Prepare`."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people, self._clock = people, clock
        self._known: Reached | None = None
        self._read_at_s = 0.0

    async def __call__(self, town_now_s: float) -> FanOut:
        """Return what makes messages of notices; TransientError where the database does not answer."""
        now_s, at_s = self._clock.now().timestamp(), self._clock.monotonic()
        if self._known is None or at_s - self._read_at_s > KNOWN_FOR_S:
            shifts = await self._people.shifts(now_s - ROTA_S, now_s + ROTA_S)
            self._known = Reached(await self._people.people(), shifts, await self._people.hooks(), now_s)
            self._read_at_s = at_s
        known = self._known
        return Reached(known.people, known.shifts, known.hooks, now_s).messages
