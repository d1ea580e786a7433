"""What the alarm desk needs of the outside, and what it offers to pages, REST and the command line.

Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cityops.errors import CityopsError
from rules.core.alarm_spec import Escalation
from rules.core.desk.model import Command, DeskAlarm, Entry, Notice, Timer, Turn
from rules.core.notify.model import Notification

EscalationOf = Callable[[str], Escalation]
"""Returns the escalation of a rule, by the rule's id."""

Escalations = Callable[[], Awaitable[EscalationOf]]
"""Reads the escalations that count now, outside the desk's transaction; TransientError where it can't."""

FanOut = Callable[[Notice, DeskAlarm, Escalation, float], Sequence[Notification]]
"""Returns the messages that a notice about an alarm becomes at a time of the town [s since 1970].

Pure; whom there is to tell is read before (``rules.desk.service.DeskService``).
"""


class NoSuchAlarmError(CityopsError):
    """There is no alarm with that number."""

    exit_code = 2


class UnusableTextError(CityopsError):
    """A text or number of a command is one that no column can hold."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command for one alarm: the alarm after it, or why not."""

    alarm_id: int
    alarm: DeskAlarm | None
    refused: str = ""


class AlarmDesk(Protocol):
    """Commands of people; used by pages, REST and the command line alike."""

    async def command(self, alarm_id: int, command: Command, now_s: float) -> DeskAlarm:
        """Do what is asked and log it, in one transaction; with a known ``request_id`` nothing again.

        Raises:
            DeskRefusedError: it is not allowed now, in words for whoever asked.
            NoSuchAlarmError: there is no such alarm.
            UnusableTextError: no column can hold a value of it.
            TransientError: the database does not answer.
        """
        ...

    async def bulk(self, alarm_ids: Sequence[int], command: Command, now_s: float) -> list[Outcome]:
        """Do the same for several alarms, each by itself."""
        ...

    async def timeline(self, alarm_id: int) -> list[Entry]:
        """Return an alarm's log, oldest first, as anybody may read it; empty where there is no such alarm."""
        ...

    async def entries(self, log_ids: Sequence[int]) -> list[Entry]:
        """Return lines of the log by number, in order, as anybody may read them; those not there are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Log entries of one alarm that nobody has followed up yet, oldest first.

    ``heard``: the recipients of its messages so far with the worst severity of those, but for what says that it is over.
    """

    alarm: DeskAlarm
    entries: tuple[Entry, ...]
    heard: Mapping[str, str] = field(default_factory=dict)


class DeskWork(Protocol):
    """One transaction of the desk: what it took is done when it ends, or not at all."""

    async def unplanned(self, limit: int) -> list[Unplanned]:
        """Lock and return alarms with entries to follow up; those that others hold are left to them."""
        ...

    async def due(self, now_s: float, limit: int) -> list[tuple[DeskAlarm, Timer]]:
        """Lock and return what is due, the earliest first."""
        ...

    async def holding(self) -> frozenset[str]:
        """Return the rules with an alarm that is up, and not closed, and holds others back.

        See :mod:`rules.core.desk.holding`.
        """
        ...

    async def write(
        self,
        turns: Sequence[Turn],
        planned: Sequence[int],
        fired: Sequence[Timer],
        told: Sequence[Notification],
    ) -> None:
        """Write alarms, entries, timers and the outbox; mark ``planned`` entries, delete ``fired`` timers."""
        ...


class DeskStore(Protocol):
    """Where the desk's work is kept."""

    async def work(self, act: DeskAct) -> bool:
        """Run ``act`` in one transaction; return what it says: whether there was something to do."""
        ...

    async def next_due_s(self) -> float | None:
        """Return when the next timer is due [s since 1970]; None where there is none."""
        ...


class DeskAct(Protocol):
    """What is done within a transaction."""

    async def __call__(self, work: DeskWork) -> bool:
        """Return whether there was something to do."""
        ...
