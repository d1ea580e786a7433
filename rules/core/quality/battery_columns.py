"""Batteries in columns by number of the device."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rules.core.context import Context
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats
from rules.core.quality.battery import CHANGED_SHARE, follow
from rules.core.quality.days import DAY_S
from rules.core.quality_memory import BatteryMemory


class BatteryColumns:
    """Section ``battery`` in columns: enough to see whether a level says anything new."""

    def __init__(self, ctx: Context, memory: Mapping[str, BatteryMemory]) -> None:
        self._names = ctx.names
        n = self._names.installed
        self._level, self._low, self._day = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
        self._last: list[BatteryMemory | None] = [None] * n
        self._touched: set[int] = set()
        for device, value in memory.items():
            self.reload(device, value)

    def follow(self, devices: Numbers, level: Floats, at_s: Floats) -> None:
        """Take levels of different devices, NaN = not measured: :func:`rules.core.quality.battery.follow`."""
        before = self._level[devices]
        new = np.isnan(before) | (level > before * (1.0 + CHANGED_SHARE)) | (level < self._low[devices])
        new |= np.floor_divide(at_s, DAY_S) > self._day[devices]
        for k in np.flatnonzero(new & ~np.isnan(level)).tolist():
            i = int(devices[k])
            self._put(i, follow(self._last[i], float(level[k]), float(at_s[k])))
            self._touched.add(i)

    def _put(self, i: int, value: BatteryMemory) -> None:
        self._last[i] = value
        self._level[i], self._low[i], self._day[i] = value.level, value.low, value.day

    def reload(self, subject: str, value: BatteryMemory) -> None:
        """Take one device's memory as it is now."""
        i = self._names.number(subject)
        if i is not None:
            self._put(i, value)

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return len(self._touched) > 0

    def flush(self, memory: dict[str, BatteryMemory]) -> None:
        """Put what has changed into ``memory``."""
        for i in sorted(self._touched):
            found = self._last[i]
            assert found is not None, "what was touched is there"
            memory[self._names.names[i]] = found
        self._touched.clear()
