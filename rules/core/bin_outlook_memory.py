"""What is remembered of how bins fill, of chances told, and of what came. Numbers in order, 8 bytes each, the lower byte first.

They are many and change every hour: as text they would be four times as long, and not as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import numpy as np
from numpy.typing import NDArray

LITTLE = "<f8"

BIN_COLUMNS = (
    # The level that was learnt from last: when it was measured [s since 1970], what it was [%], when the bin was emptied before [s since 1970].
    "seen_s", "seen_pct", "cycle_s",
    # Faded sums, as of when [s since 1970]: added [%], hours weighted by the profile, squares of what was unexpected [%²], what those were expected to be over the spread [%].
    "as_of_s", "added_pct", "hours", "squares_pct2", "squares_due_pct",
    # The day that squares are being taken of: its begin [s since 1970], added [%], expected [%], variance of what could not be seen [%²].
    "day_s", "day_added_pct", "day_expected_pct", "day_unseen_pct2",
    # Whether it is to be collected by its chance: 1 or 0.
    "due",
    # The chance that is waited on: its level's time [s since 1970] and fill [%], rate [%/h], spread [%], strength [h], end [s since 1970]; as reckoned, as told.
    "told_s", "told_pct", "told_rate_pct_h", "told_spread_pct", "told_strength_h", "told_till_s", "told_raw", "told_p",
    # The outlook: chance, next service after the coming one and that one [s since 1970], fill then [%], median and 80 % of the time of being full [s since 1970], rate [%/h], whence.
    "p", "next_s", "service_s", "service_pct", "full_s", "full_from_s", "full_to_s", "rate_pct_h", "source",
)  # fmt: skip
"""What is known of a bin; unknown is NaN."""

COLUMN: Mapping[str, int] = MappingProxyType({name: i for i, name in enumerate(BIN_COLUMNS)})

SUMS = ("added_pct", "hours", "squares_pct2", "squares_due_pct", "as_of_s", "due")
"""Columns that begin at 0."""


STRIP_POINTS, STRIP_QUANTITIES = 14, 4
"""The forecast strip (``rules.core.bin_outlook.strip``): steps of half a day, a week together, and what is said at each."""
STRIP_BYTES = 8 + STRIP_POINTS * STRIP_QUANTITIES


class OutlookMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bin; ``values``: in the order of ``BIN_COLUMNS``; ``strip``: time of the first step, then quantities × steps, a byte each; empty: none."""

    values: bytes
    strip: bytes = b""


class ShapeMemory(msgspec.Struct, frozen=True):
    """A kind of place: faded sums by hour of the week, 168 of what was added and 168 of what an even week would have added [%]; as of when [s since 1970]."""

    as_of_s: float
    values: bytes


class ChancesMemory(msgspec.Struct, frozen=True):
    """What came of told chances: faded sums (``rules.core.bin_outlook.chances``); as of when [s since 1970]."""

    as_of_s: float
    values: bytes


def packed(values: NDArray[np.float64]) -> bytes:
    """Return numbers as bytes."""
    return values.astype(LITTLE).tobytes()


def packed_strip(first_s: float, values: NDArray[np.uint8]) -> bytes:
    """Return a strip as bytes; ``first_s`` NaN: there is none."""
    return b"" if first_s != first_s else np.array(first_s, LITTLE).tobytes() + values.tobytes()


def unpacked_strip(raw: bytes) -> tuple[float, NDArray[np.uint8]]:
    """Return a strip's first step [s since 1970], NaN: there is none, and its quantities × steps."""
    if len(raw) != STRIP_BYTES:
        return float("nan"), np.zeros((STRIP_QUANTITIES, STRIP_POINTS), np.uint8)
    values = np.frombuffer(raw, np.uint8, offset=8).reshape(STRIP_QUANTITIES, STRIP_POINTS)
    return float(np.frombuffer(raw, LITTLE, 1)[0]), values


def unpacked(raw: bytes, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return numbers from bytes, which can be changed."""
    return np.frombuffer(raw, dtype=LITTLE).astype(np.float64).reshape(shape)
