"""The newest road forecast of each segment in columns, in the order of the graph."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rules.core.context import Context
from rules.core.memory import ForecastMemory
from rules.core.numbers import Numbers
from rules.core.psychrometrics import Floats
from rules.core.road_now.table import HOURS, QUANTITIES, UNKNOWN, Shorts, unpacked

SHAPE = (len(QUANTITIES), HOURS)
LITTLE = "<i2"
"""Whole numbers as bytes: the lower one first, whatever the machine."""


class ForecastColumns:
    """Section ``forecast`` in columns.

    Attributes:
        issued_s: of the newest forecast by segment [s since 1970], NaN = none.
        by_forecast: whether somebody forecast the weather of it.
        off_c: by how much its own sensor is wrong [°C]; NaN = it is not, or there is none.
        salt_g_m2: that it has on the road when it is issued, NaN = not told.
        whole: segments × quantities × hours.
    """

    def __init__(self, ctx: Context, memory: Mapping[str, ForecastMemory]) -> None:
        self._index = ctx.graph.segment_index
        self._ids = list(self._index)
        n = len(self._ids)
        self.issued_s, self.off_c, self.salt_g_m2 = (np.full(n, np.nan) for _ in range(3))
        self.by_forecast, self._touched = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.whole: Shorts = np.full((n, *SHAPE), UNKNOWN, dtype=np.int16)
        self._values: Floats | None = None
        for segment_id, value in memory.items():
            self.reload(segment_id, value)

    def values(self) -> Floats:
        """Return the tables' values: segments × quantities × hours, NaN = unknown; worked out once an issue."""
        if self._values is None:
            self._values = unpacked(self.whole)
        return self._values

    def rows(self, segment_ids: list[str]) -> Numbers:
        """Return the rows of segments, -1 for one that is not installed."""
        return np.array([self._index.get(i, -1) for i in segment_ids], dtype=np.int64)

    def take(
        self,
        rows: Numbers,
        issued_s: Floats,
        by_forecast: NDArray[np.bool_],
        off_c: Floats,
        whole: Shorts,
        salt_g_m2: Floats,
    ) -> None:
        """Take newer forecasts of different segments."""
        self.salt_g_m2[rows] = salt_g_m2
        self.issued_s[rows], self.by_forecast[rows], self.off_c[rows] = issued_s, by_forecast, off_c
        self.whole[rows] = whole.reshape(len(rows), *SHAPE)
        self._touched[rows], self._values = True, None

    def reload(self, subject: str, value: ForecastMemory) -> None:
        """Take one segment's memory as it is now."""
        i = self._index.get(subject)
        if i is None:
            return
        self.issued_s[i], self.by_forecast[i] = value.issued_s, value.by_forecast
        self.off_c[i] = np.nan if value.off_c is None else value.off_c
        self.salt_g_m2[i] = np.nan if value.salt_g_m2 is None else value.salt_g_m2
        self.whole[i] = np.frombuffer(value.table, dtype=LITTLE).reshape(SHAPE)
        self._touched[i], self._values = False, None

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._touched.any())

    def flush(self, memory: dict[str, ForecastMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._touched)
        self._touched[at] = False
        tables = self.whole[at].astype(LITTLE)
        columns = (self.issued_s[at], self.by_forecast[at], self.off_c[at], self.salt_g_m2[at])
        for row, table, issued_s, by_forecast, off_c, salt_g_m2 in zip(
            at.tolist(), tables, *(c.tolist() for c in columns), strict=True
        ):
            off, salt = (None if v != v else v for v in (off_c, salt_g_m2))
            memory[self._ids[row]] = ForecastMemory(issued_s, table.tobytes(), by_forecast, off, salt)
