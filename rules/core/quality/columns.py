"""What data quality remembers of the devices, in columns by number of the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.context import Context
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats
from rules.core.quality import days
from rules.core.quality_memory import Held, QualityMemory
from rules.core.readings import REPAIRED_CLOCK

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
UNKNOWN = QualityMemory()


@dataclass(frozen=True, slots=True)
class HeldColumns:
    """A field's last value by device, NaN = none yet; since when it is that, in how many readings."""

    value: Floats
    since_s: Floats
    n: Ints

    def hold(self, devices: Numbers, value: Floats, at_s: Floats) -> None:
        """Take values, none of them NaN, of different devices: :func:`rules.core.quality.signal.hold`."""
        same = self.value[devices] == value
        self.since_s[devices] = np.where(same, self.since_s[devices], at_s)
        self.n[devices] = np.where(same, self.n[devices] + 1, 1)
        self.value[devices] = value

    def put(self, i: int, held: Held) -> None:
        """Take one device's."""
        self.value[i], self.since_s[i], self.n[i] = held.value, held.since_s, held.n


class QualityColumns:
    """Section ``quality`` in columns.

    Attributes:
        at_s: newest reading by device [s since 1970], 0 before the first.
        jumps: by device, when it changed faster than physics allows.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, QualityMemory]) -> None:
        self._names = ctx.names
        n = self._names.installed
        self.at_s, self._from_s = np.zeros(n), np.zeros(n)
        self._day, self._n, self._repaired = (np.zeros(n, dtype=np.int64) for _ in range(3))
        self._known, self._touched = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.jumps: list[tuple[float, ...]] = [()] * n
        self._last: list[QualityMemory] = [UNKNOWN] * n
        self._held: dict[str, HeldColumns] = {}
        for device, value in memory.items():
            self.reload(device, value)

    def held(self, field: str) -> HeldColumns:
        """Return the columns of a field."""
        if field not in self._held:
            n = len(self.at_s)
            self._held[field] = HeldColumns(np.full(n, np.nan), np.zeros(n), np.zeros(n, dtype=np.int64))
        return self._held[field]

    def count(self, devices: Numbers, at_s: Floats, quality: Ints) -> None:
        """Count newer readings of different devices where they belong to the day that is counted."""
        this = np.floor_divide(at_s, days.DAY_S).astype(np.int64)
        new = ~self._known[devices]
        self._day[devices] = day = np.where(new, this, self._day[devices])
        self._from_s[devices] = np.where(new, at_s, self._from_s[devices])
        counts = this == day
        self._n[devices] += counts
        self._repaired[devices] += counts & ((quality & REPAIRED_CLOCK) != 0)
        self.at_s[devices] = at_s
        self._known[devices] = self._touched[devices] = True

    def reload(self, subject: str, value: QualityMemory) -> None:
        """Take one device's memory as it is now."""
        i = self._names.number(subject)
        if i is None:
            return  # no longer installed: nobody writes it
        self._last[i], self._known[i], self._touched[i] = value, True, False
        self.at_s[i], self._day[i], self._from_s[i] = value.at_s, value.day, value.from_s
        self._n[i], self._repaired[i], self.jumps[i] = value.n, value.repaired, value.jumps
        for field, held in value.held.items():
            self.held(field).put(i, held)

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._touched.any())

    def flush(self, memory: dict[str, QualityMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._touched)
        if len(at) == 0:
            return
        self._touched[at] = False
        held = self._helds(at)
        columns = (at, self.at_s[at], self._day[at], self._from_s[at], self._n[at], self._repaired[at])
        names, last, jumps = self._names.names, self._last, self.jumps
        for (i, at_s, day, from_s, n, repaired), values in zip(
            zip(*(c.tolist() for c in columns), strict=True), held, strict=True
        ):
            was = last[i]
            last[i] = memory[names[i]] = QualityMemory(
                at_s, values, jumps[i], day, from_s, n, repaired, was.suspect, was.told
            )

    def _helds(self, at: Numbers) -> list[dict[str, Held]]:
        found: list[dict[str, Held]] = [{} for _ in at]
        for field, columns in self._held.items():
            rows = np.flatnonzero(~np.isnan(columns.value[at]))
            of = at[rows]
            parts = (rows, columns.value[of], columns.since_s[of], columns.n[of])
            for k, value, since_s, n in zip(*(p.tolist() for p in parts), strict=True):
                found[k][field] = Held(value, since_s, n)
        return found
