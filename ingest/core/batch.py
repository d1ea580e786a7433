"""A batch on its way from messages to the database."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from devices.contract.kind import Kind
from devices.contract.topics import parse
from ingest.core.diagnose import is_array
from ingest.core.lorawan.marks import InboxMarks
from ingest.core.readings import Readings
from ingest.core.reasons import KEPT_BYTES, DeadLetter, Reason, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryRow:
    """A press of the lily-pad button; ``message`` is the index of its message."""

    device_id: int
    boot: int
    seq: int
    home_id: int
    ts_us: int
    activity: str
    note: str
    message: int
    source: str = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """The latest status of a device: JSON as the device sent it, in canonical form."""

    device_id: int
    status: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRow:
    """The latest reported configuration of a device: canonical JSON."""

    device_id: int
    reported: str
    message: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What makes a batch one of dead letters played again.

    Attributes:
        letter_ids: letters that it is made of; nobody else may be replaying one of them.
        done: those of them that are stored with it, nothing left over.
        own_keys: (device_id, boot, seq) of letters with a number. The ledger holds these since
            the letter was set aside, so here they are no sign of a duplicate.
    """

    letter_ids: tuple[int, ...]
    done: tuple[int, ...]
    own_keys: frozenset[tuple[int, int, int]]


@dataclass(slots=True)
class Batch:
    """What a batch of messages says: everything a sink needs, and nothing of MQTT.

    Attributes:
        topics, payloads: the messages, in the order received.
        readings: accepted readings, one entry per kind that occurs.
        diary, statuses, reported: from the other channels; the last two by device_id.
        dead_letters: what is set aside.
        unknown_devices: names that no registered device has.
        unknown_fields: fields that no kind declares, counted by name.
        clocks: offsets of devices' boots that are not stored yet, by (device_id, boot) [µs].
        replay: for a batch of dead letters played again.
        numbers: (device_id, boot, seq) of messages without a reading, which the ledger is to hold.
        inbox: for a batch of LoRaWAN events: what is written of them with it.
    """

    topics: list[str]
    payloads: list[bytes]
    readings: list[Readings] = field(default_factory=list)
    diary: list[DiaryRow] = field(default_factory=list)
    statuses: dict[int, StatusRow] = field(default_factory=dict)
    reported: dict[int, ReportedRow] = field(default_factory=dict)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    unknown_devices: set[str] = field(default_factory=set)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    clocks: dict[tuple[int, int], int] = field(default_factory=dict)
    replay: Replay | None = None
    numbers: list[tuple[int, int, int]] = field(default_factory=list)
    inbox: InboxMarks | None = None


def reading_payload(batch: Batch, readings: Readings, row: int) -> bytes:
    """Return the bytes to keep of one reading: its message, or its part of an array as it was sent."""
    payload = batch.payloads[int(readings.message[row])]
    if not is_array(payload):
        return payload
    pairs = zip(readings.kind.fields, readings.values[row].tolist(), strict=True)
    fields = {f.name: v for f, v in pairs if v == v}  # NaN, alone unequal to itself, is absent
    key = {"ts": int(readings.ts_us[row]) // 1000}
    if int(readings.boot[row]) >= 0:  # else it counts nothing, or the server counted for it
        key |= {"boot": int(readings.boot[row]), "seq": int(readings.seq[row])}
    clock = {"mono_ms": int(readings.mono_ms[row]), "clk": int(readings.clk[row])}
    key |= {name: value for name, value in clock.items() if value >= 0}
    return msgspec.json.encode({**key, **fields})


def refused_reading(batch: Batch, readings: Readings, row: int, device: str, why: str) -> DeadLetter:
    """Return the dead letter of a reading that the database refused for ``why``."""
    payload = reading_payload(batch, readings, row)
    return DeadLetter(
        topic=batch.topics[int(readings.message[row])],
        device=device,
        kind=readings.kind.name,
        reason=Reason.REFUSED,
        sentence=sentence(Reason.REFUSED, value=why),
        device_id=int(readings.device_id[row]),
        boot=int(readings.boot[row]),
        seq=int(readings.seq[row]),
        payload=payload[:KEPT_BYTES],
        payload_bytes=len(payload),
    )


def set_aside(topic: str, payload: bytes, reason: Reason, why: str) -> Batch:
    """Return a batch that says of one message only that it can't be stored, for ``reason``."""
    batch = Batch([topic], [payload])
    parsed = parse(topic)
    batch.dead_letters.append(
        DeadLetter(
            topic=topic_text(topic),
            device=None if parsed is None else parsed.device,
            kind=None if parsed is None else parsed.kind,
            reason=reason,
            sentence=sentence(reason, value=why),
            payload=payload[:KEPT_BYTES],
            payload_bytes=len(payload),
        )
    )
    return batch


def topic_text(topic: str) -> str:
    """Return a topic as a dead letter keeps it: of any length, and with nothing a text column refuses."""
    return topic.replace("\x00", "\\0")[:1024]


def known_names(kind: Kind) -> frozenset[str]:
    """Return the names that a reading of ``kind`` may have."""
    return frozenset({"ts", "boot", "seq", "device", "mono_ms", "clk", *(f.name for f in kind.fields)})
