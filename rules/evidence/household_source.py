"""A source for a pack that a household makes itself: its home as it may see it, the weather as anybody may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.core.evidence.contents import DiaryLine, Home, MissingNumbers, Room
from rules.core.evidence.rows import Digits, Reading
from rules.evidence.ports import EvidenceSource

WEATHER = "weather"


class HouseholdSource:
    """:class:`rules.evidence.ports.EvidenceSource` of two.

    Args:
        mine: the home, its boxes, readings, diary and calibrations: those of the stay of who asks.
        town: weather stations and their readings; and the ledger's missing numbers, which have no times.
    """

    def __init__(self, mine: EvidenceSource, town: EvidenceSource) -> None:
        self._mine, self._town = mine, town

    def _of(self, kind: str) -> EvidenceSource:
        return self._town if kind == WEATHER else self._mine

    async def home(self, code: str) -> Home:
        """Return the home."""
        return await self._mine.home(code)

    async def stations(self) -> Sequence[Room]:
        """Return the weather stations."""
        return await self._town.stations()

    def fields(self, kind: str) -> tuple[Digits, ...]:
        """Return the fields of a kind."""
        return self._of(kind).fields(kind)

    async def readings(self, kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Return readings."""
        return await self._of(kind).readings(kind, device_id, start, end)

    async def reporting(
        self, kind: str, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[int]:
        """Return the devices that have readings."""
        return await self._of(kind).reporting(kind, device_ids, start, end)

    async def missing(self, device_ids: Sequence[int]) -> Sequence[MissingNumbers]:
        """Return missing numbers."""
        return await self._town.missing(device_ids)

    async def diary(self, home_id: int, start: datetime, end: datetime) -> Sequence[DiaryLine]:
        """Return the diary."""
        return await self._mine.diary(home_id, start, end)

    async def calibrations(
        self, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return the calibration log."""
        return await self._mine.calibrations(device_ids, start, end)
