"""What the record of a night is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from rules.core.treatment_log import PassLine
from rules.core.winter_kept import NOTHING_GONE, Gone
from rules.core.winter_record import KeptRecord

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NightRows:
    """Rows of a night as the tables hold them, times in s since 1970.

    Attributes:
        decisions: on routes: ``route_id``, ``at_s``, ``outcome``, ``reason``, ``inputs``, ``result`` and more.
        alarms: of the rules ``winter.*``, with ``log``.
        treated: the log of what gritters spread, with what was taken back.
        catalogues: copies that decided, with ``files``.
        forecasts: by table; empty where the installation has none.
        hours: text of CSV of each road forecast that decisions used, by the time of its issue, for their stretches.
        readings: lines of CSV by device, the first the header.
        gone: what is no longer kept.
    """

    decisions: Sequence[Row]
    alarms: Sequence[Row]
    treated: Sequence[PassLine]
    catalogues: Sequence[Row]
    forecasts: Mapping[str, Sequence[Row]]
    readings: Mapping[str, Sequence[str]]
    hours: Mapping[str, str] = field(default_factory=dict)
    gone: Gone = NOTHING_GONE


class NightSource(Protocol):
    """Where it is read; TransientError where the database does not answer."""

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        ...


@dataclass(frozen=True, slots=True)
class Night:
    """A night: the day on which it began, its beginning and end [s since 1970]."""

    night: date
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to be kept: its number, the key that signed it, hash and bytes of its pack."""

    night: date
    pack_id: str
    key_id: str
    sha256: str
    pack: bytes


class RecordBook(Protocol):
    """Records that the service makes itself; every method raises TransientError where the database does not answer."""

    async def due(self, nights: Sequence[Night]) -> list[date]:
        """Return the nights of which no record is kept and one is due, oldest first.

        Something was decided, ordered or spread in them, or, from October to April, measured on a road.
        """
        ...

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted [s since 1970]; None before the rules first ran."""
        ...

    async def kept(self, night: date) -> tuple[KeptRecord, bytes] | None:
        """Return the record that is kept of a night, with its pack."""
        ...

    async def put(self, new: NewRecord) -> bool:
        """Keep a record; False where one of its night is kept already, which stays."""
        ...
