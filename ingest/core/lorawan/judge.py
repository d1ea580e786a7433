"""What becomes of an event of the inbox. Pure: the device that it is bound to, its codec and its runs are arguments.

What is stored goes the way of every other message: as a reading on the device's own topic, checked by its kind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from devices.contract.kind import Kind
from devices.contract.topics import topic
from ingest.core.lorawan.decoded import Decoded, Sample
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.numbering import Run, assign
from ingest.core.lorawan.server_battery import ServerBattery


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A version of a codec; ``body`` and ``field_map`` as in the table."""

    codec_id: int
    name: str
    version: int
    language: str
    body: str
    field_map: Mapping[str, Any] | None
    kind: str

    @property
    def title(self) -> str:
        """Name for a person."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Which device a sensor is, by which codec.

    Attributes:
        device: the device's name, kind and shard, as registered; ``device_id`` in the ledger.
        source_id: the only source it may come from; None: any.
        installation: parameters of codecs.
        battery: what its network server was last told of its battery; None: nothing.
    """

    dev_eui: str
    device_id: int
    device: str
    device_kind: str
    shard: int
    private: bool
    codec: Codec
    source_id: int | None = None
    installation: Mapping[str, Any] = field(default_factory=dict)
    battery: ServerBattery | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An uplink's readings as messages of its device, and its numbers in the ledger.

    Attributes:
        topic: of the device's readings.
        payloads: one per reading.
        run: the run that its counter belongs to, as it is with it.
        before: the same run without it; None: it begins with it.
        number: (device_id, boot, seq) where there is no reading that has it.
        left_out: fields that the kind does not have.
    """

    topic: str
    payloads: tuple[bytes, ...]
    run: Run
    before: Run | None
    number: tuple[int, int, int] | None
    left_out: tuple[str, ...] = ()


def number(
    uplink: Uplink,
    at: datetime,
    decoded: Decoded,
    binding: Binding,
    kind: Kind,
    runs: Sequence[Run],
    heard: Collection[datetime] = (),
) -> Numbered:
    """Return the messages that a decoded uplink makes.

    Readings that it gives of itself have the frame's number. Of several, those of earlier times have none
    and are told apart by their time.

    Args:
        uplink: a frame.
        at: when the network server heard it.
        decoded: what the codec made of it.
        binding: whose it is.
        kind: the device's.
        runs: of its device so far.
        heard: when frames of its device with the same counter were heard; see :func:`assign`.
    """
    run, before = assign(runs, uplink, at, heard)
    samples = [s for s in decoded.samples if is_reading(s, kind, decoded)]
    payloads, numbered = [], False
    for sample in samples:
        key = None if sample.at is not None or numbered else (run.boot, uplink.f_cnt)
        numbered = numbered or key is not None
        payloads.append(payload_of(sample, at, key, kind))
    left_out = {name for s in samples for name in s.fields if name not in kind.by_name}
    return Numbered(
        topic=topic(binding.shard, binding.device_kind, binding.device, "reading"),
        payloads=tuple(payloads),
        run=run,
        before=before,
        number=None if numbered else (binding.device_id, run.boot, uplink.f_cnt),
        left_out=tuple(sorted(left_out)),
    )


def is_reading(sample: Sample, kind: Kind, decoded: Decoded) -> bool:
    """Whether a sample is to be stored: not one that lacks what its bytes say was not measured.

    One that lacks something else is a fault of the map, and is refused with its reason further on.
    """
    there = sample.fields.keys()
    if not there & kind.by_name.keys():
        return not decoded.not_measured
    lacking = {f.name for f in kind.fields if f.required and f.name not in there}
    for group in kind.at_least_one_of:
        if not there & set(group):
            lacking |= set(group)
    return not (lacking & decoded.not_measured.keys())


def payload_of(sample: Sample, at: datetime, key: tuple[int, int] | None, kind: Kind) -> bytes:
    """Return the message of a reading; ``key``: boot and number, ``at``: its time where it has none of its own."""
    message: dict[str, Any] = {"ts": round((sample.at or at).timestamp() * 1000)}
    if key is not None:
        message["boot"], message["seq"] = key
    for name, value in sample.fields.items():
        declared = kind.by_name.get(name)
        if declared is not None:
            message[name] = int(value) if declared.storage == "smallint" and value == int(value) else value
    return msgspec.json.encode(message)
