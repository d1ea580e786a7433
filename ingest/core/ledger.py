"""The sequence ledger's arithmetic: which sequence numbers of a device's boot are stored.

A ledger row is a set of whole numbers kept as ranges, as PostgreSQL's int8multirange
keeps them. Here: the same set in Python for the in-memory store, the reduction of a
batch to keys and runs, and the ranges that go into a receipt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RECEIPT_RANGES = 16
"""Ranges that a receipt names per boot, where the batch itself has not more."""

Range = tuple[int, int]
"""Closed: both ends belong to it."""


class RangeSet:
    """A set of integers as sorted, disjoint, non-adjacent closed ranges."""

    __slots__ = ("_first", "_last")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in ranges:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Add every integer from ``first`` to ``last``."""
        left = bisect_left(self._last, first - 1)
        right = bisect_right(self._first, last + 1)
        if left < right:
            first, last = min(first, self._first[left]), max(last, self._last[right - 1])
        self._first[left:right] = [first]
        self._last[left:right] = [last]

    def __contains__(self, value: int) -> bool:
        at = bisect_left(self._last, value)
        return at < len(self._first) and self._first[at] <= value

    def __iter__(self) -> Iterator[Range]:
        return zip(self._first, self._last, strict=True)

    def __len__(self) -> int:
        """Return the number of ranges."""
        return len(self._first)

    def overlap(self, first: int, last: int) -> list[Range]:
        """Return the parts of [first, last] that are in the set."""
        left, right = bisect_left(self._last, first), bisect_right(self._first, last)
        return [(max(first, self._first[i]), min(last, self._last[i])) for i in range(left, max(left, right))]


@dataclass(frozen=True, slots=True)
class Keys:
    """A batch's sequence numbers, reduced.

    Attributes:
        order: rows by (device, boot, seq), without duplicates within the batch; shape (u,).
        duplicates: number of rows left out of ``order``.
        device_id, boot: one per key, in key order; shape (k,).
        key_of_row: key index of each entry of ``order``; shape (u,).
        seq: sequence of each entry of ``order``; shape (u,).
        run_key, run_first, run_last: unbroken runs of sequences, closed; shape (r,).
    """

    order: NDArray[np.int64]
    duplicates: int
    device_id: NDArray[np.int32]
    boot: NDArray[np.int64]
    key_of_row: NDArray[np.int64]
    seq: NDArray[np.int64]
    run_key: NDArray[np.int64]
    run_first: NDArray[np.int64]
    run_last: NDArray[np.int64]

    def runs_of(self, key: int) -> list[int]:
        """Return where the runs of a key index begin."""
        start, end = np.searchsorted(self.run_key, [key, key + 1])
        return list(self.run_first[start:end].tolist())


def reduce_keys(device_id: NDArray[np.int32], boot: NDArray[np.int64], seq: NDArray[np.int64]) -> Keys:
    """Return keys and runs of a batch; of equal rows the first stays. All inputs shape (n,)."""
    order = np.lexsort((seq, boot, device_id))
    device_id, boot, seq = device_id[order], boot[order], seq[order]
    new_key = np.ones(len(order), dtype=bool)
    new_key[1:] = (device_id[1:] != device_id[:-1]) | (boot[1:] != boot[:-1])
    new_seq = new_key.copy()
    new_seq[1:] |= seq[1:] != seq[:-1]
    duplicates = len(order) - int(new_seq.sum())
    if duplicates:
        order, device_id, boot, seq = order[new_seq], device_id[new_seq], boot[new_seq], seq[new_seq]
        new_key = new_key[new_seq]
    new_run = new_key.copy()
    new_run[1:] |= seq[1:] != seq[:-1] + 1
    starts = np.flatnonzero(new_run)
    ends = np.append(starts[1:], len(order)) - 1 if len(starts) else starts
    key_of_row = np.cumsum(new_key) - 1
    return Keys(
        order=order,
        duplicates=duplicates,
        device_id=device_id[new_key],
        boot=boot[new_key],
        key_of_row=key_of_row,
        seq=seq,
        run_key=key_of_row[starts],
        run_first=seq[starts],
        run_last=seq[ends],
    )


def rows_not_stored(keys: Keys, overlaps: Iterable[tuple[int, Sequence[Range]]]) -> NDArray[np.bool_]:
    """Return which entries of ``keys.order`` are new; shape (u,).

    Args:
        keys: the batch.
        overlaps: per key index the ranges of the batch that the ledger held before.
    """
    new = np.ones(len(keys.order), dtype=bool)
    for key, ranges in overlaps:
        start, end = np.searchsorted(keys.key_of_row, [key, key + 1])
        of_key = keys.seq[start:end]
        for first, last in ranges:
            left, right = np.searchsorted(of_key, [first, last + 1])
            new[start + left : start + right] = False
    return new


def receipt_ranges(ranges: Iterable[Range], stored: Iterable[int]) -> tuple[Range, ...]:
    """Return those ranges of a ledger row that a receipt names, in order.

    All that hold something of the batch, since the device sends what it is not told of
    again, and again; and where those are few, the ones around them, for receipts that got lost.

    Args:
        ranges: the row's, in order, with the batch in it.
        stored: the first sequences of the batch's runs; at least one.
    """
    listed = list(ranges)
    if len(listed) <= RECEIPT_RANGES:
        return tuple(listed)
    first = [r[0] for r in listed]
    chosen = {bisect_right(first, seq) - 1 for seq in stored}
    middle = sorted(chosen)[len(chosen) // 2]
    near = range(max(0, middle - RECEIPT_RANGES), min(len(listed), middle + RECEIPT_RANGES + 1))
    others = sorted(set(near) - chosen, key=lambda place: abs(place - middle))
    chosen.update(others[: max(0, RECEIPT_RANGES - len(chosen))])
    return tuple(listed[place] for place in sorted(chosen))


def parse_multirange(text: str) -> list[Range]:
    """Return the ranges of PostgreSQL's text form of an int8multirange, ``{[1,5),[7,9)}``."""
    if text == "{}":
        return []
    pairs = (part.split(",") for part in text[2:-2].split("),["))
    return [(int(low), int(high) - 1) for low, high in pairs]
