"""What is known of the bins in columns, by number of the bin. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rules.core.bin_outlook.levels import TYPICAL_L, is_sensitive, place_of
from rules.core.bin_outlook_memory import (
    BIN_COLUMNS,
    COLUMN,
    STRIP_POINTS,
    STRIP_QUANTITIES,
    SUMS,
    OutlookMemory,
    packed,
    packed_strip,
    unpacked,
    unpacked_strip,
)  # fmt: skip
from rules.core.context import Context
from rules.core.effects import Json
from rules.core.psychrometrics import Floats

Rows = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


class OutlookColumns:
    """Section ``bin_outlook`` in columns, in the registry's order.

    Attributes:
        index: numbers of the bins.
        places: kinds of place, in order; ``place``: the number of each bin's.
        scale: by how much less a bin holds than one of 240 l: the same litter fills it so much more.
        is_sensitive: where an overflow is worse than elsewhere.
        said: what is said of them, where that has been worked out (``rules.core.bin_outlook.telling``).
        strip_s, strips: the forecast strip's first step [s since 1970] (NaN: none), and bins × quantities × steps as whole
            percents (``rules.core.bin_outlook.strip``). They change with the outlook.
        noise_pct, cell_pct: standard deviation of a filtered level, and step of the sensor [% of fill].
    """

    def __init__(self, ctx: Context, memory: Mapping[str, OutlookMemory]) -> None:
        sites = list(ctx.bins.values())
        self.ids = [s.bin_id for s in sites]
        self.index = {b: i for i, b in enumerate(self.ids)}
        named = [place_of(s) for s in sites]
        self.places = sorted(set(named))
        number = {name: i for i, name in enumerate(self.places)}
        self.place: Rows = np.array([number[name] for name in named], dtype=np.int64)
        self.is_sensitive = np.array([is_sensitive(s) for s in sites], dtype=np.bool_)
        shapes = [ctx.shape(s.bin_id, ctx.catalogue.full.parameters.filter) for s in sites]
        height_mm = np.array([s.empty_mm - s.full_mm for s in shapes])
        self.scale: Floats = TYPICAL_L / np.array([s.capacity_l for s in shapes])
        self.noise_pct: Floats = np.array([s.noise_pct for s in shapes])
        self.cell_pct: Floats = 100.0 * ctx.catalogue.outlook.parameters.cell_mm / height_mm
        self._data = np.full((len(BIN_COLUMNS), len(sites)), np.nan)
        self._data[[COLUMN[name] for name in SUMS]] = 0.0
        self.strip_s: Floats = np.full(len(sites), np.nan)
        self.strips = np.zeros((len(sites), STRIP_QUANTITIES, STRIP_POINTS), dtype=np.uint8)
        self._touched = np.zeros(len(sites), dtype=np.bool_)
        self.said: list[tuple[float, Json | None]] | None = None
        for bin_id, value in memory.items():
            self.reload(bin_id, value)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, name: str) -> Floats:
        """Return a column, to be changed; whoever changes it says so by :meth:`touch`."""
        return np.asarray(self._data[COLUMN[name]])

    def touch(self, rows: Rows) -> None:
        """Say that rows have changed."""
        self._touched[rows] = True
        self.said = None

    def reload(self, subject: str, value: OutlookMemory) -> None:
        """Take one bin's memory as it is now."""
        i = self.index.get(subject)
        if i is not None:
            self._data[:, i] = unpacked(value.values, (len(BIN_COLUMNS),))
            self.strip_s[i], self.strips[i] = unpacked_strip(value.strip)
            self._touched[i] = False
            self.said = None

    def has_changed(self) -> bool:
        """Whether anything has changed since the last :meth:`flush`."""
        return bool(self._touched.any())

    def flush(self, memory: dict[str, OutlookMemory]) -> None:
        """Put what has changed into ``memory``."""
        at = np.flatnonzero(self._touched)
        self._touched[at] = False
        raw = packed(np.ascontiguousarray(self._data[:, at].T))
        size, first_s = 8 * len(BIN_COLUMNS), self.strip_s.tolist()
        for k, i in enumerate(at.tolist()):
            strip = packed_strip(first_s[i], self.strips[i])
            memory[self.ids[i]] = OutlookMemory(raw[k * size : (k + 1) * size], strip)
