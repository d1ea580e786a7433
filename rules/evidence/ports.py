"""What cases and packs need of the outside. Each protocol has two implementations that pass one suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

import msgspec

from cityops.errors import ConfigurationError
from rules.core.evidence.contents import (
    Case,
    Contact,
    DampDay,
    DampWeek,
    DiaryLine,
    Home,
    MissingNumbers,
    Photo,
    Room,
)
from rules.core.evidence.figures import HomeFigures
from rules.core.evidence.rows import Digits, Reading
from rules.core.legal_clock.model import CaseEvent, CaseKind


class NoSuchError(ConfigurationError):
    """There is no such home, case, contact or photo, or it is another home's."""


class RefusedError(ConfigurationError):
    """An entry can't be written as it is; the text says why."""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A case and whose it is."""

    home_id: int
    case: Case


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """A pack that was made: what is remembered of it."""

    pack_id: str
    from_day: date
    to_day: date
    made_at: datetime
    made_by: str
    sha256: str
    bytes: int
    manifest_sha256: str
    key_id: str


class CaseBook(Protocol):
    """Cases and contacts. Every call is one transaction.

    Raises:
        TransientError: from every method: the database does not answer.
    """

    async def home_id(self, code: str) -> int:
        """Return the number of the home with a code. Raises NoSuchError."""
        ...

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
        """Open a case and return its number."""
        ...

    async def add_event(
        self, case_id: int, event: CaseEvent, now: datetime, home_id: int | None = None
    ) -> CaseEvent:
        """Write an entry and return it with its number.

        Args:
            case_id: the case.
            event: what happened; its number does not matter.
            now: when it is written down.
            home_id: only of this home; None: of any.

        Raises:
            NoSuchError: there is no such case, or it is another home's.
            RefusedError: see :func:`rules.core.legal_clock.entry.why_refused`.
        """
        ...

    async def case(self, case_id: int, home_id: int | None = None) -> Filed:
        """Return a case with its entries in order of their numbers. Raises NoSuchError."""
        ...

    async def cases(self, home_id: int | None = None) -> Sequence[Filed]:
        """Return the cases of a home, or of all, in the order in which they were opened."""
        ...

    async def log_contact(self, home_id: int, contact: Contact) -> Contact:
        """Write down a call, letter or visit; return it with its number."""
        ...

    async def reply(self, home_id: int, contact_id: int, reply: str, at: datetime) -> Contact:
        """Write down what came back. Raises NoSuchError; RefusedError where a reply is there already."""
        ...

    async def contacts(self, home_id: int) -> Sequence[Contact]:
        """Return a home's contacts in order of time."""
        ...

    async def remind_at(self, home_id: int, channel: str, address: str) -> None:
        """Say where the household is reminded; an empty address ends it."""
        ...

    async def channels_of(self, home_id: int, of_case_at: datetime | None = None) -> Sequence[str]:
        """Return the channels over which a household wants to be reminded, by name.

        ``of_case_at``: when the case was opened it is to be reminded of; none where another household lives there since.
        """
        ...


class Album(Protocol):
    """Photos, and which packs were made."""

    async def add_photo(self, home_id: int, photo: Photo, jpeg: bytes, original: bytes | None) -> Photo:
        """Keep a photo; the same original twice is there once, as it was first."""
        ...

    async def photos(self, home_id: int) -> Sequence[Photo]:
        """Return a home's photos in order of when they were taken."""
        ...

    async def photo_bytes(self, home_id: int, photo_id: int) -> bytes:
        """Return a photo as JPEG. Raises NoSuchError."""
        ...

    async def remove_photo(self, home_id: int, photo_id: int) -> None:
        """Delete a photo. Raises NoSuchError."""
        ...

    async def record_pack(self, home_id: int, pack: Pack) -> None:
        """Remember that a pack was made; the same pack again replaces what was said of it."""
        ...

    async def packs(self, home_id: int) -> Sequence[Pack]:
        """Return the packs of a home, the newest last."""
        ...


class EvidenceSource(Protocol):
    """What was measured and written down, as it is at one moment."""

    async def home(self, code: str) -> Home:
        """Return the home with a code, with its boxes. Raises NoSuchError."""
        ...

    async def stations(self) -> Sequence[Room]:
        """Return the weather stations."""
        ...

    def fields(self, kind: str) -> tuple[Digits, ...]:
        """Return how the fields of a kind (``frog``, ``weather``) are written, in order."""
        ...

    async def readings(self, kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Return readings with ``start <= at < end`` in order of time and number."""
        ...

    async def reporting(
        self, kind: str, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[int]:
        """Return which of the devices have a reading with ``start <= at < end``, in the order given."""
        ...

    async def missing(self, device_ids: Sequence[int]) -> Sequence[MissingNumbers]:
        """Return the numbers that never came, from the ledger."""
        ...

    async def diary(self, home_id: int, start: datetime, end: datetime) -> Sequence[DiaryLine]:
        """Return the diary of a time, in order."""
        ...

    async def calibrations(
        self, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return the calibration log of devices as it is stored, withdrawn ones too: what holds at some time of a period."""
        ...

    async def damp_days(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampDay]:
        """Return the analyst's days of boxes that begin with ``start <= begin < end``, by box and day."""
        ...

    async def damp_weeks(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampWeek]:
        """Return the analyst's findings whose last day lies within a time, the oldest first."""
        ...


class DampFigures(Protocol):
    """The figures of a home."""

    async def of(self, home: Home, station: Room | None, from_day: date, to_day: date) -> HomeFigures:
        """Return the figures of the days from ``from_day`` to ``to_day``, both included (UTC)."""
        ...
