"""Road sensors' last readings and histories in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rules.core.context import Context
from rules.core.memory import RoadMemory
from rules.core.nowcast import slopes_c_h
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats
from rules.core.readings import known

HISTORY_STEP_S = 240.0
HISTORY_POINTS = 40
VALUES = ("surface_c", "air_c", "humidity_pct", "film_mm", "code", "freezing_point_c", "slope_c_h")
SLOPE = VALUES.index("slope_c_h")


@dataclass(frozen=True, slots=True)
class Trend:
    """How a slope is made of a history: how far back [h], and its limit [°C/h]."""

    window_h: float
    limit_c_h: float


class RoadColumns:
    """Section ``road`` in columns, a row for each road device.

    Attributes:
        at_s: last reading by row [s since 1970], NaN = none.
        values: ``VALUES`` of it by row, NaN = unknown.
        sensors: rows of the sensors, in the order of ``ctx.sensors``.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, RoadMemory]) -> None:
        self._names = ctx.names
        self._row = np.full(self._names.installed, -1, dtype=np.int64)
        self._device: list[str] = []
        self.at_s, self.values = np.empty(0), np.empty((0, len(VALUES)))
        self._times, self._temps = np.empty((0, HISTORY_POINTS)), np.empty((0, HISTORY_POINTS))
        self._touched = np.zeros(0, dtype=bool)
        self._add([d.name for d in ctx.devices.values() if d.kind == "road"])
        numbers = [self._names.number(d) for d in ctx.sensors]
        self.sensors = self._row[np.array(numbers, dtype=np.int64)]
        for device, value in memory.items():
            self.reload(device, value)

    def rows(self, devices: Numbers) -> Numbers:
        """Return the rows of installed devices."""
        missing = np.unique(devices[self._row[devices] < 0]).tolist()
        if missing:
            self._add([self._names.names[i] for i in missing])
        return self._row[devices]

    def take(self, rows: Numbers, at_s: Floats, values: Floats, trend: Trend) -> None:
        """Take newer readings of different sensors, ``values`` as ``VALUES`` without the slope."""
        times, temps = self._times[rows], self._temps[rows]
        gone = ~(at_s[:, None] - times <= trend.window_h * 3600.0 + 600.0)
        times[gone] = temps[gone] = np.nan
        # Points closer than HISTORY_STEP_S to the one before the last replace the last.
        moves = ~(at_s - times[:, -2] < HISTORY_STEP_S)
        times[moves, :-1], temps[moves, :-1] = times[moves, 1:], temps[moves, 1:]
        times[:, -1], temps[:, -1] = at_s, values[:, 0]
        self._times[rows], self._temps[rows] = times, temps
        self.at_s[rows] = at_s
        self.values[rows, :SLOPE] = values
        self.values[rows, SLOPE] = slopes_c_h(times, temps, trend.window_h, trend.limit_c_h)
        self._touched[rows] = True

    def sensed(self, name: str) -> Floats:
        """Return one of ``VALUES`` by sensor."""
        column: Floats = self.values[self.sensors, VALUES.index(name)]
        return column

    def reload(self, subject: str, value: RoadMemory) -> None:
        """Take one sensor's memory as it is now."""
        i = self._names.number(subject)
        if i is None:
            return
        row = int(self.rows(np.array([i]))[0])
        known = (getattr(value, name) for name in VALUES)
        self.at_s[row], self.values[row] = value.at_s, [np.nan if v is None else v for v in known]
        self._times[row] = self._temps[row] = np.nan
        kept = value.history[-HISTORY_POINTS:]
        if kept:
            self._times[row, -len(kept) :], self._temps[row, -len(kept) :] = zip(*kept, strict=True)
        self._touched[row] = False

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._touched.any())

    def flush(self, memory: dict[str, RoadMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._touched)
        self._touched[at] = False
        columns = (self.at_s[at], self.values[at], self._times[at], self._temps[at])
        for row, at_s, values, times, temps in zip(at.tolist(), *(c.tolist() for c in columns), strict=True):
            surface, air, humidity, film, code, freezing, slope = values
            history = tuple((t, c) for t, c in zip(times, temps, strict=True) if t == t)
            memory[self._device[row]] = RoadMemory(
                at_s, surface, air, humidity, known(film), None if code != code else int(code), known(freezing),
                slope, history,
            )  # fmt: skip

    def _add(self, devices: list[str]) -> None:
        numbers = [self._names.number(d) for d in devices]
        self._row[np.array(numbers, dtype=np.int64)] = np.arange(len(devices)) + len(self._device)
        self._device += devices
        n = len(devices)
        self.at_s = np.concatenate([self.at_s, np.full(n, np.nan)])
        self.values = np.concatenate([self.values, np.full((n, len(VALUES)), np.nan)])
        unknown = np.full((n, HISTORY_POINTS), np.nan)
        self._times = np.concatenate([self._times, unknown])
        self._temps = np.concatenate([self._temps, unknown])
        self._touched = np.concatenate([self._touched, np.zeros(n, dtype=bool)])
