"""What was measured, in memory: for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from devices.contract.kind import Kind
from rules.core.evidence.contents import DampDay, DampWeek, DiaryLine, Home, MissingNumbers, Room
from rules.core.evidence.rows import Digits, Reading
from rules.evidence.ports import NoSuchError
from rules.evidence.refusals import no_home


@dataclass(kw_only=True)
class MemorySource:
    """:class:`rules.evidence.ports.EvidenceSource` in memory.

    Attributes:
        homes: by code.
        rows: readings by device, in any order.
        gaps, log: missing numbers and calibrations by device.
        days, weeks: what the analyst worked out, by home.
    """

    kinds: Mapping[str, Kind]
    homes: dict[str, Home] = field(default_factory=dict)
    weather: list[Room] = field(default_factory=list)
    rows: dict[int, list[Reading]] = field(default_factory=dict)
    gaps: dict[int, list[MissingNumbers]] = field(default_factory=dict)
    entries: dict[int, list[DiaryLine]] = field(default_factory=dict)
    log: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    days: dict[int, list[DampDay]] = field(default_factory=dict)
    weeks: dict[int, list[DampWeek]] = field(default_factory=dict)

    async def home(self, code: str) -> Home:
        """Return a home."""
        if code not in self.homes:
            raise NoSuchError(no_home())
        return self.homes[code]

    async def stations(self) -> Sequence[Room]:
        """Return weather stations."""
        return sorted(self.weather, key=lambda s: s.device)

    def fields(self, kind: str) -> tuple[Digits, ...]:
        """Return the fields of a kind."""
        return tuple(Digits(f.name, f.decimals, f.step) for f in self.kinds[kind].fields)

    async def readings(self, kind: str, device_id: int, start: datetime, end: datetime) -> Sequence[Reading]:
        """Return readings."""
        del kind
        found = (r for r in self.rows.get(device_id, []) if start <= r.at < end)
        return sorted(found, key=lambda r: (r.at, r.boot, r.seq))

    async def reporting(
        self, kind: str, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[int]:
        """Return the devices that have readings."""
        del kind
        return [d for d in device_ids if any(start <= r.at < end for r in self.rows.get(d, []))]

    async def missing(self, device_ids: Sequence[int]) -> Sequence[MissingNumbers]:
        """Return missing numbers."""
        return [g for d in device_ids for g in self.gaps.get(d, [])]

    async def diary(self, home_id: int, start: datetime, end: datetime) -> Sequence[DiaryLine]:
        """Return diary entries."""
        found = (e for e in self.entries.get(home_id, []) if start <= e.at < end)
        return sorted(found, key=lambda e: e.at)

    async def calibrations(
        self, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """Return the calibration log."""
        return [line for d in device_ids for line in self.log.get(d, []) if _holds(line, start, end)]

    async def damp_days(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampDay]:
        """Return the analyst's days."""
        names = self._names(home_id, device_ids)
        found = (d for d in self.days.get(home_id, []) if d.device in names and start <= d.begins_at < end)
        return sorted(found, key=lambda d: (d.device, d.day))

    async def damp_weeks(
        self, home_id: int, device_ids: Sequence[int], start: datetime, end: datetime
    ) -> Sequence[DampWeek]:
        """Return the analyst's findings."""
        names = self._names(home_id, device_ids)
        found = (w for w in self.weeks.get(home_id, []) if w.device in names)
        return sorted((w for w in found if start < w.rests_to <= end), key=lambda w: w.week)

    def _names(self, home_id: int, device_ids: Sequence[int]) -> set[str]:
        homes = (h for h in self.homes.values() if h.home_id == home_id)
        return {r.device for h in homes for r in h.rooms if r.device_id in device_ids}


def _holds(line: Mapping[str, Any], start: datetime, end: datetime) -> bool:
    to_at = line["to_at"]
    return datetime.fromisoformat(line["from_at"]) < end and (
        to_at is None or datetime.fromisoformat(to_at) > start
    )
