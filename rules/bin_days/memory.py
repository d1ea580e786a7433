"""Timetables, premises, tracks and reminders in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from rules.bin_days.ports import Reminder
from rules.core.bin_days.model import Premises
from rules.core.bin_days.published import Timetable
from rules.core.bin_days.search import by_house, words_of
from rules.core.bin_days.track import Track, track_of

WAITING_MOST = 3
"""So many reminders may wait for the confirmation of one address: nobody is flooded by strangers."""


@dataclass
class MemoryBinDays:
    """:class:`rules.bin_days.ports.BinDays`, ``Tracks`` and ``Reminders`` in memory.

    Attributes:
        reports: lorry, time, latitude, longitude and speed.
        addresses: by reminder; what the outbox looks up.
    """

    table: Timetable = field(default_factory=Timetable)
    places: dict[int, Premises] = field(default_factory=dict)
    reports: list[tuple[str, float, float, float, float]] = field(default_factory=list)
    kept: dict[int, Reminder] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)
    asked_s: dict[int, float] = field(default_factory=dict)

    async def timetable(self, rounds: Sequence[str] | None = None) -> Timetable:
        """Return the timetable, or what of it concerns some rounds."""
        if rounds is None:
            return self.table
        t = self.table
        return Timetable(
            rounds=tuple(r for r in t.rounds if r.round_id in rounds),
            changes=tuple(c for c in t.changes if c.round_id is None or c.round_id in rounds),
            revisions=tuple(r for r in t.revisions if r.round_id in rounds),
            made_s={r: at for r, at in t.made_s.items() if r in rounds},
        )

    async def premises(self, uprn: int) -> Premises | None:
        """Return a household's premises."""
        return self.places.get(uprn)

    async def many(self, uprns: Sequence[int]) -> tuple[Premises, ...]:
        """Return those of some premises that there are."""
        return tuple(self.places[n] for n in sorted(set(uprns)) if n in self.places)

    async def find(self, words: Sequence[str], limit: int) -> tuple[Premises, ...]:
        """Return premises whose address has all of these words."""
        found = [p for p in self.places.values() if set(words) <= set(words_of(p.address))]
        return tuple(sorted(found, key=lambda p: (by_house(p.address), p.uprn))[:limit])

    async def all_words(self) -> frozenset[str]:
        """Return the words of all addresses."""
        return frozenset(w for p in self.places.values() for w in words_of(p.address))

    async def count(self) -> int:
        """Return how many premises there are."""
        return len(self.places)

    async def replace(
        self, revise: Callable[[Timetable], Timetable], premises: Sequence[Premises] | None
    ) -> Timetable:
        """Put a timetable in the place of the one that is there."""
        self.table = revise(self.table)
        if premises is not None:
            self.places = {p.uprn: p for p in premises}
            for gone in [n for n, r in self.kept.items() if r.uprn not in self.places]:
                self._forget(gone)
        return self.table

    async def track(self, lorries: Sequence[str], from_s: float, to_s: float) -> Track:
        """Return the reports of some lorries."""
        return track_of(
            [r for r in self.reports if (not lorries or r[0] in lorries) and from_s <= r[1] < to_s]
        )

    async def ask(
        self, uprn: int, channel: str, address: str, *, evening: bool, morning: bool, code: str, now_s: float
    ) -> Reminder | None:
        """Write down that somebody wants to be reminded."""
        mine = [r for n, r in self.kept.items() if r.channel == channel and self.addresses[n] == address]
        known = next((r for r in mine if r.uprn == uprn), None)
        if known is None and sum(not r.confirmed for r in mine) >= WAITING_MOST:
            return None
        if known is None:
            number = max(self.kept, default=0) + 1
            known = Reminder(
                reminder_id=number, uprn=uprn, channel=channel, evening=evening, morning=morning, code=code,
                confirmed=False,
            )  # fmt: skip
            self.addresses[number] = address
        elif not known.confirmed:
            known = msgspec.structs.replace(known, evening=evening, morning=morning)
        self.asked_s[known.reminder_id] = now_s
        self.kept[known.reminder_id] = known
        return known

    async def by_code(self, code: str) -> Reminder | None:
        """Return the reminder with a code."""
        return next((r for r in self.kept.values() if r.code == code), None)

    async def confirm(self, code: str, now_s: float) -> Reminder | None:
        """Confirm one."""
        known = await self.by_code(code)
        if known is None:
            return None
        self.kept[known.reminder_id] = msgspec.structs.replace(known, confirmed=True)
        return self.kept[known.reminder_id]

    async def end(self, code: str) -> bool:
        """Forget one with its address."""
        known = await self.by_code(code)
        if known is not None:
            self._forget(known.reminder_id)
        return known is not None

    async def confirmed(self) -> tuple[Reminder, ...]:
        """Return all that are confirmed."""
        return tuple(r for _, r in sorted(self.kept.items()) if r.confirmed)

    async def forget_unconfirmed(self, before_s: float) -> int:
        """Forget those that nobody has confirmed."""
        gone = [n for n, r in self.kept.items() if not r.confirmed and self.asked_s[n] < before_s]
        for number in gone:
            self._forget(number)
        return len(gone)

    def _forget(self, number: int) -> None:
        for table in (self.kept, self.addresses, self.asked_s):
            del table[number]
