"""What incidents need of the outside, and what they offer to pages, REST and the command line.

Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from cityops.errors import CityopsError
from rules.core.incidents.commands import Command
from rules.core.incidents.handover import Shift
from rules.core.incidents.model import Act, Incident, Signal
from rules.core.incidents.parameters import GroupingParameters, GroupingRule
from rules.core.incidents.settled import Settled
from rules.core.incidents.timeline import Line

REF_HINT = "write I and the number of an incident: `cityops incidents list`"


class NoSuchIncidentError(CityopsError):
    """There is no incident of that number."""

    exit_code = 2


class UnusableTextError(CityopsError):
    """A text of a command is one that no column can hold."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look sees: see :func:`rules.core.incidents.settle.settle`."""

    incidents: Sequence[Incident]
    belongs: Mapping[str, int]
    signals: Sequence[Signal]
    next_id: int


Judge = Callable[[Looked], Settled]
"""Pure: from what a look sees to what is written."""

RuleOf = Callable[[], Awaitable[GroupingRule]]
"""Reads the rule that counts now, outside the look's transaction; TransientError where it can't."""


class IncidentBook(Protocol):
    """What officers do and see; every method raises TransientError where the database does not answer."""

    async def incidents(self, *, live: bool = True, since_s: float | None = None) -> tuple[Incident, ...]:
        """Return incidents by number: those that live, and with ``since_s`` also those that changed since [s]."""
        ...

    async def incident(self, incident_id: int) -> Incident:
        """Return one; NoSuchIncidentError where there is none."""
        ...

    async def signals(self, incident_id: int) -> tuple[Signal, ...]:
        """Return what belongs to one, by time."""
        ...

    async def acts(
        self,
        incident_id: int | None = None,
        since_s: float | None = None,
        *,
        after: int = 0,
        most: int | None = None,
    ) -> tuple[Act, ...]:
        """Return acts in order: of one incident or of all, since a time [s], after a number; the newest ``most`` of them."""
        ...

    async def around(self, incident_id: int) -> tuple[Line, ...]:
        """Return what alarms' logs, orders, rounds, reports and messages say that belongs to one, by time."""
        ...

    async def act(self, command: Command, now_s: float) -> Incident:
        """Do what is asked and write it down, in one transaction; with a known ``request_id`` nothing again.

        Returns:
            the incident that it is about: of a merge the one that goes on, of a split the new one.

        Raises:
            IncidentRefusedError: it is not allowed now, in words for whoever asked.
            NoSuchIncidentError: there is no such incident.
            UnusableTextError: no column can hold a value of it.
        """
        ...


class IncidentStore(Protocol):
    """Where the service looks and writes."""

    async def look(self, p: GroupingParameters, now_s: float, judge: Judge, *, anyhow: bool) -> bool:
        """Look at all signals, judge and write, and move the cursor, in one transaction.

        Args:
            p: says which signals there are.
            now_s: the town's time [s].
            judge: what follows.
            anyhow: also where nothing has come since the last look: time makes proposals lapse.

        Returns:
            whether anything was written. Not where another process is looking just now.

        Raises:
            TransientError: the database does not answer; nothing or all of it was written.
        """
        ...

    async def town_now_s(self, wall_s: float) -> float:
        """Return the time it is in the town [s]; see :mod:`rules.core.town_time`."""
        ...


class ShiftBook(Protocol):
    """Reads what the other services stand at."""

    async def shift(self, now_s: float, zone: ZoneInfo) -> Shift:
        """Return it at a time of the town [s since 1970]; TransientError where the database does not answer."""
        ...
