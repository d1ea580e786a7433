"""People, rota and webhooks in memory: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.notify.model import Hook, Person, Shift


class MemoryPeople:
    """:class:`rules.notify.ports.People` in memory."""

    def __init__(self, people: Sequence[Person] = (), hooks: Sequence[Hook] = ()) -> None:
        self._people = {p.person: p for p in people}
        self._shifts: dict[str, list[Shift]] = {}
        self._hooks = list(hooks)

    async def people(self) -> Sequence[Person]:
        """Return the active people."""
        return [self._people[name] for name in sorted(self._people)]

    async def shifts(self, from_s: float, to_s: float) -> Sequence[Shift]:
        """Return the shifts that touch the time."""
        found = [s for kept in self._shifts.values() for s in kept if s.from_s < to_s and s.to_s > from_s]
        return sorted(found, key=lambda s: (s.from_s, s.role, s.person))

    async def hooks(self) -> Sequence[Hook]:
        """Return the programs that are told."""
        return list(self._hooks)

    async def put_people(self, people: Sequence[Person]) -> Sequence[str]:
        """Make these the active people."""
        former, self._people = self._people, {p.person: p for p in people}
        return sorted(former.keys() - self._people.keys())

    async def put_shifts(self, source: str, shifts: Sequence[Shift]) -> None:
        """Replace all shifts of a source."""
        self._shifts[source] = list(shifts)
