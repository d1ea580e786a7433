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


class DampDay(msgspec.Struct, frozen=True, kw_only=True):
    """A local day of a room as the damp analyst worked it out; see docs/damp.md for each figure.

    Attributes:
        begins_at: its midnight.
        mould: risk index by class of surfaces at the end of the day, highest so far, hours it rests on.
        factor_error, factor_nights: standard uncertainty and nights of a learned factor; None: assumed.
        calibrations: numbers of the offsets that were applied.
    """

    device: str
    day: date
    begins_at: datetime
    n: int
    expected: int
    surface_hours: int
    damp_hours_low: int
    damp_hours: int
    damp_hours_high: int
    mould: Mapping[str, Any]
    factor: float
    factor_low: float
    factor_high: float
    factor_error: float | None
    factor_nights: int | None
    flags: tuple[str, ...]
    calibrations: tuple[int, ...]
    rules: str


class DampWeek(msgspec.Struct, frozen=True, kw_only=True):
    """The analyst's finding of a week: why the home is damp, as of ``to_day``.

    Attributes:
        device: box of the room that speaks for the home.
        cause: None: not enough to tell; the evidence says why.
        rests_from, rests_to: the time whose readings it was made of.
    """

    device: str
    room: str
    week: date
    to_day: date
    cause: str | None
    confidence: float | None
    risk: str
    mould_index: float | None
    evidence: Mapping[str, Any]
    iso: Mapping[str, Any]
    standard: Mapping[str, Any]
    monthly: Mapping[str, Any]
    rules: str
    rests_from: datetime
    rests_to: datetime


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the report tells.

    Attributes:
        from_day, to_day: both included (UTC).
        why: who may have this pack, and why.
        cut: in words where less is shown than was asked for; empty where all is.
        written: whether what the household wrote down is in it.
        damp_days, damp_weeks: what the analyst worked out.
        states: of the cases, in their order.
        diary: None: left out.
        calibrations: as they are stored, by device.
        key_words: the signing key's fingerprint and itself, for printing.
    """

    home: Home
    from_day: date
    to_day: date
    made_at: datetime
    why: str
    cut: str
    written: bool
    figures: HomeFigures
    damp_days: tuple[DampDay, ...]
    damp_weeks: tuple[DampWeek, ...]
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
