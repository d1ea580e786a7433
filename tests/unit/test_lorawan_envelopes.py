"""Events of both servers: identity, omitted zeros, nanoseconds, the best gateway, what is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.bridge.receiving import arrival
from ingest.core.lorawan import chirpstack, ttn
from ingest.core.lorawan.airtime import airtime_ms
from ingest.core.lorawan.envelope import default_topics, event_name, parse
from ingest.core.lorawan.events import DeviceStatus, DownlinkEvent, EnvelopeError, Join, Other, Uplink
from tests.fakes import lorawan as fake
from tests.fakes.real_data import real_data


def up_of(body: bytes, protocol: Any = "chirpstack_v4") -> Uplink:
    event = parse(protocol, "", body)
    assert isinstance(event, Uplink)
    return event


def test_a_counter_that_is_left_out_is_0() -> None:
    assert up_of(fake.chirp_up(f_cnt=0)).f_cnt == 0
    assert up_of(fake.ttn_up(f_cnt=0), "ttn_v3").f_cnt == 0
    assert up_of(fake.ttn_up(f_cnt=0), "ttn_v3").key == f"{fake.EUI}:AXA50tHUGUucuzS/bCGMNw==:0"


def test_nanoseconds_are_cut() -> None:
    event = json.loads(fake.chirp_up())
    event["time"] = "2026-11-20T12:00:00.123456999+01:00"
    assert up_of(json.dumps(event).encode()).at == datetime(2026, 11, 20, 11, 0, 0, 123456, tzinfo=UTC)


def test_the_gateway_that_heard_best_is_told() -> None:
    radio = up_of(fake.chirp_up()).radio
    assert (radio.gateway, radio.gateways, radio.rssi_dbm, radio.snr_db, radio.spreading) == (
        "gw-2",
        2,
        -80.0,
        9.0,
        9,
    )


def test_keys_are_as_the_servers_have_them() -> None:
    assert up_of(fake.chirp_up(key="abc")).key == "abc"
    event = {
        "deduplicationId": "abc",
        "time": "2026-11-20T12:00:00Z",
        "deviceInfo": {"devEui": fake.EUI},
        "margin": 5,
    }
    status = chirpstack.parse(json.dumps(event).encode(), "status")
    # One frame carries both: they may not hide each other.
    assert status.key == "status:abc"


def test_battery_that_is_not_known_is_not_0() -> None:
    event: dict[str, Any] = {
        "deduplicationId": "a",
        "time": "2026-11-20T12:00:00Z",
        "deviceInfo": {"devEui": fake.EUI},
    }
    for more in ({"batteryLevelUnavailable": True}, {"externalPowerSource": True}, {}):
        status = chirpstack.parse(json.dumps({**event, **more}).encode(), "status")
        assert isinstance(status, DeviceStatus)
        assert status.battery_pct is None
    told = chirpstack.parse(json.dumps({**event, "batteryLevel": 88.3}).encode(), "status")
    assert isinstance(told, DeviceStatus)
    assert (told.battery_pct, told.margin_db) == (88.3, 0.0)


def test_a_simulated_uplink_says_so() -> None:
    assert up_of(fake.ttn_up(simulated=True), "ttn_v3").simulated


def test_last_battery_of_the_things_stack() -> None:
    event = json.loads(fake.ttn_up())
    event["uplink_message"]["last_battery_percentage"] = {
        "f_cnt": 3,
        "value": 47.6,
        "received_at": "2026-11-20T11:00:00Z",
    }
    assert up_of(json.dumps(event).encode(), "ttn_v3").battery_pct == 47.6


def test_downlink_events_of_the_things_stack() -> None:
    ids = {"device_id": "d", "dev_eui": fake.EUI.upper()}
    down = {"f_port": 85, "correlation_ids": ["as:downlink:1", "cityops:abc"]}
    names = {
        "downlink_queued": "queued",
        "downlink_sent": "radioed",
        "downlink_ack": "acknowledged",
        "downlink_nack": "failed",
    }
    for name, news in names.items():
        event = ttn.parse(json.dumps({"end_device_ids": ids, name: down}).encode())
        assert isinstance(event, DownlinkEvent)
        assert (event.news, "cityops:abc" in event.correlations) == (news, True)
    failed = {"downlink": down, "error": {"message_format": "no downlink allowed now"}}
    event = ttn.parse(json.dumps({"end_device_ids": ids, "downlink_failed": failed}).encode())
    assert isinstance(event, DownlinkEvent)
    assert (event.news, event.problem) == ("failed", "no downlink allowed now")


def test_a_join_of_the_things_stack() -> None:
    accept = {"session_key_id": "AbC=", "received_at": "2026-11-20T12:00:00Z"}
    event = ttn.parse(json.dumps({"end_device_ids": {"dev_eui": fake.EUI}, "join_accept": accept}).encode())
    assert isinstance(event, Join)
    assert (event.session, event.key) == ("AbC=", f"join:{fake.EUI}:AbC=")


def changed(**message: Any) -> bytes:
    event = json.loads(fake.ttn_up())
    event["uplink_message"] |= message
    return json.dumps(event).encode()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "a JSON object"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (changed(f_cnt=-1), "uplink_message.f_cnt is -1"),
        (changed(f_cnt=2**32), "whole number"),
        (changed(f_cnt=1.5), "whole number"),
        (changed(f_port="x"), "uplink_message.f_port"),
        (changed(frm_payload="!!!"), "base64"),
        (changed(frm_payload=7), "a text"),
        (changed(received_at="yesterday"), "uplink_message.received_at"),
        (changed(received_at="2026-13-40T99:00:00Z"), "uplink_message.received_at"),
        (changed(rx_metadata={}), "a list of objects"),
        (changed(decoded_payload=[1]), "an object"),
        (changed(consumed_airtime="long"), "a duration"),
        (b'{"uplink_message":{}}', "dev_eui"),
        (b'{"uplink_message":{},"end_device_ids":{"dev_eui":"xyz"}}', "16 hexadecimal digits"),
    ],
)
def test_what_can_not_be_read_is_said_and_kept(body: bytes, why: str) -> None:
    with pytest.raises(EnvelopeError, match=why):
        ttn.parse(body)
    kept = arrival(1, "ttn_v3", "", body)
    assert (kept.kind, kept.reason_code, kept.body) == ("other", "not_read", body)


def test_events_of_the_other_server_are_not_taken_for_something_that_says_nothing() -> None:
    """A source of the wrong protocol is to be noticed."""
    with pytest.raises(EnvelopeError, match="no event of The Things Stack"):
        ttn.parse(fake.chirp_up())
    with pytest.raises(EnvelopeError, match="no event of ChirpStack"):
        chirpstack.parse(fake.ttn_up())


def test_of_what_is_too_large_the_beginning_is_kept() -> None:
    """A broker may send 256 MB at a time."""
    first, other = (arrival(1, "ttn_v3", "", b" " * 300_000 + end) for end in (b"a", b"b"))
    assert (first.reason_code, len(first.body)) == ("not_read", 262_144)
    assert first.key != other.key


def test_a_field_that_is_not_known_is_not_looked_at() -> None:
    assert up_of(changed(brand_new={"x": [1]}), "ttn_v3").f_cnt == 1


def test_names_and_topics() -> None:
    assert event_name("application/1/device/2/event/up") == "up"
    assert event_name("v3/a@b/devices/c/up") == "up"
    assert event_name("whatever") == ""
    assert default_topics("chirpstack_v4", "") == ("application/+/device/+/event/+",)
    assert default_topics("ttn_v3", "bins@ttn")[0] == "v3/bins@ttn/devices/+/up"
    assert "v3/+/devices/+/down/ack" in default_topics("ttn_v3", "")


@pytest.mark.parametrize(
    ("spreading", "wanted_ms"), [(7, 61.696), (9, 205.824), (11, 823.296), (12, 1482.752)]
)
def test_airtime(spreading: int, wanted_ms: float) -> None:
    """Of 10 bytes in 125 kHz at 4/5: the published figures of The Things Network's and Semtech's calculators for 23 bytes."""
    assert airtime_ms(10, spreading, 125_000) == pytest.approx(wanted_ms)


@pytest.mark.real_data
def test_the_servers_own_examples() -> None:
    found = {
        name: chirpstack.parse(real_data(f"bins/lns_events/chirpstack_v4_{name}.json").read_bytes(), name)
        for name in ("up", "join", "status", "ack", "txack", "log", "location", "integration")
    }
    up, status, ack, txack = found["up"], found["status"], found["ack"], found["txack"]
    assert isinstance(up, Uplink)
    assert (up.f_cnt, up.f_port, up.payload, up.session) == (0, 1, b"\xaa", "00189440")
    assert up.key == "3ac7e3c4-4401-4b8d-9386-a5c902f9202d"
    assert isinstance(status, DeviceStatus)
    assert (status.battery_pct, status.margin_db) == (88.3, 10.0)
    assert isinstance(ack, DownlinkEvent)
    assert ack.news == "acknowledged"
    assert isinstance(txack, DownlinkEvent)
    assert txack.news == "radioed"
    assert isinstance(found["join"], Join)
    assert all(isinstance(found[name], Other) for name in ("log", "location", "integration"))
    uplink = ttn.parse(real_data("bins/lns_events/ttn_v3_uplink.json").read_bytes())
    assert isinstance(uplink, Uplink)
    assert (uplink.sender and uplink.sender.dev_eui, uplink.f_cnt, uplink.f_port) == (
        "0004a30b001c0530",
        1,
        0,
    )
    assert uplink.decoded == {"temperature": 1.0, "luminosity": 0.64}
    assert uplink.radio.airtime_ms == pytest.approx(56.576)
    # A webhook names no event: it is told from the fields.
    for name, event in found.items():
        again = chirpstack.parse(real_data(f"bins/lns_events/chirpstack_v4_{name}.json").read_bytes())
        assert again == event
