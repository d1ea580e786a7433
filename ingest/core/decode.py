"""From messages to a batch: decode, check, set aside. Nothing raises, whatever the bytes.

The fast path looks all topics up, decodes what is of one kind together and makes columns of
it; what it can't read goes, message by message, through ``channels`` and ``diagnose``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import repeat

import msgspec
import numpy as np

from devices.contract.messages import MAX_PAYLOAD_BYTES
from ingest.core.batch import Batch, known_names, reading_payload
from ingest.core.bucket import Bucket
from ingest.core.channels import Others
from ingest.core.clocks import BootClock, ClockOffsets, Clocks, Start
from ingest.core.diagnose import DECODE_ERRORS, Problem, decode_each, is_array
from ingest.core.directory import NOWHERE, Directory
from ingest.core.known_devices import KnownDevice
from ingest.core.readings import NO_BOOT, NO_CLK, NO_MONO, Columns, Readings
from ingest.core.reasons import Reason, sentence
from ingest.core.validate import validate

MOST_UNKNOWN_NAMES = 50
"""Names of unknown fields kept apart; a device can't fill the memory with new names."""


_COLON = ord(":")


class Decoder:
    """Decodes batches. Keeps what it learns of the devices' clocks from one to the next."""

    def __init__(self, directory: Directory, clocks: Clocks | None = None) -> None:
        self._clocks = ClockOffsets() if clocks is None else clocks
        self.replace_directory(directory)

    def clocks_saved(self, saved: Mapping[Start, BootClock]) -> None:
        """Take note that a batch's ``clocks`` are stored for good."""
        for start, clock in saved.items():
            if self._clocks.unsaved.get(start) == clock:
                del self._clocks.unsaved[start]

    def know_clocks(self, devices: Iterable[KnownDevice]) -> None:
        """Take what is stored of the devices' clocks: this process may be new, or have new shards."""
        self._clocks.know(devices)

    def refuses(self, device_id: int) -> bool:
        """Whether nothing of a device is taken: it is quarantined, or its credential was revoked."""
        known = self._directory.by_id.get(device_id)
        return known is not None and known.refused != ""

    def replace_directory(self, directory: Directory) -> None:
        """Use newly loaded devices from now on."""
        self._directory = directory
        self._columns = [Columns(kind) for kind in directory.kinds]

    def decode(self, topics: list[str], payloads: list[bytes], now_us: int) -> Batch:
        """Return the batch that the messages make.

        Args:
            topics: one per message, in the order received.
            payloads: one per message.
            now_us: the server's time [µs since 1970].
        """
        batch = Batch(topics, payloads)
        buckets = [Bucket() for _ in self._directory.kinds]
        odd = self._fast(topics, payloads, buckets)
        others = Others(batch, self._directory, now_us, self._clocks)
        for message in odd:
            self._slow(message, batch, buckets, others)
        for kind_no, bucket in enumerate(buckets):
            if bucket.items:
                self._check(kind_no, bucket, batch, others, now_us)
        batch.clocks = dict(self._clocks.unsaved)
        return batch

    def _fast(self, topics: list[str], payloads: list[bytes], buckets: list[Bucket]) -> list[int]:
        """File every good reading; return the other messages."""
        device = np.fromiter(
            map(self._directory.row_of_topic.get, topics, repeat(NOWHERE)), dtype=np.int32, count=len(topics)
        )
        if len(payloads) and max(map(len, payloads)) > MAX_PAYLOAD_BYTES:
            sizes = np.fromiter(map(len, payloads), dtype=np.int64, count=len(payloads))
            device[sizes > MAX_PAYLOAD_BYTES] = NOWHERE
        kind_of = self._directory.kind_of[device]
        odd: list[int] = np.flatnonzero(kind_of == NOWHERE).tolist()
        for kind_no, bucket in enumerate(buckets):
            messages = np.flatnonzero(kind_of == kind_no)
            if len(messages):
                found = messages.tolist()
                odd += bucket.read(
                    [payloads[message] for message in found],
                    device[messages].tolist(),
                    found,
                    self._directory.decoders[kind_no].message.decode,
                )
        return sorted(odd)

    def _slow(self, message: int, batch: Batch, buckets: list[Bucket], others: Others) -> None:
        """File one message that is not a good reading: another channel, or bad."""
        checked = others.check_topic(message)
        if checked is None or others.too_large(message, checked[1]):
            return
        topic, device = checked
        if topic.channel != "reading":
            others.other_channel(message, topic, device)
            return
        kind_no = self._directory.kind_no[device.kind]
        items, problems = decode_each(batch.payloads[message], self._directory.decoders[kind_no])
        buckets[kind_no].add(items, self._directory.index_of[device.name], message)
        for problem in problems:
            others.refuse_problem(message, problem, device)

    def _check(self, kind_no: int, bucket: Bucket, batch: Batch, others: Others, now_us: int) -> None:
        """Turn a bucket into checked readings, and file what fails."""
        self._wrong_senders(bucket, batch, others)
        if not bucket.items:
            return
        decoded = self._columns[kind_no].build(
            bucket.items, bucket.devices, self._directory.device_id, bucket.messages
        )
        batch.unknown_fields.update(_unknown_fields(decoded, batch.payloads))
        accepted, rejections = validate(decoded, self._directory.earliest_us, now_us, self._clocks)
        for rejection in rejections:
            row = rejection.row
            boot, seq = int(decoded.boot[row]), int(decoded.seq[row])
            problem = Problem(
                reading_payload(batch, decoded, row),
                rejection.reason,
                rejection.sentence,
                rejection.field,
                *((None, None) if boot == NO_BOOT else (boot, seq)),
            )
            device = self._directory.devices[int(decoded.device_index[row])]
            others.refuse_problem(int(decoded.message[row]), problem, device)
        if len(accepted):
            batch.readings.append(accepted)

    def _wrong_senders(self, bucket: Bucket, batch: Batch, others: Others) -> None:
        """File and remove the readings that name another device than their topic does."""
        named = [item.device for item in bucket.items]
        if named.count(None) == len(named):
            return
        names = [self._directory.devices[index].name for index in bucket.devices]
        wrong = [i for i, name in enumerate(named) if name is not None and name != names[i]]
        for i in wrong:
            text = sentence(Reason.WRONG_SENDER, value=named[i], device=names[i])
            payload = batch.payloads[bucket.messages[i]]
            if is_array(payload):
                payload = msgspec.json.encode(bucket.items[i])
            problem = Problem(payload, Reason.WRONG_SENDER, text, "device")
            others.refuse_problem(bucket.messages[i], problem, self._directory.devices[bucket.devices[i]])
        for i in reversed(wrong):
            del bucket.items[i], bucket.devices[i], bucket.messages[i]


