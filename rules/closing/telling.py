"""People are told that a plan was made again because of a closure: through the outbox, once."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from cityops.clock import Clock
from rules.core.desk.model import Notice
from rules.core.notify.model import Message
from rules.core.notify.route import fan_out
from rules.notify.ports import Outbox, People

KIND = "plan"
SEVERITY = "warning"
SHIFT_S = 1.0
LIFE_S = 4 * 3600.0
"""So long the message is worth sending [s]: after that the shift is over."""


class Tells(Protocol):
    """Tells people; TransientError where the database does not answer."""

    async def tell(self, to: str, key: str, title: str, body: str) -> None:
        """Tell whoever ``to`` names, as an escalation does; with a known ``key`` nobody is told again."""
        ...


class PlanTeller:
    """:class:`Tells` over people, rota and outbox."""

    def __init__(self, people: People, outbox: Outbox, clock: Clock) -> None:
        self._people, self._outbox, self._clock = people, outbox, clock

    async def tell(self, to: str, key: str, title: str, body: str) -> None:
        """Put the messages into the outbox."""
        now_s = self._clock.now().timestamp()
        people, shifts = await self._people.people(), await self._people.shifts(now_s, now_s + SHIFT_S)
        notice = Notice(alarm_id=0, key=key, kind="raised", to=to, severity=SEVERITY, at_s=now_s)
        await self._outbox.put(
            [
                replace(
                    n,
                    alarm_id=None,
                    kind=KIND,
                    key=n.key.removeprefix("0:"),
                    expires_s=n.not_before_s + LIFE_S,
                )
                for n in fan_out(notice, Message(title=title, body=body), people, shifts, now_s=now_s)
            ]
        )
