"""From the outbox over the link and back by receipts: what leaves a device, and what it may forget."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from devices.agent.counts import Counts, Observer
from devices.agent.entry import Entry, Key, Run
from devices.agent.identity import Identity
from devices.agent.link import Link, ServerLimits
from devices.agent.outbox import Outbox, OutboxError
from devices.agent.publisher import Parcel, Publisher
from devices.contract.messages import MAX_PAYLOAD_BYTES, Receipt

_RECEIPT = msgspec.json.Decoder(Receipt)
_FRESH = 64
_RECALLED_AT_ONCE = 4096
"""Entries: a tenth of a second on a Pi Zero 2 W."""
_TOPIC_AND_HEADER_BYTES = 256


class Sending:
    """The entries of one outbox on their way. Times are monotonic seconds of one clock.

    Args:
        counts: totals, added to.
        observer: told of each entry's life.

    What the outbox holds from before is not known until :meth:`recall` has been called often enough; nothing is sent
    before that.
    """

    def __init__(
        self,
        identity: Identity,
        outbox: Outbox,
        publisher: Publisher,
        counts: Counts,
        observer: Observer | None = None,
    ) -> None:
        self._device = identity.device
        self._topics: Mapping[str, str] = {c: identity.topic(c) for c in ("reading", "diary")}
        self._outbox = outbox
        self._publisher = publisher
        self._counts = counts
        self._observer = observer
        self._fresh: dict[Key, Entry] = {}
        self._sent_keys: dict[int, tuple[Key, ...]] = {}
        self._max_payload = MAX_PAYLOAD_BYTES
        self._recalled_to: Key | None = (-1, -1)

    def recall(self) -> bool:
        """Take some of the outbox's entries that wait from before; return whether all are known now."""
        if self._recalled_to is None:
            return True
        found = self._outbox.pending(self._recalled_to, _RECALLED_AT_ONCE)
        for key, channel in found:
            self._publisher.add(key, channel)
        self._recalled_to = found[-1][0] if len(found) == _RECALLED_AT_ONCE else None
        return self._recalled_to is None

    def recall_all(self) -> bool:
        """Take all of them; return True."""
        while not self.recall():
            continue
        return True

    def kept(self, entry: Entry, given_up: Collection[Key]) -> None:
        """``entry`` is in the outbox, which has given up other entries for it."""
        self._counts.created += 1
        if self._recalled_to is None:  # else it comes with the others
            self._publisher.add(entry.key, entry.channel)
        self._forget(given_up)
        if len(self._fresh) >= _FRESH:
            self._fresh.clear()
        self._fresh[entry.key] = entry
        if self._observer is not None:
            self._observer.created(self._device, entry.key)

    def connected(self, limits: ServerLimits) -> None:
        """A connection is up; ``recall`` has told everything."""
        self._counts.connects += 1
        self._max_payload = min(MAX_PAYLOAD_BYTES, limits.maximum_packet_bytes - _TOPIC_AND_HEADER_BYTES)
        self._publisher.connected(limits.receive_maximum)

    def disconnected(self) -> None:
        """Everything without a receipt waits for the next connection."""
        self._counts.disconnects += 1
        self._sent_keys.clear()
        self._publisher.disconnected()

    def pump(self, link: Link, now_s: float) -> bool:
        """Send what may be sent now; return whether the link took it all. The outbox is committed."""
        while (parcel := self._publisher.take(now_s)) is not None:
            if not self._send(link, parcel, now_s):
                return False
        return True

    def puback(self, mid: int, code: int, now_s: float) -> bool:
        """The broker took or refused a message; return whether it was one with entries and it took it."""
        keys = self._sent_keys.pop(mid, ())
        taken = self._publisher.puback(mid, code, now_s)
        if taken is None:
            return False
        if not taken:
            self._counts.refused[code] += 1
            return False
        self._counts.pubacked += 1
        if self._observer is not None and keys:
            self._observer.pubacked(self._device, keys)
        return True

    def receipt(self, payload: bytes, now_s: float) -> bool:
        """Forget what a receipt names; return whether it could be read."""
        try:
            receipt = _RECEIPT.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._counts.bad_messages += 1
            return False
        for part in receipt.received:
            runs = self._publisher.receipt(part.boot, part.ranges, now_s)
            if not runs:
                continue
            self._delete(part.boot, runs)
            self._counts.receipted += sum(last - first + 1 for first, last in runs)
            if self._observer is not None:
                self._observer.receipted(self._device, part.boot, runs)
        return True

    # -- inside ------------------------------------------------------------------

    def _send(self, link: Link, parcel: Parcel, now_s: float) -> bool:
        entries = self._load(parcel.keys)
        if len(entries) < len(parcel.keys):
            self._forget(set(parcel.keys) - {e.key for e in entries})
            if not entries:
                return True
        payload, used = _pack(entries, self._max_payload)
        if used == 0:
            # Larger than any message may be: it can never be sent, and must not block the rest.
            self._discard(entries[0])
            self._publisher.put_back(e.key for e in entries[1:])
            return True
        keys = tuple(e.key for e in entries[:used])
        mid = link.publish(self._topics[parcel.channel], payload)
        if mid is None:
            self._publisher.put_back(e.key for e in entries)
            return False
        self._publisher.sent(mid, keys, now_s)
        self._publisher.put_back(e.key for e in entries[used:])
        if self._observer is not None:
            self._sent_keys[mid] = keys
        self._counts.messages += 1
        self._counts.sent += used
        self._counts.resent += parcel.again
        return True

    def _load(self, keys: Sequence[Key]) -> list[Entry]:
        fresh = self._fresh
        if all(key in fresh for key in keys):
            return [fresh.pop(key) for key in keys]
        return self._outbox.load(keys)

    def _forget(self, keys: Collection[Key]) -> None:
        self._counts.given_up += len(keys)
        self._publisher.forget(keys)

    def _discard(self, entry: Entry) -> None:
        self._forget([entry.key])
        self._delete(entry.boot, [(entry.seq, entry.seq)])

    def _delete(self, boot: int, runs: Sequence[Run]) -> None:
        try:
            self._outbox.receipted(boot, runs)
        except OutboxError:
            # A full card must not end the device: what it holds can still be sent.
            self._counts.undeleted += 1


def _pack(entries: Sequence[Entry], max_bytes: int) -> tuple[bytes, int]:
    """Return one payload and how many of ``entries``, from the first, are in it."""
    total, used = 2, 0
    for entry in entries:
        total += len(entry.payload) + 1
        if total > max_bytes:
            break
        used += 1
    if used == 1:
        return entries[0].payload, 1
    return b"[" + b",".join(e.payload for e in entries[:used]) + b"]", used
