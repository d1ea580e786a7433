"""Cases, contacts, photos and packs on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import DictRow, dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from rules.core.evidence.contents import Case, Contact, Photo
from rules.core.legal_clock.entry import why_refused
from rules.core.legal_clock.model import CaseEvent, CaseKind
from rules.evidence.ports import Filed, NoSuchError, Pack, RefusedError
from rules.evidence.refusals import no_case, no_contact, no_home, no_photo, replied

SQL = load_queries("rules.evidence")
NUMBER_MOST = 2**63 - 1


class PostgresBook:
    """:class:`rules.evidence.ports.CaseBook` and :class:`rules.evidence.ports.Album` on a pool of connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def home_id(self, code: str) -> int:
        """Return a home's number."""
        rows = await self._rows("home_id", code=code)
        if not rows:
            raise NoSuchError(no_home())
        return int(rows[0]["home_id"])

    async def open_case(
        self,
        home_id: int,
        kind: CaseKind,
        *,
        hazard: str,
        landlord: str,
        council_owned: bool,
        at: datetime,
        by: str,
    ) -> int:
        """Open a case."""
        rows = await self._rows(
            "open_case", home_id=home_id, kind=kind, hazard=hazard, landlord=landlord, council_owned=council_owned,
            at=at, by=by,
        )  # fmt: skip
        return int(rows[0]["case_id"])

    async def add_event(
        self, case_id: int, event: CaseEvent, now: datetime, home_id: int | None = None
    ) -> CaseEvent:
        """Write an entry; the case is locked, so that what it is judged by stays."""
        async with self._transaction() as conn:
            if not 0 < case_id <= NUMBER_MOST or not await _all(
                conn, "lock_case", case_id=case_id, home_id=home_id
            ):
                raise NoSuchError(no_case(case_id))
            [filed] = await _filed(conn, case_id, home_id)
            refused = why_refused(filed.case.kind, filed.case.events, event, now.timestamp())
            if refused is not None:
                raise RefusedError(refused)
            values = msgspec.structs.asdict(event)
            rows = await _all(conn, "add_event", **values, case_id=case_id, now=now)
        return msgspec.structs.replace(event, **rows[0])

    async def case(self, case_id: int, home_id: int | None = None) -> Filed:
        """Return a case."""
        async with self._transaction() as conn:
            found = await _filed(conn, case_id, home_id) if 0 < case_id <= NUMBER_MOST else []
        if not found:
            raise NoSuchError(no_case(case_id))
        return found[0]

    async def cases(self, home_id: int | None = None) -> Sequence[Filed]:
        """Return cases."""
        async with self._transaction() as conn:
            return await _filed(conn, None, home_id)

    async def log_contact(self, home_id: int, contact: Contact) -> Contact:
        """Write down a contact."""
        rows = await self._rows("log_contact", home_id=home_id, **msgspec.structs.asdict(contact))
        return msgspec.structs.replace(contact, **rows[0])

    async def reply(self, home_id: int, contact_id: int, reply: str, at: datetime) -> Contact:
        """Write down a reply; the first stays."""
        if not 0 < contact_id <= NUMBER_MOST:
            raise NoSuchError(no_contact(contact_id))
        async with self._transaction() as conn:
            given = {"home_id": home_id, "contact_id": contact_id}
            written = (await conn.execute(SQL["reply"], given | {"reply": reply, "at": at})).rowcount
            rows = await _all(conn, "contacts", **given)
        if not rows:
            raise NoSuchError(no_contact(contact_id))
        if written == 0:
            raise RefusedError(replied(contact_id))
        return Contact(**rows[0])

    async def contacts(self, home_id: int) -> Sequence[Contact]:
        """Return contacts."""
        return [Contact(**row) for row in await self._rows("contacts", home_id=home_id, contact_id=None)]

    async def remind_at(self, home_id: int, channel: str, address: str) -> None:
        """Say where a household is reminded."""
        query = "remind_at" if address else "remind_no_more"
        await self._rows(query, home_id=home_id, channel=channel, address=address)

    async def channels_of(self, home_id: int, of_case_at: datetime | None = None) -> Sequence[str]:
        """Return a household's channels."""
        rows = await self._rows("channels_of", home_id=home_id, of_case_at=of_case_at)
        return [row["channel"] for row in rows]

    async def add_photo(self, home_id: int, photo: Photo, jpeg: bytes, original: bytes | None) -> Photo:
        """Keep a photo."""
        async with self._transaction() as conn:
            values = msgspec.structs.asdict(photo) | {"jpeg": jpeg, "original": original}
            await _all(conn, "add_photo", home_id=home_id, **values)
            rows = await _all(conn, "photos", home_id=home_id, original_sha256=photo.original_sha256)
        if not rows:  # a household before this one had the same
            raise RefusedError("This photo can't be added to this home.")
        return Photo(**rows[0])

    async def photos(self, home_id: int) -> Sequence[Photo]:
        """Return photos."""
        return [Photo(**row) for row in await self._rows("photos", home_id=home_id, original_sha256=None)]

    async def photo_bytes(self, home_id: int, photo_id: int) -> bytes:
        """Return a photo."""
        rows = (
            await self._rows("photo_bytes", home_id=home_id, photo_id=photo_id)
            if 0 < photo_id <= NUMBER_MOST
            else []
        )
        if not rows:
            raise NoSuchError(no_photo(photo_id))
        return bytes(rows[0]["jpeg"])

    async def remove_photo(self, home_id: int, photo_id: int) -> None:
        """Delete a photo."""
        async with self._transaction() as conn:
            given = {"home_id": home_id, "photo_id": min(photo_id, NUMBER_MOST)}
            if (await conn.execute(SQL["remove_photo"], given)).rowcount == 0:
                raise NoSuchError(no_photo(photo_id))

    async def record_pack(self, home_id: int, pack: Pack) -> None:
        """Remember a pack."""
        await self._rows("record_pack", home_id=home_id, **msgspec.structs.asdict(pack))

    async def packs(self, home_id: int) -> Sequence[Pack]:
        """Return packs."""
        return [Pack(**row) for row in await self._rows("packs", home_id=home_id)]

    async def _rows(self, query: str, **params: Any) -> list[DictRow]:
        async with self._transaction() as conn:
            return await _all(conn, query, **params)

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=RefusedError)


async def _all(conn: Connection, query: str, **params: Any) -> list[DictRow]:
    cursor = conn.cursor(row_factory=dict_row)
    await cursor.execute(SQL[query], params)
    return await cursor.fetchall() if cursor.description else []


async def _filed(conn: Connection, case_id: int | None, home_id: int | None) -> list[Filed]:
    rows = await _all(conn, "cases", case_id=case_id, home_id=home_id)
    events: dict[int, list[CaseEvent]] = {row["case_id"]: [] for row in rows}
    for row in await _all(conn, "events", case_ids=list(events)):
        events[row.pop("case_id")].append(CaseEvent(**row))
    return [
        Filed(home_id=row.pop("home_id"), case=Case(**row, events=tuple(events[row["case_id"]])))
        for row in rows
    ]
