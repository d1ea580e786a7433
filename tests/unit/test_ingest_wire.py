from __future__ import annotations

from itertools import pairwise

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.mqtt_wire import MalformedPacketError, PacketReader, packet_length, pubacks, publish_qos0

PACKETS = [
    mqtt5.PublishPacket("a/b", b"x" * n, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=n + 1).write()
    for n in (0, 1, 200, 20_000)
] + [mqtt5.PingRespPacket().write()]


@given(st.lists(st.integers(0, sum(map(len, PACKETS))), max_size=30))
@settings(deadline=None)
def test_any_cut_of_the_stream_gives_the_same_packets(cuts: list[int]) -> None:
    stream, reader = b"".join(PACKETS), PacketReader(100_000)
    found: list[int] = []
    others: list[mqtt5.Packet] = []
    places = [0, *sorted(cuts), len(stream)]
    for start, end in pairwise(places):
        piece = reader.feed(stream[start:end])
        found += piece.packet_ids
        others += piece.others
        assert len(piece.topics) == len(piece.payloads) == len(piece.packet_ids)
    assert found == [1, 2, 201, 20_001]
    assert [type(p) for p in others] == [mqtt5.PingRespPacket]


@given(st.lists(st.integers(0, 65_535), max_size=50))
@settings(deadline=None)
def test_pubacks_are_the_codecs(ids: list[int]) -> None:
    assert pubacks(ids) == b"".join(mqtt5.PubAckPacket(i).write() for i in ids if i != 0)


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0#+"), min_size=1, max_size=40),
    st.binary(max_size=300),
)
@settings(deadline=None)
def test_publishes_are_the_codecs(topic: str, payload: bytes) -> None:
    assert publish_qos0(topic, payload) == mqtt5.PublishPacket(topic, payload).write()


@pytest.mark.parametrize("size", [0, 120, 127, 128, 16_380, 16_384, 2_097_152])
def test_lengths_of_every_width_are_the_codecs(size: int) -> None:
    assert publish_qos0("a/b", bytes(size)) == mqtt5.PublishPacket("a/b", bytes(size)).write()


def test_what_mqtt_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond MQTT"):
        publish_qos0("t" * 70_000, b"")


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a\xc0\x80"])
def test_text_that_is_not_utf8_is_malformed_and_no_panic(text: bytes) -> None:
    body = len(text).to_bytes(2, "big") + text + b"\x00\x00"
    with pytest.raises(MalformedPacketError, match="UTF-8"):
        PacketReader(1000).feed(bytes([0x30, len(body)]) + body)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00",
        b"\xff\xff\xff\xff\xff",
        b"\x30\xff\xff\xff\xff\x01",
        b"\x30\x02\x00\x09",
        b"\x30\xff\xff\xff\x7f",
    ],
)
def test_nonsense_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedPacketError):
        PacketReader(1000).feed(data)


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_random_bytes_are_packets_malformed_or_incomplete(data: bytes) -> None:
    reader = PacketReader(1000)
    try:
        reader.feed(data)
    except MalformedPacketError:
        return


@given(st.integers(0, 268_435_455))
@settings(deadline=None)
def test_packet_length_reads_the_standards_encoding(length: int) -> None:
    head, left = bytearray([0x30]), length
    while True:
        head.append(left & 0x7F | (0x80 if left > 0x7F else 0))
        left >>= 7
        if left == 0:
            break
    assert packet_length(head) == length + len(head)
    assert packet_length(head[:-1]) == 0
