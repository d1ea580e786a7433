"""What the duty officer's desk needs of the outside, and what it offers to pages, REST and the command line.

Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cityops.errors import CityopsError
from rules.core.alarm_book import OpenAlarm
from rules.core.winter_orders.model import Act, Case, Command, Route
from rules.core.winter_orders.unanswered import Said, UnansweredRule

REF_HINT = "write P and the number of a proposal, or O and the number of an order: `cityops winter list`"


class NoSuchOrderError(CityopsError):
    """There is no proposal, order or route of that name."""

    exit_code = 2


class UnusableTextError(CityopsError):
    """A text of a command is one that no column can hold."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Acts in the order of their numbers. ``before``: the link before the first of them."""

    before: str
    acts: tuple[Act, ...]


class OrderDesk(Protocol):
    """What officers do and see; every method raises TransientError where the database does not answer."""

    async def cases(self, from_s: float, to_s: float, route_id: str | None = None) -> tuple[Case, ...]:
        """Return the proposals and orders that came up from ``from_s`` to before ``to_s``, by time."""
        ...

    async def newest(self) -> tuple[int, int]:
        """Return the numbers of the newest decision and act, 0 where there is none: cases stay as they are while these do."""
        ...

    async def case(self, ref: str) -> Case:
        """Return one; NoSuchOrderError where there is none."""
        ...

    async def routes(self) -> tuple[Route, ...]:
        """Return the routes that orders can be about, by priority."""
        ...

    async def act(self, command: Command, now_s: float) -> Case:
        """Do what is asked and write it down, in one transaction; with a known ``request_id`` nothing again.

        Raises:
            OrderRefusedError: it is not allowed now, or its ``request_id`` was used for something else, in words for
                whoever asked.
            NoSuchOrderError: there is no such proposal, order or route.
            UnusableTextError: no column can hold a value of it.
        """
        ...

    async def chain(self) -> Chain:
        """Return every act there is."""
        ...


Judge = Callable[[Sequence[Case], Sequence[OpenAlarm], Mapping[str, str]], Said]
"""Pure: from the cases of the last hours, the rule's alarms that are up and the routes' names, to what is written."""

RuleOf = Callable[[], Awaitable[tuple[UnansweredRule, int | None]]]
"""Reads the rule that counts now, and the number of its catalogue; TransientError where it can't."""


class UnansweredStore(Protocol):
    """Where proposals are looked at that nobody answers."""

    async def look(self, since_s: float, catalogue_id: int | None, judge: Judge) -> bool:
        """Look, judge and write, in one transaction; return whether anything was written.

        Args:
            since_s: proposals made before are not looked at [s since 1970].
            catalogue_id: the copy that the rule is from; None where copies are not kept.
            judge: what follows.

        Raises:
            TransientError: the database does not answer; nothing or all of it was written.
        """
        ...

    async def town_now_s(self, wall_s: float) -> float:
        """Return the time it is in the town; see :mod:`rules.core.town_time`."""
        ...
