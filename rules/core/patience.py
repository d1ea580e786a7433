"""Readings that wait for those measured before them, in cells of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.readings import SUSPECT_CLOCK, ReadingBatch, Readings
from rules.core.stitch import stitch

CELLS = 12


@dataclass(frozen=True, slots=True)
class Patience:
    """How long readings wait: ``lateness_s`` [s], in cells of a twelfth of it."""

    lateness_s: float

    @property
    def _cell_s(self) -> float:
        return self.lateness_s / CELLS

    def cell(self, ts_s: Floats) -> Floats:
        """Return the cells that times lie in; without lateness each time is a cell of its own."""
        return np.ceil(ts_s / self._cell_s) if self.lateness_s > 0.0 else ts_s

    def last_settled(self, seen_s: Floats) -> Floats:
        """Return the last cell that is settled once times have been seen."""
        if self.lateness_s > 0.0:
            return np.floor((seen_s - self.lateness_s) / self._cell_s)
        return seen_s


@dataclass(frozen=True, slots=True)
class Waiting:
    """Readings that do not count yet.

    Attributes:
        cells: by number of the cell of time, what came of it step by step; each part in receive order.
    """

    cells: Mapping[float, tuple[ReadingBatch, ...]] = field(default_factory=dict)

    @property
    def first_s(self) -> float | None:
        """The oldest time [s since 1970], None where none waits."""
        if not self.cells:
            return None
        return min(float(r.ts_s.min()) for part in self.cells[min(self.cells)] for r in part.values())

    def of_kind(self, kind: str) -> Readings | None:
        """Return those of a kind, by cell and in receive order; None where there is none."""
        parts = [
            {kind: part[kind]} for cell in sorted(self.cells) for part in self.cells[cell] if kind in part
        ]
        return stitch(parts)[kind] if parts else None


NOTHING = Waiting()


def still_waiting(readings: ReadingBatch, settled_s: float | None, lateness_s: float) -> Waiting:
    """Return those of readings seen before that do not count yet: the trusted ones after ``settled_s``."""
    after_s = -np.inf if settled_s is None else settled_s
    trusted = {k: r.where((r.quality & SUSPECT_CLOCK) == 0) for k, r in readings.items()}
    found = {k: r.where(r.ts_s > after_s) for k, r in trusted.items()}
    return put(NOTHING, {k: r for k, r in found.items() if len(r)}, Patience(lateness_s))


def put(waiting: Waiting, readings: ReadingBatch, patience: Patience) -> Waiting:
    """Return what waits with new readings in their cells."""
    cells = dict(waiting.cells)
    of_kind = {kind: patience.cell(r.ts_s) for kind, r in readings.items()}
    for cell in sorted({float(c) for found in of_kind.values() for c in np.unique(found)}):
        part = {kind: readings[kind].where(c == cell) for kind, c in of_kind.items() if (c == cell).any()}
        cells[cell] = (*cells.get(cell, ()), part)
    return Waiting(cells)
