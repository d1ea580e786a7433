"""Batches into memory: the in-memory adapter of the sink's port.

It keeps what PostgreSQL would, decides with the same pure functions, and passes the same
tests. For tests of what stands around a sink, and for trying ingest without a database.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from cityops.clock import Clock
from cityops.errors import TransientError
from ingest.core.batch import Batch, DiaryRow, refused_reading
from ingest.core.known_devices import KnownDevice
from ingest.core.ledger import Keys, Range, RangeSet, receipt_ranges
from ingest.core.letter_limit import LetterLimiter, LetterLimits, Overflow
from ingest.core.letters import KeptLetter
from ingest.core.lorawan.marks import InboxMarks
from ingest.core.merge import batch_keys, select_fresh
from ingest.core.readings import Readings
from ingest.core.reasons import DeadLetter
from ingest.ports import KeyReceipt, LettersTakenError, Stored, UnstorableError


class MemorySink:
    """A :class:`ingest.ports.ReadingSink` and ``DeviceSource`` in memory.

    Attributes:
        devices: as registered.
        readings: stored readings by kind, as dictionaries of column to value.
        dead_letters, diary, status, reported: what else was stored.
        clocks: clock offsets of boots by (device_id, boot) [µs].
        kept: dead letters that were kept, by their number.
        counted: dead letters that were counted and not kept, and when.
        down: while True, nothing can be stored or loaded.
        refuse: values of ``(kind, field)`` that are refused, as a table's check would.
        settle_events: takes what is written of LoRaWAN events, or raises EventsTakenError.
    """

    def __init__(
        self, devices: Iterable[KnownDevice], clock: Clock, limits: LetterLimits | None = None
    ) -> None:
        self.devices = list(devices)
        self._names = {d.device_id: d.name for d in self.devices}
        self._clock = clock
        self._limiter = LetterLimiter(limits or LetterLimits())
        self._ledger: defaultdict[tuple[int, int], RangeSet] = defaultdict(RangeSet)
        self.readings: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.dead_letters: list[DeadLetter] = []
        self.clocks: dict[tuple[int, int], int] = {}
        self.kept: dict[int, KeptLetter] = {}
        self.counted: list[tuple[datetime, Overflow]] = []
        self.diary: list[DiaryRow] = []
        self.status: dict[int, str] = {}
        self.reported: dict[int, str] = {}
        self.batches: list[Stored] = []
        self.down = False
        self.refuse: dict[tuple[str, str], float] = {}
        self.settle_events: Callable[[InboxMarks], None] = lambda marks: None

    async def load(self) -> list[KnownDevice]:
        """Return the devices as they are now."""
        self._fail_when_down()
        self._names = {d.device_id: d.name for d in self.devices}
        return list(self.devices)

    async def store(self, batch: Batch, shard: int | None) -> Stored:
        """Store a batch; see :class:`ingest.ports.ReadingSink`."""
        self._fail_when_down()
        keys = batch_keys(batch)
        overlaps = self._overlaps(keys)
        fresh = select_fresh(batch, keys, overlaps)
        refusals = [self._refused(readings) for readings in fresh.readings]
        self._check_replay(batch, refusals)
        if batch.inbox is not None:
            self.settle_events(batch.inbox)
        self._record(keys)
        counts: Counter[str] = Counter()
        for readings, refused in zip(fresh.readings, refusals, strict=True):
            for row in np.flatnonzero(~refused).tolist():
                self.readings[readings.kind.name].append(self._row(readings, row))
            for row in np.flatnonzero(refused).tolist():
                name = self._names[int(readings.device_id[row])]
                fresh.dead_letters.append(refused_reading(batch, readings, row, name, "a check"))
            if not refused.all():
                counts[readings.kind.name] += int((~refused).sum())
        self.diary += fresh.diary
        self.clocks = batch.clocks | self.clocks
        self.status |= {i: s.status for i, s in batch.statuses.items()}
        self.reported |= {i: r.reported for i, r in batch.reported.items()}
        registered = frozenset(self._names.values())
        verdict = self._limiter.judge(fresh.dead_letters, registered, self._clock.monotonic())
        self.dead_letters += verdict.kept
        now = self._clock.now()
        for letter in verdict.kept:
            self.kept[len(self.kept) + 1] = kept_letter(letter, len(self.kept) + 1, now)
        self.counted += [(now, over) for over in verdict.overflow]
        for number in () if batch.replay is None else batch.replay.done:
            self.kept[number] = replace(self.kept[number], replayed_at=now)
        self._limiter.settle(verdict)
        stored = Stored(
            batch_id=len(self.batches) + 1,
            readings=dict(counts),
            diary=len(fresh.diary),
            duplicates=fresh.duplicates,
            dead_letters=dict(Counter(str(d.reason) for d in fresh.dead_letters)),
            overflow=verdict.overflow,
            receipts=self._receipts(keys),
        )
        self.batches.append(stored)
        return stored

    async def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def _check_replay(self, batch: Batch, refusals: list[Any]) -> None:
        if batch.replay is None:
            return
        ids = batch.replay.letter_ids
        taken = {n for n in ids if n not in self.kept or self.kept[n].replayed_at is not None}
        if taken:
            raise LettersTakenError(taken)
        if any(refused.any() for refused in refusals):
            raise UnstorableError("a check")

    def _fail_when_down(self) -> None:
        if self.down:
            raise TransientError("the memory sink is down")

    def _overlaps(self, keys: Keys) -> list[tuple[int, list[Range]]]:
        found = []
        for key, first, last in zip(keys.run_key, keys.run_first, keys.run_last, strict=True):
            held = self._ledger[int(keys.device_id[key]), int(keys.boot[key])]
            if overlap := held.overlap(int(first), int(last)):
                found.append((int(key), overlap))
        return found

    def _record(self, keys: Keys) -> None:
        for key, first, last in zip(keys.run_key, keys.run_first, keys.run_last, strict=True):
            self._ledger[int(keys.device_id[key]), int(keys.boot[key])].add(int(first), int(last))

    def _receipts(self, keys: Keys) -> list[KeyReceipt]:
        receipts = []
        for key in range(len(keys.device_id)):
            device_id, boot = int(keys.device_id[key]), int(keys.boot[key])
            if boot >= 0:
                ranges = receipt_ranges(self._ledger[device_id, boot], keys.runs_of(key))
                receipts.append(KeyReceipt(device_id, boot, ranges))
        return receipts

    def _refused(self, readings: Readings) -> Any:
        refused = np.zeros(len(readings), dtype=bool)
        for column, field in enumerate(readings.kind.fields):
            value = self.refuse.get((readings.kind.name, field.name))
            if value is not None:
                refused |= readings.values[:, column] == value
        return refused

    def _row(self, readings: Readings, row: int) -> dict[str, Any]:
        pairs = zip(readings.kind.fields, readings.values[row].tolist(), strict=True)
        return {
            "ts_us": int(readings.ts_us[row]),
            "device_id": int(readings.device_id[row]),
            "seq": int(readings.seq[row]),
            "boot": int(readings.boot[row]),
            **{f.name: None if v != v else v for f, v in pairs},
            "quality": int(readings.quality[row]),
        }


def kept_letter(letter: DeadLetter, letter_id: int, received_at: datetime) -> KeptLetter:
    """Return a dead letter as it is read back."""
    return KeptLetter(
        letter_id=letter_id,
        received_at=received_at,
        topic=letter.topic,
        device=letter.device,
        kind=letter.kind,
        reason_code=str(letter.reason),
        reason=letter.sentence,
        field=letter.field,
        device_id=letter.device_id if letter.has_key else None,
        boot=letter.boot,
        seq=letter.seq,
        payload=letter.payload,
        payload_bytes=letter.payload_bytes,
        replayed_at=None,
    )
