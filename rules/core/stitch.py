"""Join batches of readings into one, keeping their order of receipt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rules.core.numbers import Devices
from rules.core.readings import ReadingBatch, Readings


def stitch(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """Return the batches as one, the first one's readings before the second's."""
    parts: dict[str, list[Readings]] = {}
    offset = 0
    for batch in batches:
        for kind, rows in batch.items():
            moved = Readings(rows.position + offset, rows.ts_s, rows.device, rows.quality, rows.fields)
            parts.setdefault(kind, []).append(moved)
        offset += 1 + max((int(r.position[-1]) for r in batch.values() if len(r)), default=0)
    return {kind: _join(rows) for kind, rows in parts.items()}


def _join(rows: Sequence[Readings]) -> Readings:
    names = sorted({name for r in rows for name in r.fields})
    return Readings(
        position=np.concatenate([r.position for r in rows]),
        ts_s=np.concatenate([r.ts_s for r in rows]),
        device=_devices([r.device for r in rows]),
        quality=np.concatenate([r.quality for r in rows]),
        fields={n: np.concatenate([r.column(n) for r in rows]) for n in names},
    )


def _devices(parts: Sequence[Sequence[str]]) -> Sequence[str]:
    first = parts[0]
    if isinstance(first, Devices):
        same = [first.of.of(part) for part in parts]
        return Devices(first.of, np.concatenate([part.number for part in same]))
    return [d for part in parts for d in part]
