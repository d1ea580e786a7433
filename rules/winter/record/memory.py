"""Rows of nights in memory: for tests."""

from __future__ import annotations

from dataclasses import dataclass

from rules.winter.record.ports import NightRows

NOTHING = NightRows((), (), (), (), {}, {})


@dataclass
class MemoryNights:
    """:class:`rules.winter.record.ports.NightSource` in memory: the same rows for every night."""

    found: NightRows = NOTHING

    async def rows(self, from_s: float, to_s: float) -> NightRows:
        """Return the rows of a night."""
        return self.found
