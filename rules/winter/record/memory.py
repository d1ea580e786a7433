"""Rows of nights and records in memory: for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from rules.core.winter_record import KeptRecord
from rules.winter.record.ports import NewRecord, Night, NightRows

NOTHING = NightRows((), (), (), (), {}, {})


@dataclass
class MemoryNights:
    """:class:`rules.winter.record.ports.NightSource` in memory: the same rows for every night."""

    found: NightRows = NOTHING

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        return self.found


@dataclass
class MemoryRecords:
    """:class:`rules.winter.record.ports.RecordBook` in memory.

    Attributes:
        busy: times at which something happened [s since 1970].
        counted: up to which event time readings have counted [s since 1970].
        records: those that are kept.
    """

    busy: Sequence[float] = ()
    counted: float | None = None
    records: dict[date, NewRecord] = field(default_factory=dict)

    async def due(self, nights: Sequence[Night]) -> list[date]:
        """Return the nights in which something happened and of which no record is kept."""
        found = [n for n in nights if any(n.from_s <= s < n.to_s for s in self.busy)]
        return sorted(n.night for n in found if n.night not in self.records)

    async def counted_s(self) -> float | None:
        """Return up to which event time readings have counted."""
        return self.counted

    async def kept(self, night: date) -> tuple[KeptRecord, bytes] | None:
        """Return the record that is kept of a night; when it was made is not known here."""
        found = self.records.get(night)
        if found is None:
            return None
        record = KeptRecord(made_s=0.0, pack_id=found.pack_id, key_id=found.key_id, sha256=found.sha256)
        return record, found.pack

    async def put(self, new: NewRecord) -> bool:
        """Keep a record; False where one of its night is kept already."""
        return self.records.setdefault(new.night, new) is new
