"""When devices were last heard of, in columns by number of the device."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rules.core.conditions.condition import DOWN, Condition
from rules.core.context import Context
from rules.core.memory import SeenMemory
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats

NEVER_S = -np.inf


class SeenColumns:
    """Section ``seen`` in columns.

    Attributes:
        at_s: newest reading [s since 1970], ``NEVER_S`` before the first.
        silent: the alarm's condition.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, SeenMemory]) -> None:
        self._names = ctx.names
        n = self._names.installed
        self.at_s = np.full(n, NEVER_S)
        self.silent: list[Condition] = [DOWN] * n
        self._lives = np.zeros(n, dtype=bool)
        self._changed = np.zeros(n, dtype=bool)
        for device, value in memory.items():
            self.reload(device, value)

    def see(self, devices: Numbers, at_s: Floats) -> None:
        """Take readings of any devices, those of strangers not."""
        if len(devices) and int(devices.max()) >= len(self.at_s):
            mine = devices < len(self.at_s)
            devices, at_s = devices[mine], at_s[mine]
        before = self.at_s[devices]
        np.maximum.at(self.at_s, devices, at_s)
        self._changed[devices[at_s > before]] = True

    def to_look_at(self, limit_s: Floats, at_s: float) -> list[int]:
        """Return who is or becomes silent at a tick, or has been and may no longer be.

        Args:
            limit_s: how long each device may say nothing [s], infinity where nobody watches it.
            at_s: the tick [s since 1970].
        """
        silent = (at_s - self.at_s > limit_s) & (self.at_s > NEVER_S)
        return np.flatnonzero(silent | (self._lives & (limit_s < np.inf))).tolist()

    def put(self, i: int, silent: Condition) -> None:
        """Change a device's condition."""
        self.silent[i], self._lives[i], self._changed[i] = silent, len(silent.lives) > 0, True

    def reload(self, subject: str, value: SeenMemory) -> None:
        """Take one device's memory as it is now."""
        i = self._names.number(subject)
        if i is not None:
            self.at_s[i] = value.at_s
            self.put(i, value.silent)
            self._changed[i] = False

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._changed.any())

    def flush(self, memory: dict[str, SeenMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._changed)
        self._changed[at] = False
        names, silent = self._names.names, self.silent
        for i, at_s in zip(at.tolist(), self.at_s[at].tolist(), strict=True):
            memory[names[i]] = SeenMemory(at_s, silent[i])
