"""The step between a batch and its tables, the same for every sink: numbers, ledger, what is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.core.batch import Batch, DiaryRow
from ingest.core.ledger import Keys, Range, reduce_keys, rows_not_stored
from ingest.core.readings import Readings
from ingest.core.reasons import DeadLetter


@dataclass(frozen=True, slots=True)
class Fresh:
    """What of a batch is not stored yet; readings by (device, boot, sequence)."""

    readings: list[Readings]
    diary: list[DiaryRow]
    dead_letters: list[DeadLetter]
    duplicates: int


def batch_keys(batch: Batch) -> Keys:
    """Return the reduced sequence numbers of readings, diary, numbered dead letters and bare numbers, in that order."""
    letters = [d for d in batch.dead_letters if d.has_key]
    others: list[tuple[int | None, ...]] = [(d.device_id, d.boot, d.seq) for d in batch.diary]
    others += [(d.device_id, d.boot, d.seq) for d in letters]
    others += batch.numbers
    tail = np.array(others, dtype=np.int64).reshape(-1, 3)
    device_id = [*(r.device_id for r in batch.readings), tail[:, 0].astype(np.int32)]
    boot = [*(r.boot for r in batch.readings), tail[:, 1]]
    seq = [*(r.seq for r in batch.readings), tail[:, 2]]
    return reduce_keys(np.concatenate(device_id), np.concatenate(boot), np.concatenate(seq))


def select_fresh(batch: Batch, keys: Keys, overlaps: Iterable[tuple[int, Sequence[Range]]]) -> Fresh:
    """Return what is new of ``batch``.

    Args:
        batch: the batch.
        keys: its ``batch_keys``.
        overlaps: per key index what of the batch's numbers the ledger held before.
    """
    new = rows_not_stored(keys, overlaps)
    if batch.replay is not None and batch.replay.own_keys:
        new |= _own(keys, batch.replay.own_keys)
    rows = keys.order[new]
    duplicates = keys.duplicates + len(keys.order) - len(rows)
    readings, offset = [], 0
    for part in batch.readings:
        mine = rows[(rows >= offset) & (rows < offset + len(part))] - offset
        offset += len(part)
        if len(mine):
            readings.append(part.take(mine))
    tail = set((rows[rows >= offset] - offset).tolist())
    diary = [d for i, d in enumerate(batch.diary) if i in tail]
    place, letters = len(batch.diary), []
    for letter in batch.dead_letters:
        if not letter.has_key:
            letters.append(letter)
            continue
        if place in tail:
            letters.append(letter)
        place += 1
    return Fresh(readings, diary, letters, duplicates)


def _own(keys: Keys, own_keys: AbstractSet[tuple[int, int, int]]) -> NDArray[np.bool_]:
    """Return which entries of ``keys.order`` are in the ledger because of the letters that are played again."""
    device_id, boot = keys.device_id[keys.key_of_row], keys.boot[keys.key_of_row]
    rows = zip(device_id.tolist(), boot.tolist(), keys.seq.tolist(), strict=True)
    return np.fromiter((row in own_keys for row in rows), dtype=np.bool_, count=len(keys.order))
