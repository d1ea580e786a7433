"""Where timetables, premises, lorries' tracks and reminders are kept.

Protocols with two implementations; one suite of tests runs on both. Every method raises TransientError where the
database does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from rules.core.bin_days.model import Premises
from rules.core.bin_days.published import Timetable
from rules.core.bin_days.track import Track


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants to be reminded. ``code`` confirms and ends it; the address is in the store alone.

    Attributes:
        evening, morning: when.
        confirmed: whether the address's owner said yes.
    """

    reminder_id: int
    uprn: int
    channel: str
    evening: bool
    morning: bool
    code: str
    confirmed: bool


class BinDays(Protocol):
    """Timetable and premises."""

    async def timetable(self, rounds: Sequence[str] | None = None) -> Timetable:
        """Return rounds and changes with what was published; of some rounds what concerns them alone. None: all."""
        ...

    async def premises(self, uprn: int) -> Premises | None:
        """Return a household's premises."""
        ...

    async def many(self, uprns: Sequence[int]) -> tuple[Premises, ...]:
        """Return those of some premises that there are, by UPRN."""
        ...

    async def find(self, words: Sequence[str], limit: int) -> tuple[Premises, ...]:
        """Return premises whose address has all of these words (:func:`rules.core.bin_days.search.words_of`), in any order."""
        ...

    async def all_words(self) -> frozenset[str]:
        """Return the words of all addresses."""
        ...

    async def count(self) -> int:
        """Return how many premises there are."""
        ...

    async def replace(
        self, revise: Callable[[Timetable], Timetable], premises: Sequence[Premises] | None
    ) -> Timetable:
        """Put a timetable in the place of the one that is there, in one transaction; one writer at a time.

        Args:
            revise: makes the new one of the old one; may raise, and nothing is written then.
            premises: all there are from now on; None: they stay. Reminders of those that are gone go with them.
        """
        ...


class Tracks(Protocol):
    """Where lorries were."""

    async def track(self, lorries: Sequence[str], from_s: float, to_s: float) -> Track:
        """Return the reports of some lorries (none named: of all) in a time; empty where there are none."""
        ...


class Reminders(Protocol):
    """Who is reminded."""

    async def ask(
        self, uprn: int, channel: str, address: str, *, evening: bool, morning: bool, code: str, now_s: float
    ) -> Reminder | None:
        """Write down that somebody wants to be reminded, and return it, not confirmed.

        One that waits for its confirmation, or is confirmed, keeps its code; what it asks for is what was asked last,
        unless it is confirmed: then nothing changes. None: so many wait for that address that no more is sent to it.
        """
        ...

    async def by_code(self, code: str) -> Reminder | None:
        """Return the reminder with a code."""
        ...

    async def confirm(self, code: str, now_s: float) -> Reminder | None:
        """Confirm one; None where there is none."""
        ...

    async def end(self, code: str) -> bool:
        """Forget one with its address; return whether there was one."""
        ...

    async def confirmed(self) -> tuple[Reminder, ...]:
        """Return all that are confirmed."""
        ...

    async def forget_unconfirmed(self, before_s: float) -> int:
        """Forget those that nobody has confirmed, asked for before a time; return how many."""
        ...
