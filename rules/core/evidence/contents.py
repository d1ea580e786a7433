"""What a pack tells beside readings: the home, its cases, contacts, photos, diary, calibrations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from rules.core.evidence.figures import HomeFigures
from rules.core.legal_clock.model import CaseEvent, CaseKind, CaseState


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A box in a home, or a weather station. ``latitude_deg`` None: not known."""

    device_id: int
    device: str
    label: str
    cadence_s: int
    installed_at: datetime
    retired_at: datetime | None = None
    latitude_deg: float | None = None
    longitude_deg: float | None = None


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A home. Its code is not here: it opens the home's page, and a pack is shown to others."""

    home_id: int
    label: str
    temperature_factor: float
    rooms: tuple[Room, ...]


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A call, letter or visit, and what came of it."""

    contact_id: int
    at: datetime
    method: str
    who: str
    said: str
    reply: str = ""
    replied_at: datetime | None = None
    by: str = ""
    recorded_at: datetime | None = None


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo without its bytes. ``sha256``: of what is kept; ``original_sha256``: of what was sent in."""

    photo_id: int
    taken_at: datetime
    room: str
    caption: str
    width: int
    height: int
    sha256: str
    original_sha256: str
    original_bytes: int
    by: str
    added_at: datetime


class DiaryLine(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the household's diary."""

    at: datetime
    activity: str
    note: str


class MissingNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Readings that a box numbered and that never came: from the ledger."""

    device: str
    boot: int
    first_seq: int
    last_seq: int


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case with its events and where it stands when the pack is made."""

    case_id: int
    kind: CaseKind
    hazard: str
    landlord: str
    council_owned: bool
    opened_at: datetime
    opened_by: str
    events: tuple[CaseEvent, ...]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the report tells.

    Attributes:
        from_day, to_day: both included (UTC).
        states: of the cases, in their order.
        diary: None: left out.
        calibrations: as they are stored, by device.
        key_words: the signing key's fingerprint and itself, for printing.
    """

    home: Home
    from_day: date
    to_day: date
    made_at: datetime
    figures: HomeFigures
    cases: tuple[Case, ...]
    states: tuple[CaseState, ...]
    law_title: str
    law_notice: str
    contacts: tuple[Contact, ...]
    photos: tuple[Photo, ...]
    diary: tuple[DiaryLine, ...] | None
    missing: tuple[MissingNumbers, ...]
    calibrations: tuple[Mapping[str, Any], ...]
    time_zone: str
    key_fingerprint: str
    public_key: str
