"""What was measured in a home, as far as a pack may show it; whatever asks for more gets nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from rules.core.evidence.contents import DampDay, DampWeek, DiaryLine, Home, MissingNumbers, Room
from rules.core.evidence.rows import Digits, Reading
from rules.core.evidence.scope import Period, Scope
from rules.evidence.ports import EvidenceSource

DAY = timedelta(days=1)
FROG = "frog"


class ScopedSource:
    """An :class:`rules.evidence.ports.EvidenceSource` of a home within a scope.

    Args:
        home: the home's rows; a resident's as she may see them.
        town: weather stations and the ledger, which are no household's.
        scope: what may be shown.
        period: what of the order that covers.
    """

    def __init__(self, home: EvidenceSource, town: EvidenceSource, scope: Scope, period: Period) -> None:
        self._home, self._town = home, town
        self._scope, self._period = scope, period
        self._spans: dict[int, tuple[datetime, datetime]] = {}

    async def home(self, code: str) -> Home:
        """Return a home with the boxes that may be shown, each as if it had stood there in that time only."""
        found = await self._home.home(code)
        rooms = [self._room(room) for room in found.rooms]
        return replace(found, rooms=tuple(r for r in rooms if r is not None))

    def _room(self, room: Room) -> Room | None:
        span = self._scope.of_room(room.device)
        if span is None:
            return None
        start, end = span.within(*self._scope.stay.within(self._period.start, self._period.end))
        start = max(start, room.installed_at)
        if start >= end:
            return None
        self._spans[room.device_id] = start, end
        gone = end if room.retired_at is None else min(end, room.retired_at)
        return replace(room, installed_at=start, retired_at=gone)

    async def stations(self) -> Sequence[Room]:
        """Return the weather stations."""
        return await self._town.stations()

    def fields(self, kind: str) -> tuple[Digits, ...]:
        """Return the fields of a kind."""
        return self._town.fields(kind)

    async def readings(self, kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Return readings; of a box those that may be shown."""
        if kind != FROG:
            return await self._town.readings(kind, device_id, start, end)
        first, last = self._within(device_id, start, end)
        return [] if first >= last else await self._home.readings(kind, device_id, first, last)

    async def reporting(
        self, kind: str, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[int]:
        """Return which stations have readings."""
        return await self._town.reporting(kind, device_ids, start, end)

    async def missing(self, device_ids: Sequence[int]) -> Sequence[MissingNumbers]:
        """Return missing numbers of the whole time; whoever asks keeps those between the readings that are shown."""
        return await self._town.missing(device_ids)

    async def diary(self, home_id: int, start: datetime, end: datetime) -> Sequence[DiaryLine]:
        """Return diary entries of the household's own time."""
        first, last = self._scope.stay.within(start, end)
        return await self._home.diary(home_id, first, last) if self._scope.written and first < last else []

    async def calibrations(
        self, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return the calibration log."""
        return await self._home.calibrations(device_ids, start, end)

    async def damp_days(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampDay]:
        """Return the analyst's days that lie wholly in what may be shown."""
        found = await self._home.damp_days(home_id, device_ids, start, end)
        return [d for d in found if self._shows(d.device, d.begins_at, d.begins_at + DAY)]

    async def damp_weeks(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampWeek]:
        """Return the analyst's findings that rest on nothing else."""
        found = await self._home.damp_weeks(home_id, device_ids, start, end)
        return [w for w in found if self._shows(w.device, w.rests_from, w.rests_to)]

    def _within(self, device_id: int, start: datetime, end: datetime) -> tuple[datetime, datetime]:
        if device_id not in self._spans:
            return end, end
        first, last = self._spans[device_id]
        return max(first, start), min(last, end)

    def _shows(self, device: str, start: datetime, end: datetime) -> bool:
        """Whether what was made of a time lies in what may be shown; it may have begun before the days asked for."""
        span = self._scope.of_room(device)
        return span is not None and span.within(*self._scope.stay.within(start, end)) == (start, end)
