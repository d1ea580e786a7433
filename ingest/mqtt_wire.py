"""Bytes of MQTT 5 to packets and back, on the ``mqtt5`` codec; no sockets.

The codec is sans-I/O and raises IndexError for a packet that is not complete. On text
that is not UTF-8 it panics with a BaseException, which ``except Exception`` lets through
and which would end the process: here that is a malformed packet like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import mqtt5
from mqtt5 import Packet

_HEADS = [bytes((0x30, length)) for length in range(0x80)]
"""First bytes of a PUBLISH at QoS 0 by its remaining length."""


_PUBACKS = [bytes((0x40, 2, packet_id >> 8, packet_id & 0xFF)) for packet_id in range(0x10000)]
"""By packet id. Acknowledgements go out a few dozen at a time, where an array is slower to make."""


class MalformedPacketError(Exception):
    """The peer does not speak MQTT 5; the connection is of no use any more."""


@dataclass(slots=True)
class Inbound:
    """What a piece of the stream completed.

    Attributes:
        topics, payloads: of the messages, in order.
        packet_ids: of the messages; 0 for QoS 0.
        others: the packets that are no messages, in order.
    """

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    packet_ids: list[int] = field(default_factory=list)
    others: list[Packet] = field(default_factory=list)


class PacketReader:
    """Cuts a byte stream into packets; messages come as columns.

    Args:
        max_packet_bytes: a packet announced as larger is malformed.
    """

    def __init__(self, max_packet_bytes: int) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._rest = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> Inbound:
        """Return what ``data`` completes.

        Raises:
            MalformedPacketError: the stream can't be read on.
        """
        found = Inbound()
        if self._rest:
            self._rest += data
            # A large packet comes in many pieces: look again only when it is whole.
            if len(self._rest) < self._wanted:
                return found
            data = bytes(self._rest)
            self._rest.clear()
        try:
            self._keep(data, _cut(data, found))
        except ValueError as e:
            raise MalformedPacketError(str(e)) from e
        except BaseException as e:
            if type(e).__name__ != "PanicException":
                raise
            raise MalformedPacketError("text that is not UTF-8") from None
        return found

    def _keep(self, data: bytes, at: int) -> None:
        if at == len(data):
            return
        self._rest += memoryview(data)[at:]
        self._wanted = packet_length(self._rest)
        if self._wanted > self._max_packet_bytes:
            raise MalformedPacketError(f"a packet of {self._wanted} bytes")
        if 0 < self._wanted <= len(self._rest):
            raise MalformedPacketError("a packet whose parts are longer than the whole")


def _cut(data: bytes, found: Inbound) -> int:
    """Add the whole packets of ``data`` to ``found``; return where the rest begins."""
    view, at, end = memoryview(data), 0, len(data)
    read, message = mqtt5.read, mqtt5.PublishPacket
    topics, payloads, packet_ids = found.topics, found.payloads, found.packet_ids
    try:
        while at < end:
            packet, used = read(view[at:])
            at += used
            if packet.__class__ is message:
                topics.append(packet.topic)
                payloads.append(packet.payload)
                packet_id = packet.packet_id
                packet_ids.append(0 if packet_id is None else packet_id)
            else:
                found.others.append(packet)
    except IndexError:
        pass  # the last one is not complete
    return at


def packet_length(data: bytes | bytearray) -> int:
    """Return the length of the packet that ``data`` begins with, 0 where it doesn't say yet.

    MQTT 5, section 2.1.4: the length follows the first byte in up to four bytes of seven bits.
    """
    length = 0
    for place in range(1, min(len(data), 5)):
        length |= (data[place] & 0x7F) << 7 * (place - 1)
        if data[place] < 0x80:
            return length + place + 1
    if len(data) >= 5:
        raise MalformedPacketError("a packet length of more than four bytes")
    return 0


def pubacks(packet_ids: Sequence[int]) -> bytes:
    """Return successful PUBACKs in the order given, leaving out 0 (nothing to acknowledge).

    MQTT 5, section 3.4.2.1: reason code 0 without properties may be left out, which makes
    every PUBACK four bytes.
    """
    return b"".join([_PUBACKS[packet_id] for packet_id in packet_ids if packet_id != 0])


def publish_qos0(topic: str, payload: bytes) -> bytes:
    """Return a PUBLISH at QoS 0 without properties (MQTT 5, section 3.3): half the codec's time.

    Raises:
        ValueError: a topic or packet longer than MQTT can say.
    """
    name = topic.encode()
    length = len(name) + len(payload) + 3
    if len(name) > 0xFFFF or length >= 1 << 28:
        raise ValueError(f"a packet of {length} bytes on a topic of {len(name)} is beyond MQTT")
    if length <= 0x7F:  # as almost always: one byte says the length
        return b"".join((_HEADS[length], len(name).to_bytes(2), name, b"\x00", payload))
    head = bytearray((0x30,))
    left = length
    while left > 0x7F:
        head.append(left & 0x7F | 0x80)
        left >>= 7
    head.append(left)
    return b"".join((head, len(name).to_bytes(2), name, b"\x00", payload))
