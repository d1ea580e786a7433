"""Events of The Things Stack v3: MQTT and webhooks have the same JSON.

The Things Stack's documentation, "Data Formats" and "MQTT Server". Fields with the value zero are left
out; ``received_at`` of the event is the application server's, that of ``uplink_message`` the network
server's. The last one is kept: a frame that is delivered again has it again.
"""

from __future__ import annotations

import hashlib

from ingest.core.lorawan.events import (
    MOST_F_CNT,
    DownlinkEvent,
    DownlinkNews,
    EnvelopeError,
    Event,
    Join,
    Other,
    Radio,
    Sender,
    Uplink,
)
from ingest.core.lorawan.fields import Node, read_json

_DOWNLINKS: dict[str, DownlinkNews] = {
    "downlink_queued": "queued",
    "downlink_sent": "radioed",
    "downlink_ack": "acknowledged",
    "downlink_nack": "failed",
    "downlink_failed": "failed",
}


def parse(body: bytes) -> Event:
    """Return the event that ``body`` is.

    Raises:
        EnvelopeError: it can't be read.
    """
    event = read_json(body)
    if "uplink_message" in event:
        return _uplink(event, event.node("uplink_message"))
    if "join_accept" in event:
        return _join(event, event.node("join_accept"))
    for name, news in _DOWNLINKS.items():
        if name in event:
            return _downlink(event, event.node(name), name, news, body)
    if "end_device_ids" not in event:
        raise EnvelopeError("end_device_ids is missing: it is no event of The Things Stack")
    names = ("location_solved", "service_data", "uplink_normalized")
    name = next((one for one in names if one in event), "unknown")
    return Other(
        sender=_sender(event, needed=False), at=event.time("received_at"), key=_digest(body), name=name
    )


def _sender(event: Node, *, needed: bool = True) -> Sender | None:
    ids = event.node("end_device_ids")
    dev_eui = ids.eui("dev_eui")
    if not dev_eui:
        if not needed:
            return None
        raise EnvelopeError(
            f"{ids.path('dev_eui')} is missing; give the device {ids.text('device_id')!r} a DevEUI in the console"
        )
    return Sender(
        dev_eui=dev_eui,
        application_id=ids.node("application_ids").text("application_id"),
        device_id=ids.text("device_id"),
        label=ids.text("device_id"),
        dev_addr=ids.text("dev_addr").lower(),
    )


def _uplink(event: Node, message: Node) -> Uplink:
    sender = _sender(event)
    assert sender is not None
    # A session of ABP has a key id, too; a console's simulated uplink has none.
    session = message.text("session_key_id") or sender.dev_addr
    f_cnt = message.integer("f_cnt", MOST_F_CNT)
    battery = message.node("last_battery_percentage")
    return Uplink(
        sender=sender,
        at=message.time("received_at") or event.time("received_at"),
        key=f"{sender.dev_eui}:{session}:{f_cnt}",
        session=session,
        f_cnt=f_cnt,
        f_port=message.integer("f_port", 255),
        payload=message.bytes("frm_payload"),
        decoded=message.plain("decoded_payload"),
        confirmed=message.flag("confirmed"),
        simulated=event.flag("simulated"),
        battery_pct=battery.number("value"),
        radio=_radio(message),
    )


def _radio(message: Node) -> Radio:
    heard = message.nodes("rx_metadata")
    best = max(heard, key=lambda one: (_or(one.number("snr")), _or(one.number("rssi"))), default=Node({}))
    settings = message.node("settings")
    lora = settings.node("data_rate").node("lora")
    airtime_s = message.seconds("consumed_airtime")
    frequency = settings.number("frequency")
    return Radio(
        gateway=best.node("gateway_ids").text("gateway_id"),
        gateways=len(heard),
        rssi_dbm=best.number("rssi"),
        snr_db=best.number("snr") if "snr" in best else (0.0 if heard and "rssi" in best else None),
        spreading=lora.integer("spreading_factor", 12) or None,
        bandwidth_hz=lora.integer("bandwidth", 10_000_000) or None,
        frequency_hz=None if frequency is None else int(frequency),
        airtime_ms=None if airtime_s is None else airtime_s * 1000.0,
    )


def _join(event: Node, accept: Node) -> Join:
    sender = _sender(event)
    assert sender is not None
    session = accept.text("session_key_id") or sender.dev_addr
    return Join(
        sender=sender,
        at=accept.time("received_at") or event.time("received_at"),
        key=f"join:{sender.dev_eui}:{session}",
        session=session,
    )


def _downlink(event: Node, told: Node, name: str, news: DownlinkNews, body: bytes) -> DownlinkEvent:
    down = told.node("downlink") if name == "downlink_failed" else told
    problem = {"downlink_nack": "the device did not acknowledge it"}.get(name, "")
    if name == "downlink_failed":
        problem = told.node("error").text("message_format") or "the server could not send it"
    return DownlinkEvent(
        sender=_sender(event, needed=False),
        at=event.time("received_at"),
        key=_digest(body),
        news=news,
        correlations=(*event.texts("correlation_ids"), *down.texts("correlation_ids")),
        problem=problem,
    )


def _or(value: float | None) -> float:
    return 0.0 if value is None else value


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
