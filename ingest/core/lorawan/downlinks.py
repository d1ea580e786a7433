"""Messages to devices: what some of them can be told, and how each server takes it.

Only what a maker publishes and we could check: each entry names its source (Decentlab's commands end with a checksum whose kind
we could not: send theirs as bytes). A message waits at the network server until the
device has sent something; devices of class A listen only then.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from ingest.core.lorawan.events import EnvelopeError, Protocol, Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A downlink: port, bytes, and in words what it does."""

    f_port: int
    payload: bytes
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How a make of device is told its reporting interval.

    Attributes:
        name: by which it is asked for.
        least_s, most_s, step_s: what can be set [s].
        f_port: port of the downlink.
        encode: interval [s] to bytes.
        source: where the maker says so.
    """

    name: str
    least_s: int
    most_s: int
    step_s: int
    f_port: int
    encode: Callable[[int], bytes]
    source: str


_ALL = (
    Interval(
        name="milesight-interval",
        least_s=60,
        most_s=64_800,
        step_s=1,
        f_port=85,
        encode=lambda s: b"\xff\x03" + s.to_bytes(2, "little"),
        source="Milesight EM310, EM400, EM500 user guides, Downlink Commands: ff 03, seconds, low byte first",
    ),
    Interval(
        name="dragino-interval",
        least_s=60,
        most_s=2**24 - 1,
        step_s=1,
        f_port=1,
        encode=lambda s: b"\x01" + s.to_bytes(3, "big"),
        source="Dragino LDDS75 user manual, Change Uplink Interval: 01, seconds in three bytes, high byte first",
    ),
    Interval(
        name="dingtek-interval",
        least_s=3600,
        most_s=168 * 3600,
        step_s=3600,
        f_port=3,
        encode=lambda s: f"8002999901{s // 3600:02X}81".encode(),
        source="Dingtek DF702 in The Things Network's device repository: hours as two characters, 1 to 168",
    ),
)

INTERVALS: Mapping[str, Interval] = MappingProxyType({one.name: one for one in _ALL})


def interval_message(name: str, interval_s: float) -> Message:
    """Return the downlink that sets a reporting interval.

    Raises:
        ValueError: no such make, or one that can't be set to that; the sentence says what is allowed.
    """
    make = INTERVALS.get(name)
    if make is None:
        raise ValueError(f"there is no downlink {name!r}; there are {', '.join(INTERVALS)}")
    fits = (
        math.isfinite(interval_s)
        and make.least_s <= interval_s <= make.most_s
        and interval_s % make.step_s == 0
    )
    if not fits:
        raise ValueError(
            f"interval {interval_s:g} s; {name} takes {make.least_s} to {make.most_s} s in steps of {make.step_s} s"
        )
    whole = int(interval_s)
    return Message(f_port=make.f_port, payload=make.encode(whole), what=f"reporting interval {whole} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is published to a server's MQTT."""

    topic: str
    payload: bytes


def publish(
    protocol: Protocol, sender: Sender, application: str, message: Message, confirmed: bool, correlation: str
) -> Published:
    """Return what queues ``message`` at the server for ``sender``.

    Args:
        protocol: whose.
        sender: the device as the server last called it.
        application: as topics have it (The Things Stack: ``app@tenant``); empty: as events have it.
        message: the downlink.
        confirmed: whether the device is to acknowledge it.
        correlation: a mark by which news of it are known: a UUID.

    Raises:
        EnvelopeError: the server has no way back, or is not known to have the device.
    """
    told = application or sender.application_id
    data = base64.b64encode(message.payload).decode()
    if protocol == "ttn_v3" and told and sender.device_id:
        down = {
            "f_port": message.f_port,
            "frm_payload": data,
            "priority": "NORMAL",
            "confirmed": confirmed,
            "correlation_ids": [correlation_mark(correlation)],
        }
        body = {"downlinks": [down]}
        return Published(
            topic=f"v3/{told}/devices/{sender.device_id}/down/push", payload=msgspec.json.encode(body)
        )
    if protocol == "chirpstack_v4" and told:
        command = {
            "id": correlation,
            "devEui": sender.dev_eui,
            "confirmed": confirmed,
            "fPort": message.f_port,
            "data": data,
        }
        topic = f"application/{told}/device/{sender.dev_eui}/command/down"
        return Published(topic=topic, payload=msgspec.json.encode(command))
    raise EnvelopeError(
        f"nothing can be sent to {sender.dev_eui} by {protocol}: its application is not known"
    )


_MARK = "cityops:"


def correlation_mark(correlation: str) -> str:
    """Return how The Things Stack's correlation ids carry ``correlation``."""
    return _MARK + correlation


def correlation_of(marks: tuple[str, ...]) -> list[str]:
    """Return which of ``marks`` may be ours."""
    return [mark.removeprefix(_MARK) for mark in marks if mark]
