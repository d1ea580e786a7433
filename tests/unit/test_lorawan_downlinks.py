"""Downlinks: makers' commands, and how each server takes them."""

from __future__ import annotations

import base64
import json

import pytest

from ingest.core.lorawan.downlinks import INTERVALS, Message, correlation_of, interval_message, publish
from ingest.core.lorawan.events import EnvelopeError, Sender
from ingest.core.lorawan.native.catalogue import NATIVE

SENDER = Sender(dev_eui="24e124136b502217", application_id="bins", device_id="bin-a")
MESSAGE = Message(f_port=85, payload=b"\xff\x03\x58\x02", what="x")


@pytest.mark.parametrize(
    ("name", "seconds", "wanted", "port"),
    [
        ("milesight-interval", 1200, "ff03b004", 85),  # 20 minutes: ff 03 b0 04, Milesight's example
        ("dragino-interval", 3600, "01000e10", 1),  # one hour: 01 00 0E 10, Dragino's example
        ("dragino-interval", 60, "0100003c", 1),
        ("dingtek-interval", 24 * 3600, b"80029999011881".hex(), 3),
    ],
)
def test_intervals(name: str, seconds: float, wanted: str, port: int) -> None:
    message = interval_message(name, seconds)
    assert (message.payload.hex(), message.f_port) == (wanted, port)
    assert str(seconds) in message.what


@pytest.mark.parametrize(
    ("name", "seconds", "why"),
    [
        ("milesight-interval", 70_000, "takes 60 to 64800 s"),
        ("milesight-interval", 59, "takes 60"),
        ("dingtek-interval", 5000, "steps of 3600 s"),
        ("dragino-interval", float("nan"), "takes 60"),
        ("nothing", 600, "there is no downlink"),
    ],
)
def test_intervals_that_can_not_be_set(name: str, seconds: float, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        interval_message(name, seconds)


def test_the_things_stack() -> None:
    found = publish("ttn_v3", SENDER, "bins@ttn", MESSAGE, True, "abc")
    assert found.topic == "v3/bins@ttn/devices/bin-a/down/push"
    [down] = json.loads(found.payload)["downlinks"]
    assert base64.b64decode(down["frm_payload"]) == MESSAGE.payload
    assert (down["f_port"], down["confirmed"]) == (85, True)
    assert "abc" in correlation_of(tuple(down["correlation_ids"]))


def test_chirpstack() -> None:
    found = publish("chirpstack_v4", SENDER, "", MESSAGE, False, "abc")
    assert found.topic == "application/bins/device/24e124136b502217/command/down"
    told = json.loads(found.payload)
    assert told == {
        "id": "abc",
        "devEui": SENDER.dev_eui,
        "confirmed": False,
        "fPort": 85,
        "data": "/wNYAg==",
    }


def test_nobody_knows_where_it_goes() -> None:
    with pytest.raises(EnvelopeError, match="not known"):
        publish("chirpstack_v4", Sender(dev_eui="24e124136b502217"), "", MESSAGE, False, "abc")
    with pytest.raises(EnvelopeError, match="senml"):
        publish("senml", SENDER, "", MESSAGE, False, "abc")


def test_every_decoder_names_a_downlink_that_is_there() -> None:
    assert {n.interval for n in NATIVE.values() if n.interval} == set(INTERVALS)
