"""An uplink as somebody pastes it, and why a reading would be set aside."""

from __future__ import annotations

import base64
import json

import pytest

from devices.contract.kinds.bin import KIND as BIN
from devices.contract.kinds.road import KIND as ROAD
from ingest.bridge.trial import faults_of
from ingest.core.lorawan.example import ExampleError, read_example
from tests.fakes import lorawan as fake

BYTES = bytes.fromhex("01755c0367010104824408050001")


@pytest.mark.parametrize(
    "text",
    [
        "01755c0367010104824408050001",
        " 01 75 5C 03 67 01 01 04 82 44 08 05 00 01\n",
        "01:75:5c:03:67:01:01:04:82:44:08:05:00:01",
        "0x01, 0x75, 0x5c, 0x03, 0x67, 0x01, 0x01, 0x04, 0x82, 0x44, 0x08, 0x05, 0x00, 0x01",
        base64.b64encode(BYTES).decode(),
    ],
)
def test_bytes_in_either_writing(text: str) -> None:
    found = read_example(text, 85)
    assert (found.payload, found.f_port, found.at) == (BYTES, 85, None)


def test_what_is_good_in_both_is_hexadecimal() -> None:
    assert read_example("cafe", 1).payload == b"\xca\xfe"
    assert read_example("AXVc", 1).what == "base64"


@pytest.mark.parametrize("event", [fake.ttn_up(decoded={"a": 1}), fake.chirp_up(decoded={"a": 1})])
def test_whole_events_of_both_servers(event: bytes) -> None:
    found = read_example(event.decode(), 3)
    assert found.payload == bytes.fromhex(fake.EM400)
    assert (found.f_port, found.dev_eui, found.decoded) == (85, fake.EUI, {"a": 1})
    assert found.at is not None


@pytest.mark.parametrize(
    ("text", "f_port", "words"),
    [
        ("", 1, "there is no uplink"),
        ("0x", 1, "there is no uplink"),
        ("01 7", 1, "neither hexadecimal nor base64"),
        ("0175", 300, "port 300"),
        ("00" * 256, 1, "256 bytes"),
        ("{", 1, "the event can't be read"),
        (json.dumps({"deviceInfo": {"devEui": fake.EUI}, "devAddr": "00189440"}), 1, "it is no uplink"),
    ],
)
def test_what_is_none_is_said(text: str, f_port: int, words: str) -> None:
    with pytest.raises(ExampleError, match=words):
        read_example(text, f_port)


def test_why_a_reading_would_be_set_aside() -> None:
    assert faults_of({"distance_mm": 900.0}, BIN) == []
    assert faults_of({"fill_pct": 0.0}, BIN) == []
    assert faults_of({"battery_pct": 50.0}, BIN) == ["distance_mm or fill_pct is needed"]
    [outside, unknown] = sorted(faults_of({"fill_pct": 400.0, "colour": 1.0}, BIN), reverse=True)
    assert outside.startswith("fill_pct is 400, outside")
    assert unknown == "colour: kind bin has no such field"
    assert "surface_temperature_c is missing, and needed" in faults_of({"air_temperature_c": 0.0}, ROAD)
