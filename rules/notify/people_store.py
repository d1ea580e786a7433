"""People, rota and webhooks on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rules.core.notify.model import Hook, Person, Shift
from rules.notify.outbox import SQL, Connection, Pool, connection


class PostgresPeople:
    """:class:`rules.notify.ports.People` on a pool of connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def people(self) -> Sequence[Person]:
        """Return the active people."""
        async with connection(self._pool) as conn:
            return [msgspec.convert(row, Person) async for row in await conn.execute(SQL["people"])]

    async def shifts(self, from_s: float, to_s: float) -> Sequence[Shift]:
        """Return the shifts that touch the time."""
        async with connection(self._pool) as conn:
            found = await conn.execute(SQL["shifts"], {"from_s": from_s, "to_s": to_s})
            return [msgspec.convert(row, Shift) async for row in found]

    async def hooks(self) -> Sequence[Hook]:
        """Return the programs that are told."""
        async with connection(self._pool) as conn:
            return [msgspec.convert(row, Hook) async for row in await conn.execute(SQL["hooks"])]

    async def put_people(self, people: Sequence[Person]) -> Sequence[str]:
        """Make these the active people, in one transaction."""
        async with connection(self._pool) as conn:
            await conn.execute(SQL["drop_contacts"])
            for person in people:
                await _put(conn, person)
            left = await conn.execute(SQL["leave"], {"persons": [p.person for p in people]})
            return sorted([row["person"] async for row in left])

    async def put_shifts(self, source: str, shifts: Sequence[Shift]) -> None:
        """Replace all shifts of a source, in one transaction."""
        async with connection(self._pool) as conn:
            await conn.execute(SQL["drop_shifts"], {"source": source})
            rows = msgspec.json.encode(shifts).decode()
            await conn.execute(SQL["put_shifts"], {"source": source, "rows": rows})


async def _put(conn: Connection, person: Person) -> None:
    values = msgspec.structs.asdict(person) | {"roles": list(person.roles)}
    await conn.execute(SQL["put_person"], values)
    for place, contact in enumerate(person.contacts):
        given = msgspec.structs.asdict(contact) | {"person": person.person, "place": place}
        await conn.execute(SQL["put_contact"], given)
