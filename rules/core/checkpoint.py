"""The engine's memory at a moment of event time, in a few kilobytes: where a replay may begin.

Readings that wait are not in it: they were measured after the moment, and who begins
here reads them again.
"""

from __future__ import annotations

import zlib

import msgspec

from rules.core.memory import SECTIONS, EngineState, Row, changed_rows, from_rows

EVERY_S = 6 * 3600.0
"""Kept whenever event time passes a multiple of this [s]."""
KEPT_S = 8 * 86_400.0
"""And for so long [s]."""

_ROWS = msgspec.msgpack.Decoder(list[Row])


def is_due(before_s: float | None, after_s: float | None) -> bool:
    """Whether the memory is to be kept after a step that took event time from one time to another."""
    if after_s is None:
        return False
    return before_s is None or after_s // EVERY_S > before_s // EVERY_S


def packed(state: EngineState) -> bytes:
    """Return the memory in compressed form, without what waiting readings have led to."""
    counts = msgspec.structs.replace(state, fire_told={})
    return zlib.compress(msgspec.msgpack.encode(changed_rows(EngineState(), counts)), 1)


def unpacked(data: bytes, settled_s: float) -> EngineState | None:
    """Return the memory as of ``settled_s``; None where another version of the software wrote it."""
    rows = _ROWS.decode(zlib.decompress(data))
    if any(row.section not in SECTIONS or row.version != SECTIONS[row.section].version for row in rows):
        return None
    return from_rows(rows, settled_s, settled_s)
