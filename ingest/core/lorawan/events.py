"""What a LoRaWAN network server says, as values, whichever server it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Protocol = Literal["ttn_v3", "chirpstack_v4", "senml"]
EventKind = Literal["uplink", "join", "status", "downlink", "other", "senml"]
DownlinkNews = Literal["queued", "radioed", "acknowledged", "failed"]

MOST_F_CNT = 2**32 - 1
"""Frame counters have 32 bits; a device that has only 16 begins again at 0 (LoRaWAN 1.0.4, 4.3.1.5)."""


class EnvelopeError(ValueError):
    """An event that can't be read: the sentence names the field, what it is and what was wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent it, as the server knows it.

    Attributes:
        dev_eui: 16 hexadecimal digits, lower case.
        application_id, device_id: where downlinks for it go (ChirpStack: the DevEUI).
        label: name for a person.
        dev_addr: address of its session; empty where not told.
    """

    dev_eui: str
    application_id: str = ""
    device_id: str = ""
    label: str = ""
    dev_addr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Radio:
    """How an uplink was heard, by the gateway that heard it best; None is not told.

    Attributes:
        gateway: its id.
        gateways: how many heard it.
        rssi_dbm: signal [dBm].
        snr_db: signal to noise [dB].
        spreading: spreading factor, 5 to 12.
        bandwidth_hz: [Hz].
        frequency_hz: [Hz].
        airtime_ms: time on air [ms].
    """

    gateway: str = ""
    gateways: int = 0
    rssi_dbm: float | None = None
    snr_db: float | None = None
    spreading: int | None = None
    bandwidth_hz: int | None = None
    frequency_hz: int | None = None
    airtime_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Of every event.

    Attributes:
        sender: whose it is; None where it is of no device (a server's own log line).
        at: when the network server had it; None where it does not say.
        key: idempotency key: the same event has the same one, however often it comes.
    """

    sender: Sender | None
    at: datetime | None
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink(Event):
    """A frame that a device sent.

    Attributes:
        session: what its frame counter counts within: the session key's id, or the device address.
        f_cnt: frame counter; servers leave out 0.
        f_port: 0 where the frame has commands of the network only.
        payload: the device's bytes, decrypted.
        decoded: what a codec in the server made of them; None where there is none there.
        confirmed: whether the device asked for an answer.
        simulated: whether a person typed it into the server's console.
        battery_pct: battery as last told to the server [%].
        radio: how it was heard.
    """

    session: str
    f_cnt: int
    f_port: int
    payload: bytes
    decoded: Mapping[str, Any] | None = None
    confirmed: bool = False
    simulated: bool = False
    battery_pct: float | None = None
    radio: Radio = field(default_factory=Radio)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join(Event):
    """A device joined: its counters begin again. ``session`` as in :class:`Uplink`."""

    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatus(Event):
    """What a device told the network of itself (DevStatusAns, LoRaWAN 1.0.4, 5.5).

    Attributes:
        battery_pct: [%]; None where it can't tell, or has an external supply.
        external_power: whether it has one.
        margin_db: signal to noise of the last frame it heard, above what it needs [dB].
    """

    battery_pct: float | None = None
    external_power: bool | None = None
    margin_db: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DownlinkEvent(Event):
    """What became of a downlink.

    Attributes:
        news: what.
        correlations: marks among which ours may be.
        problem: why it failed.
    """

    news: DownlinkNews
    correlations: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other(Event):
    """An event that nothing is made of; ``name`` as the server calls it, ``text`` for a person."""

    name: str
    text: str = ""


def event_kind(event: Event) -> EventKind:
    """Return the kind under which the inbox keeps it."""
    match event:
        case Uplink():
            return "uplink"
        case Join():
            return "join"
        case DeviceStatus():
            return "status"
        case DownlinkEvent():
            return "downlink"
        case _:
            return "other"
