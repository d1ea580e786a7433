"""A device's readings as Home Assistant discovers them over MQTT. Pure.

Home Assistant, MQTT integration: discovery topic ``<prefix>/sensor/<node>/<object>/config``, retained; a retained empty
message there takes the entity away. The broker is the household's own: nothing of this goes to the council's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind
from devices.contract.quantities import Quantity
from devices.contract.topics import is_device_name

PREFIX = "homeassistant"
ONLINE, OFFLINE = b"online", b"offline"
MISSED = 3
"""Readings that may fail to come before a value counts as not known."""
_CLASSES: Mapping[Quantity, str] = {
    q.TEMPERATURE: "temperature", q.RELATIVE_HUMIDITY: "humidity", q.PRESSURE: "atmospheric_pressure", q.VOLTAGE: "voltage",
    q.BATTERY: "battery", q.SPEED: "wind_speed", q.PRECIPITATION_RATE: "precipitation_intensity", q.IRRADIANCE: "irradiance",
    q.DISTANCE: "distance", q.MASS: "weight",
}  # fmt: skip
"""Home Assistant's device classes."""
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Message:
    """One message for the household's broker."""

    topic: str
    payload: bytes
    retain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose readings they are.

    Attributes:
        device: name at registration.
        kind: what it measures.
        name: what it is called in Home Assistant.
        cadence_s: usual interval between readings [s].
        firmware: its version, empty where it is not known.
        prefix: discovery prefix of Home Assistant.
    """

    device: str
    kind: Kind
    name: str
    cadence_s: int
    firmware: str = ""
    prefix: str = PREFIX

    def __post_init__(self) -> None:
        if not is_device_name(self.device):
            raise ValueError(f"device {self.device!r}: lower case letters, digits and hyphens, at most 63")
        if not is_prefix(self.prefix):
            raise ValueError(f"prefix {self.prefix!r}: letters, digits, _ and -, with / between")


def is_prefix(text: str) -> bool:
    """Whether a text can be a discovery prefix: no wildcards, no empty levels."""
    return _PREFIX.fullmatch(text) is not None


def state_topic(subject: Subject) -> str:
    """Return where readings go; they are not retained."""
    return f"cityops/{subject.device}/state"


def availability_topic(subject: Subject) -> str:
    """Return where it is said whether readings come."""
    return f"cityops/{subject.device}/availability"


def status_topic(prefix: str = PREFIX) -> str:
    """Return where Home Assistant says that it has started: all is announced again then."""
    return f"{prefix}/status"


def discovery(subject: Subject, fields: Collection[str]) -> list[Message]:
    """Return what makes the named fields of a device appear; a field that its kind lacks is left out."""
    return [
        Message(_config_topic(subject, f), _encoded(_config(subject, f)), retain=True)
        for f in subject.kind.fields
        if f.name in fields
    ]


def removal(subject: Subject) -> list[Message]:
    """Return what takes all that a device may have announced away."""
    topics = [_config_topic(subject, f) for f in subject.kind.fields] + [availability_topic(subject)]
    return [Message(topic, b"", retain=True) for topic in topics]


def availability(subject: Subject, *, online: bool) -> Message:
    """Return whether readings come."""
    return Message(availability_topic(subject), ONLINE if online else OFFLINE, retain=True)


def state(subject: Subject, reading: Mapping[str, object], at: datetime) -> Message:
    """Return a reading of a time: the kind's fields that it has, codes as words; no NaN."""
    values = {f.name: _value(f, reading[f.name]) for f in subject.kind.fields if f.name in reading}
    return Message(state_topic(subject), _encoded({**values, "measured_at": at.isoformat()}), retain=False)


def present(subject: Subject, reading: Mapping[str, object]) -> frozenset[str]:
    """Return the fields that a reading has a value for; 0.0 is one."""
    return frozenset(f.name for f in subject.kind.fields if reading.get(f.name) is not None)


def _value(field: Field, value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if field.codes and isinstance(value, int | float):
        return field.codes.get(int(value))
    return value


def _config_topic(subject: Subject, field: Field) -> str:
    return f"{subject.prefix}/sensor/cityops_{subject.device}/{field.name}/config"


def _config(subject: Subject, field: Field) -> dict[str, Any]:
    return {
        "unique_id": f"cityops_{subject.device}_{field.name}",
        "name": field.title,
        "state_topic": state_topic(subject),
        # A value that is missing renders as None, which Home Assistant shows as unknown.
        "value_template": f"{{{{ value_json.get('{field.name}') }}}}",
        "expire_after": MISSED * subject.cadence_s,
        "availability": [{"topic": availability_topic(subject)}],
        "device": _device(subject),
        "origin": {"name": "cityops", **({"sw_version": subject.firmware} if subject.firmware else {})},
        **_measure(field),
    }


def _measure(field: Field) -> dict[str, Any]:
    if field.codes:
        return {"device_class": "enum", "options": list(field.codes.values())}
    found: dict[str, Any] = {
        "state_class": "measurement",
        "unit_of_measurement": field.quantity.symbol,
        "suggested_display_precision": min(field.decimals, 1),
    }
    if field.quantity in _CLASSES:
        found["device_class"] = _CLASSES[field.quantity]
    if field.name.startswith("battery"):
        found |= {"entity_category": "diagnostic", "suggested_display_precision": field.decimals}
    return found


def _device(subject: Subject) -> dict[str, Any]:
    found = {
        "identifiers": [f"cityops_{subject.device}"],
        "name": subject.name or subject.device,
        "manufacturer": "cityops",
        "model": subject.kind.title,
    }
    return found | ({"sw_version": subject.firmware} if subject.firmware else {})


def _encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
