"""Cases, contacts, photos and packs in memory, with the behaviour of the database's: for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count

from msgspec.structs import replace

from rules.core.evidence.contents import Case, Contact, Photo
from rules.core.legal_clock.entry import why_refused
from rules.core.legal_clock.model import CaseEvent, CaseKind
from rules.evidence.ports import Filed, NoSuchError, Pack, RefusedError
from rules.evidence.refusals import no_case, no_contact, no_home, no_photo, replied


class MemoryBook:
    """:class:`rules.evidence.ports.CaseBook` and :class:`rules.evidence.ports.Album` in memory.

    Args:
        homes: numbers by code.
    """

    def __init__(self, homes: Mapping[str, int]) -> None:
        self._homes = homes
        self._numbers = count(1)
        self._filed: dict[int, Filed] = {}
        self._contacts: dict[int, tuple[int, Contact]] = {}
        self._photos: dict[int, tuple[int, Photo, bytes]] = {}
        self._packs: dict[str, tuple[int, Pack]] = {}
        self.addresses: dict[tuple[int, str], str] = {}

    async def home_id(self, code: str) -> int:
        """Return a home's number."""
        if code not in self._homes:
            raise NoSuchError(no_home())
        return self._homes[code]

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
        number = next(self._numbers)
        case = Case(
            case_id=number, kind=kind, hazard=hazard, landlord=landlord, council_owned=council_owned, opened_at=at,
            opened_by=by, events=(),
        )  # fmt: skip
        self._filed[number] = Filed(home_id=home_id, case=case)
        return number

    async def add_event(
        self, case_id: int, event: CaseEvent, now: datetime, home_id: int | None = None
    ) -> CaseEvent:
        """Write an entry."""
        filed = await self.case(case_id, home_id)
        refused = why_refused(filed.case.kind, filed.case.events, event, now.timestamp())
        if refused is not None:
            raise RefusedError(refused)
        written = replace(event, number=next(self._numbers), recorded_s=now.timestamp())
        case = replace(filed.case, events=(*filed.case.events, written))
        self._filed[case_id] = replace(filed, case=case)
        return written

    async def case(self, case_id: int, home_id: int | None = None) -> Filed:
        """Return a case."""
        filed = self._filed.get(case_id)
        if filed is None or home_id not in (None, filed.home_id):
            raise NoSuchError(no_case(case_id))
        return filed

    async def cases(self, home_id: int | None = None) -> Sequence[Filed]:
        """Return cases."""
        return [f for f in self._filed.values() if home_id in (None, f.home_id)]

    async def log_contact(self, home_id: int, contact: Contact) -> Contact:
        """Write down a contact."""
        written = replace(contact, contact_id=next(self._numbers))
        self._contacts[written.contact_id] = (home_id, written)
        return written

    async def reply(self, home_id: int, contact_id: int, reply: str, at: datetime) -> Contact:
        """Write down a reply; the first stays."""
        owner, contact = self._contacts.get(contact_id, (None, None))
        if contact is None or owner != home_id:
            raise NoSuchError(no_contact(contact_id))
        if contact.replied_at is not None:
            raise RefusedError(replied(contact_id))
        answered = replace(contact, reply=reply, replied_at=at)
        self._contacts[contact_id] = (home_id, answered)
        return answered

    async def contacts(self, home_id: int) -> Sequence[Contact]:
        """Return contacts."""
        mine = (c for owner, c in self._contacts.values() if owner == home_id)
        return sorted(mine, key=lambda c: (c.at, c.contact_id))

    async def remind_at(self, home_id: int, channel: str, address: str) -> None:
        """Say where a household is reminded."""
        if address:
            self.addresses[home_id, channel] = address
        else:
            self.addresses.pop((home_id, channel), None)

    async def channels_of(self, home_id: int, of_case_at: datetime | None = None) -> Sequence[str]:
        """Return a household's channels; households do not change here."""
        return sorted(channel for owner, channel in self.addresses if owner == home_id)

    async def add_photo(self, home_id: int, photo: Photo, jpeg: bytes, original: bytes | None) -> Photo:
        """Keep a photo."""
        for owner, known, _ in self._photos.values():
            if (owner, known.original_sha256) == (home_id, photo.original_sha256):
                return known
        kept = replace(photo, photo_id=next(self._numbers))
        self._photos[kept.photo_id] = (home_id, kept, jpeg)
        return kept

    async def photos(self, home_id: int) -> Sequence[Photo]:
        """Return photos."""
        mine = (p for owner, p, _ in self._photos.values() if owner == home_id)
        return sorted(mine, key=lambda p: (p.taken_at, p.photo_id))

    async def photo_bytes(self, home_id: int, photo_id: int) -> bytes:
        """Return a photo."""
        owner, _, jpeg = self._photos.get(photo_id, (None, None, b""))
        if owner != home_id:
            raise NoSuchError(no_photo(photo_id))
        return jpeg

    async def remove_photo(self, home_id: int, photo_id: int) -> None:
        """Delete a photo."""
        await self.photo_bytes(home_id, photo_id)
        del self._photos[photo_id]

    async def record_pack(self, home_id: int, pack: Pack) -> None:
        """Remember a pack."""
        self._packs[pack.pack_id] = (home_id, pack)

    async def packs(self, home_id: int) -> Sequence[Pack]:
        """Return packs."""
        mine = (p for owner, p in self._packs.values() if owner == home_id)
        return sorted(mine, key=lambda p: (p.made_at, p.pack_id))