def _unknown_fields(readings: Readings, payloads: list[bytes]) -> Counter[str]:
    """Return how often each undeclared field occurs.

    The decoder skips them unseen. Counting the keys of a payload is much cheaper than
    decoding it again, which only messages with more or fewer keys than values need; counting
    the colons of all payloads at once is cheaper still. A payload has as many as it has keys, and
    perhaps some in a text.
    """
    if not len(readings):
        return Counter()
    # A product, since a sum along so short an axis takes three times as long.
    given = 1 + (~np.isnan(readings.values)) @ np.ones(readings.values.shape[1], dtype=np.int64)
    given += readings.mono_ms != NO_MONO
    # Boot 0 may be one that was not sent. Never too many, else one message's key would hide another's.
    given += (readings.clk != NO_CLK).astype(np.int64) + (readings.boot != NO_BOOT) + (readings.boot > 0)
    per_message = np.bincount(readings.message, weights=given, minlength=0).astype(np.int64)
    present = np.flatnonzero(per_message).tolist()
    mine = payloads if len(present) == len(payloads) else [payloads[message] for message in present]
    if np.count_nonzero(np.frombuffer(b"".join(mine), dtype=np.uint8) == _COLON) == int(given.sum()):
        return Counter()
    keys = np.array([payload.count(b'":') for payload in mine])
    found: Counter[str] = Counter()
    names = known_names(readings.kind)
    for place in np.flatnonzero(keys != per_message[present]).tolist():
        found.update(_undeclared(payloads[present[place]], names))
    return found


def _undeclared(payload: bytes, names: frozenset[str]) -> list[str]:
    try:
        loose = msgspec.json.decode(payload)
    except DECODE_ERRORS:  # one of an array's readings is bad: it has been filed
        return []
    parts = loose if isinstance(loose, list) else [loose]
    unknown = [name for part in parts if isinstance(part, dict) for name in part.keys() - names]
    return unknown[:MOST_UNKNOWN_NAMES]
