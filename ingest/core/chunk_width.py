"""How wide the chunks of a hypertable are, from the rate at which readings are expected.

New readings go into the newest chunk and its indexes: as long as these stay in memory an
insert costs no reads. A wide chunk, on the other hand, compresses better (up to 1,000
readings of a device share a compressed row) and leaves fewer chunks to plan over. So the
chunks are as wide as memory allows, within bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from devices.contract.kind import Kind, Storage

MEMORY_SHARE = 0.25
"""Part of the server's memory for tables that all newest chunks together may take."""

WIDTHS = (
    *(timedelta(hours=h) for h in (1, 2, 4, 8, 12)),
    *(timedelta(days=d) for d in (1, 2, 3, 10, 30)),
)
"""What a width is rounded down to. Three and ten days hold just under one and three times 1,000
readings at five minutes; a week holds 16 more than two times, whose own compressed row per
device costs more than they do."""

DEFAULT_WIDTH = timedelta(days=10)
"""For a kind of which no device is registered."""

_ROW_BYTES = 28  # line pointer, header; PostgreSQL documentation, "Database Page Layout"
_KEY_BYTES = 48  # ts, device_id, seq, boot, quality, received_at, with alignment
_INDEX_BYTES = 56  # measured: (device_id, ts), filled in order of time (docs/benchmarks.md)
_STORAGE_BYTES: Mapping[Storage, int] = {"real": 4, "double precision": 8, "smallint": 2}


def bytes_per_reading(kind: Kind) -> int:
    """Return what a reading takes in the newest chunk, index included [bytes]."""
    return _ROW_BYTES + _KEY_BYTES + _INDEX_BYTES + sum(_STORAGE_BYTES[f.storage] for f in kind.fields)


def chunk_widths(
    kinds: Iterable[Kind], readings_per_day: Mapping[str, float], memory_bytes: float
) -> dict[str, timedelta]:
    """Return a width by kind's name.

    A kind that needs less than its part of the memory leaves the rest to the others.

    Args:
        kinds: whose tables there are.
        readings_per_day: expected, by kind's name.
        memory_bytes: memory of the server for tables and their indexes.
    """
    daily = {k.name: bytes_per_reading(k) * readings_per_day.get(k.name, 0.0) for k in kinds}
    busy = sorted((rate, name) for name, rate in daily.items() if rate > 0.0)
    widths = dict.fromkeys(daily, DEFAULT_WIDTH)
    left = MEMORY_SHARE * memory_bytes
    for number, (rate, name) in enumerate(busy):
        width = _rounded_down(left / (len(busy) - number) / rate)
        left = max(0.0, left - rate * (width / timedelta(days=1)))
        widths[name] = width
    return widths


def _rounded_down(days: float) -> timedelta:
    fitting = [w for w in WIDTHS if w / timedelta(days=1) <= days]
    return fitting[-1] if fitting else WIDTHS[0]
