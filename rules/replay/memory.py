"""Readings in memory with the behaviour of the database's: for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rules.core.readings import ReadingBatch, Readings
from rules.replay.ports import SPAN_S


@dataclass(frozen=True, slots=True)
class MemoryReadings:
    """:class:`rules.replay.ports.ReadingSource` of one batch of any length, in any order."""

    readings: ReadingBatch

    def spans(self, from_s: float, to_s: float) -> Iterator[ReadingBatch]:
        """Yield the readings in order of time."""
        chosen = {k: r.where((r.ts_s >= from_s) & (r.ts_s < to_s)) for k, r in self.readings.items()}
        yield from in_order_of_time({k: r for k, r in chosen.items() if len(r)})


def in_order_of_time(readings: Mapping[str, Readings]) -> Iterator[ReadingBatch]:
    """Yield readings a span at a time, their places counted over all kinds by time."""
    if not readings:
        return
    kinds = sorted(readings)
    ts_s = np.concatenate([readings[k].ts_s for k in kinds])
    position = np.empty(len(ts_s), dtype=np.int64)
    position[np.argsort(ts_s, kind="stable")] = np.arange(len(ts_s))
    starts = np.cumsum([0, *(len(readings[k]) for k in kinds)])
    placed = {k: _sorted(readings[k], position[starts[i] : starts[i + 1]]) for i, k in enumerate(kinds)}
    first, last = float(ts_s.min()) // SPAN_S, float(ts_s.max()) // SPAN_S
    edges = (np.arange(first, last + 2) * SPAN_S).tolist()
    cuts = {k: np.searchsorted(r.ts_s, edges) for k, r in placed.items()}
    for i in range(len(edges) - 1):
        part = {k: placed[k].take(int(c[i]), int(c[i + 1])) for k, c in cuts.items() if c[i] < c[i + 1]}
        if part:
            yield part


def _sorted(rows: Readings, position: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Readings:
    order = np.argsort(position, kind="stable")
    return Readings(
        position[order],
        rows.ts_s[order],
        [rows.device[i] for i in order.tolist()],
        rows.quality[order],
        {name: column[order] for name, column in rows.fields.items()},
    )
