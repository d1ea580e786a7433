"""The load generator's packets, against the codec that the ingester uses."""

from __future__ import annotations

import mqtt5
import msgspec
import pytest

from devices.contract.codecs.json import reading_decoder
from devices.contract.kind import discover
from firmware_sim import load_wire as wire
from firmware_sim.load import load_devices
from firmware_sim.load_connection import LoadDevice


def decode(packet: bytes):
    return mqtt5.read(memoryview(packet))[0]


@pytest.mark.parametrize("size", [0, 60, 127, 128, 5000, 20_000])
def test_publish_is_what_the_codec_reads(size: int) -> None:
    device = load_devices(3)[2]
    packet = decode(wire.publish(wire.publish_prefix(device), 513, b"x" * size))
    assert packet.topic == f"cityops/v1/{device.shard:02x}/frog/load-00002/reading"
    assert (packet.packet_id, bytes(packet.payload or b"")) == (513, b"x" * size)
    assert packet.qos == mqtt5.QoS.AT_LEAST_ONCE


@pytest.mark.parametrize(
    ("value", "raw"), [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001")]
)
def test_variable_byte_integer_of_the_standard(value: int, raw: str) -> None:
    assert wire.varint(value).hex() == raw


def test_packets_are_taken_whole_however_they_arrive() -> None:
    sent = [
        mqtt5.ConnAckPacket(receive_max=20, assigned_client_id="x", user_properties=[("a", "b"), ("c", "d")]),
        mqtt5.PubAckPacket(7),
        mqtt5.PubAckPacket(8, reason_code=mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS),
        mqtt5.PublishPacket("a/b", payload=b"y" * 300, qos=mqtt5.QoS.AT_MOST_ONCE),
    ]
    stream = b"".join(packet.write() for packet in sent)
    buffer, got = bytearray(), []
    for byte in stream:
        buffer.append(byte)
        got += wire.take(buffer)
    assert not buffer
    assert wire.connack(got[0]) == (0, 20)
    assert wire.puback(got[1]) == (7, 0)
    assert wire.puback(got[2]) == (8, 0x10)
    assert wire.published(got[3]) == ("a/b", b"y" * 300)


def test_connack_without_properties_means_no_limit() -> None:
    assert wire.connack(wire.take(bytearray(mqtt5.ConnAckPacket().write()))[0]) == (0, 65_535)


def test_payloads_are_realistic_and_the_same_each_time() -> None:
    device = LoadDevice(load_devices(1)[0], b"prefix", boot=4)
    decoder = reading_decoder(discover()["frog"])
    for seq in range(500):
        payload = device.payload(seq, 1_767_000_000_000)
        assert payload == device.payload(seq, 1_767_000_000_000)
        assert 130 <= len(payload) <= 190
        reading = decoder.message.decode(payload)
        assert (reading.boot, reading.seq, reading.clk) == (4, seq, 2)
        assert 10 < reading.temperature_c < 25
        assert 0 < reading.humidity_pct < 100
    assert len(msgspec.json.decode(device.payload(0, 1))) == 10
