"""Events of ChirpStack v4: the MQTT integration and the HTTP integration, both set to JSON.

ChirpStack's documentation, "Integrations: Event types". Protobuf-JSON: fields with the value zero are
left out. One frame may give several events with one ``deduplicationId`` (an uplink and the status it
carried), so that of all but uplinks has the event's name before it.
"""

from __future__ import annotations

import hashlib

from ingest.core.lorawan.airtime import airtime_ms
from ingest.core.lorawan.events import (
    MOST_F_CNT,
    DeviceStatus,
    DownlinkEvent,
    EnvelopeError,
    Event,
    Join,
    Other,
    Radio,
    Sender,
    Uplink,
)
from ingest.core.lorawan.fields import Node, read_json

NAMES = ("up", "join", "status", "ack", "txack", "log", "location", "integration")
_CODE_RATES = {"CR_4_5": 5, "CR_4_6": 6, "CR_4_7": 7, "CR_4_8": 8}


def parse(body: bytes, name: str = "") -> Event:
    """Return the event that ``body`` is.

    Args:
        body: JSON.
        name: the event's name, from the topic or from ``?event=``; empty: it is told from the fields.

    Raises:
        EnvelopeError: it can't be read.
    """
    event = read_json(body)
    match name or _guess(event):
        case "up":
            return _uplink(event, body)
        case "join":
            sender = _sender(event)
            return Join(
                sender=sender,
                at=event.time("time"),
                key=_key(event, "join", body),
                session=event.text("devAddr").lower(),
            )
        case "status":
            return _status(event, body)
        case "ack":
            acked = event.flag("acknowledged")
            return DownlinkEvent(
                sender=_sender(event),
                at=event.time("time"),
                key=_key(event, "ack", body),
                news="acknowledged" if acked else "failed",
                correlations=(event.text("queueItemId"),),
                problem="" if acked else "the device did not acknowledge it",
            )
        case "txack":
            return DownlinkEvent(
                sender=_sender(event),
                at=event.time("time"),
                key=f"txack:{event.text('queueItemId') or _digest(body)}:{event.integer('fCntDown', MOST_F_CNT)}",
                news="radioed",
                correlations=(event.text("queueItemId"),),
            )
        case other:
            if other == "unknown" and "deviceInfo" not in event:
                raise EnvelopeError("deviceInfo is missing: it is no event of ChirpStack")
            return Other(
                sender=_sender(event, needed=False),
                at=event.time("time"),
                key=_digest(body),
                name=other,
                text=f"{event.text('code')} {event.text('description')}".strip() if other == "log" else "",
            )


def _guess(event: Node) -> str:
    told = {
        "rxInfo": "up", "txInfo": "up", "data": "up", "level": "log", "location": "location", "integrationName": "integration",
        "margin": "status", "batteryLevel": "status", "externalPowerSource": "status", "batteryLevelUnavailable": "status",
    }  # fmt: skip
    if "queueItemId" in event:
        return "txack" if "txInfo" in event or "gatewayId" in event else "ack"
    found = next((name for field, name in told.items() if field in event), None)
    if found is None:
        return "join" if "devAddr" in event else "unknown"
    return found


def _sender(event: Node, *, needed: bool = True) -> Sender | None:
    info = event.node("deviceInfo")
    dev_eui = info.eui("devEui")
    if not dev_eui:
        if needed:
            raise EnvelopeError(f"{info.path('devEui')} is missing")
        return None
    return Sender(
        dev_eui=dev_eui,
        application_id=info.text("applicationId"),
        device_id=dev_eui,
        label=info.text("deviceName"),
        dev_addr=event.text("devAddr").lower(),
    )


def _uplink(event: Node, body: bytes) -> Uplink:
    sender = _sender(event)
    payload = event.bytes("data")
    return Uplink(
        sender=sender,
        at=event.time("time"),
        key=event.text("deduplicationId") or _digest(body),
        session=event.text("devAddr").lower(),
        f_cnt=event.integer("fCnt", MOST_F_CNT),
        f_port=event.integer("fPort", 255),
        payload=payload,
        decoded=event.plain("object"),
        confirmed=event.flag("confirmed"),
        radio=_radio(event, len(payload)),
    )


def _radio(event: Node, payload_bytes: int) -> Radio:
    heard = event.nodes("rxInfo")
    best = max(heard, key=lambda one: (one.number("snr") or 0.0, one.number("rssi") or 0.0), default=Node({}))
    info = event.node("txInfo")
    lora = info.node("modulation").node("lora")
    spreading = lora.integer("spreadingFactor", 12) or None
    bandwidth = lora.integer("bandwidth", 10_000_000) or None
    rate = _CODE_RATES.get(lora.text("codeRate"), 5)
    known = spreading is not None and bandwidth is not None
    return Radio(
        gateway=best.text("gatewayId"),
        gateways=len(heard),
        rssi_dbm=(best.number("rssi") or 0.0) if heard else None,
        snr_db=(best.number("snr") or 0.0) if heard else None,
        spreading=spreading,
        bandwidth_hz=bandwidth,
        frequency_hz=info.integer("frequency", 10_000_000_000) or None,
        airtime_ms=airtime_ms(payload_bytes, spreading, bandwidth, rate)
        if known and spreading and bandwidth
        else None,
    )


def _status(event: Node, body: bytes) -> DeviceStatus:
    # DevStatusAns has 1 to 254 for a battery, so that 0 % is never told: left out is not known.
    external, unknown = event.flag("externalPowerSource"), event.flag("batteryLevelUnavailable")
    return DeviceStatus(
        sender=_sender(event),
        at=event.time("time"),
        key=_key(event, "status", body),
        battery_pct=None if external or unknown else event.number("batteryLevel"),
        external_power=external,
        margin_db=event.number("margin") or 0.0,
    )


def _key(event: Node, name: str, body: bytes) -> str:
    told = event.text("deduplicationId")
    return f"{name}:{told}" if told else _digest(body)


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
