"""MQTT 5 as a load generator needs it: packets from templates, answers without objects.

CONNECT and SUBSCRIBE come from the ``mqtt5`` codec; PUBLISH, PUBACK and receipts, of which
there are as many as readings, are put together and taken apart here (MQTT 5.0, 3.3, 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mqtt5 import ConnectPacket, QoS, SubscribePacket, TopicFilter

from devices.contract.topics import topic
from devices.registry import Device

PINGREQ = b"\xc0\x00"
CONNACK, PUBLISH, PUBACK, DISCONNECT = 0x20, 0x30, 0x40, 0xE0
_RECEIVE_MAXIMUM = 0x21
_PROPERTY_BYTES = {0x11: 4, 0x27: 4, 0x13: 2, 0x21: 2, 0x22: 2, 0x24: 1, 0x25: 1, 0x28: 1, 0x29: 1, 0x2A: 1}


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet from the broker: first byte and what follows the length."""

    head: int
    body: bytes


def connect(client_id: str, username: str | None, password: str | None, keepalive_s: int) -> bytes:
    """Return CONNECT with a clean start."""
    secret = password.encode() if password is not None else None
    packet = ConnectPacket(
        client_id, username=username, password=secret, clean_start=True, keep_alive=keepalive_s
    )
    return bytes(packet.write())


def subscribe(filters: Sequence[str]) -> bytes:
    """Return SUBSCRIBE at QoS 0."""
    wanted = [TopicFilter(f, max_qos=QoS.AT_MOST_ONCE) for f in filters]
    return bytes(SubscribePacket(1, wanted).write())


def publish_prefix(device: Device) -> bytes:
    """Return the topic of a device's readings as it stands in PUBLISH."""
    text = topic(device.shard, device.kind, device.name, "reading").encode()
    return len(text).to_bytes(2, "big") + text


def publish(prefix: bytes, mid: int, payload: bytes) -> bytes:
    """Return PUBLISH at QoS 1 without properties."""
    size = len(prefix) + 3 + len(payload)
    return b"\x32" + varint(size) + prefix + mid.to_bytes(2, "big") + b"\x00" + payload


def varint(value: int) -> bytes:
    """Return a Variable Byte Integer (MQTT 5.0, 1.5.5)."""
    if value < 128:
        return bytes((value,))
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | 0x80 if value else digit)
        if not value:
            return bytes(out)


def take(buffer: bytearray) -> list[Packet]:
    """Remove and return the whole packets at the start of ``buffer``."""
    packets: list[Packet] = []
    position, end = 0, len(buffer)
    while position + 2 <= end:
        length, shift, at = 0, 0, position + 1
        while at < end:
            digit = buffer[at]
            at += 1
            length |= (digit & 0x7F) << shift
            shift += 7
            if digit < 0x80:
                break
        else:
            break
        if at + length > end:
            break
        packets.append(Packet(buffer[position], bytes(buffer[at : at + length])))
        position = at + length
    del buffer[:position]
    return packets


def published(packet: Packet) -> tuple[str, bytes]:
    """Return topic and payload of a PUBLISH at QoS 0."""
    body = packet.body
    size = int.from_bytes(body[:2], "big")
    properties, at = _read_varint(body, 2 + size)
    return body[2 : 2 + size].decode(), body[at + properties :]


def puback(packet: Packet) -> tuple[int, int]:
    """Return message id and reason code of a PUBACK."""
    body = packet.body
    return int.from_bytes(body[:2], "big"), body[2] if len(body) > 2 else 0


def connack(packet: Packet) -> tuple[int, int]:
    """Return reason code and Receive Maximum of a CONNACK."""
    body = packet.body
    length, at = _read_varint(body, 2)
    end, receive_maximum = at + length, 65_535
    while at < end:
        name = body[at]
        if name == _RECEIVE_MAXIMUM:
            receive_maximum = int.from_bytes(body[at + 1 : at + 3], "big")
        at = _after_property(body, at)
    return body[1], receive_maximum


def _after_property(body: bytes, at: int) -> int:
    size = _PROPERTY_BYTES.get(body[at])
    if size is not None:
        return at + 1 + size
    strings = 2 if body[at] == 0x26 else 1  # a user property is a pair of strings
    at += 1
    for _ in range(strings):
        at += 2 + int.from_bytes(body[at : at + 2], "big")
    return at


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        digit = body[at]
        at += 1
        value |= (digit & 0x7F) << shift
        shift += 7
        if digit < 0x80:
            return value, at
