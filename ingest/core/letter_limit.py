"""Which dead letters are kept in full: so many and so many bytes per sender. Pure; time is an argument.

A token bucket per sender: a bad backlog is kept at once, a device that babbles is kept at a
steady rate, and what is over is counted. A judgement changes nothing until it is settled, so
that a batch which is tried again after a failure is neither charged twice nor judged on
charges of its own.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from devices.contract.topics import shard_in
from ingest.core.reasons import DeadLetter, Reason

SWEEP_FROM = 1024
"""Buckets below which it is not worth looking for full ones."""

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLimits:
    """How much of one sender is kept.

    Attributes:
        letters_per_hour, letters_burst: letters, for ever and at once.
        bytes_per_hour, bytes_burst: their payloads [bytes].
        strangers: how many times as much all unregistered names of a shard are given together.
    """

    letters_per_hour: float = 60.0
    letters_burst: float = 500.0
    bytes_per_hour: float = 128 * 1024.0
    bytes_burst: float = 2048 * 1024.0
    strangers: float = 10.0


class Sender(NamedTuple):
    """Who a letter is charged to: a registered device, or all strangers of a shard.

    ``shard`` is None for a device, and for topics that name none.
    """

    device: str | None
    shard: int | None


@dataclass(frozen=True, slots=True)
class Overflow:
    """Letters of one sender and reason that are counted and not kept; bytes as sent."""

    sender: Sender
    reason: Reason
    letters: int
    payload_bytes: int


@dataclass(slots=True)
class _Bucket:
    """What is left of a sender's allowance at a time [s]."""

    letters: float
    payload_bytes: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which letters of a batch are kept; to be settled once that is stored for good."""

    kept: list[DeadLetter] = field(default_factory=list)
    overflow: list[Overflow] = field(default_factory=list)
    at_s: float = 0.0
    buckets: dict[Sender, _Bucket] = field(default_factory=dict)


class LetterLimiter:
    """Keeps the senders' buckets. One that is full again is forgotten: it says nothing."""

    def __init__(self, limits: LetterLimits) -> None:
        self._limits = limits
        self._buckets: dict[Sender, _Bucket] = {}
        self._sweep_at = SWEEP_FROM

    def __len__(self) -> int:
        """Return the number of senders that are remembered."""
        return len(self._buckets)

    def judge(self, letters: Sequence[DeadLetter], registered: Container[str], now_s: float) -> Verdict:
        """Return which letters to keep, in their order, and the count of the others; changes nothing.

        Args:
            letters: of one batch.
            registered: names of the registered devices.
            now_s: monotonic time [s].
        """
        kept: list[DeadLetter] = []
        over: dict[tuple[Sender, Reason], tuple[int, int]] = {}
        buckets: dict[Sender, _Bucket] = {}
        for letter in letters:
            sender = sender_of(letter, registered)
            bucket = buckets.get(sender)
            if bucket is None:
                bucket = buckets[sender] = self._filled(sender, now_s)
            if bucket.letters >= 1.0 and bucket.payload_bytes >= len(letter.payload):
                bucket.letters -= 1.0
                bucket.payload_bytes -= len(letter.payload)
                kept.append(letter)
            else:
                count, size = over.get((sender, letter.reason), (0, 0))
                over[sender, letter.reason] = count + 1, size + letter.payload_bytes
        overflow = [Overflow(*key, *sums) for key, sums in over.items()]
        return Verdict(kept, overflow, now_s, buckets)

    def settle(self, verdict: Verdict) -> None:
        """Charge a judgement whose letters are stored for good."""
        self._buckets |= verdict.buckets
        if len(self._buckets) >= self._sweep_at:
            now_s = verdict.at_s
            self._buckets = {s: b for s, b in self._buckets.items() if not self._is_full(s, now_s)}
            self._sweep_at = max(SWEEP_FROM, 2 * len(self._buckets))

    def _filled(self, sender: Sender, now_s: float) -> _Bucket:
        """Return a copy of the sender's bucket as it is at ``now_s``."""
        limits, times = self._limits, 1.0 if sender.device is not None else self._limits.strangers
        full = _Bucket(limits.letters_burst * times, limits.bytes_burst * times, now_s)
        held = self._buckets.get(sender)
        if held is None:
            return full
        hours = max(0.0, now_s - held.at_s) / HOUR_S
        return _Bucket(
            min(full.letters, held.letters + limits.letters_per_hour * times * hours),
            min(full.payload_bytes, held.payload_bytes + limits.bytes_per_hour * times * hours),
            max(now_s, held.at_s),
        )

    def _is_full(self, sender: Sender, now_s: float) -> bool:
        times = 1.0 if sender.device is not None else self._limits.strangers
        bucket = self._filled(sender, now_s)
        return (
            bucket.letters >= self._limits.letters_burst * times
            and bucket.payload_bytes >= self._limits.bytes_burst * times
        )


def sender_of(letter: DeadLetter, registered: Container[str]) -> Sender:
    """Return who a letter is charged to: an invented name has no allowance of its own."""
    if letter.device is not None and letter.device in registered:
        return Sender(letter.device, None)
    return Sender(None, shard_in(letter.topic))
