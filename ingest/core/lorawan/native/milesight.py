"""Milesight EM310-UDL, EM400-UDL/MUD/TLD, EM410-RDL (bins) and EM500-PT100 (roads).

[channel][type][data], low byte first, in any order (Milesight user guides, "Communication Protocol"; the
tables of the maker's SensorDecoders, read as facts). What follows a channel that is not known can't be
told apart, so that it is left unread and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ingest.core.lorawan.decoded import Builder, Decoded, DecodeError, Sample
from ingest.core.lorawan.native.cursor import Cursor

PORT = 85

NO_DISTANCE: Mapping[float, str] = {
    0.0: "nothing measured",
    65533.0: "out of range",
    65535.0: "nothing measured",
}
_BATTERY: Mapping[float, str] = {255.0: "not known"}
_EXCEPTION = {0: "blind zone left", 1: "in the blind zone", 2: "no target", 3: "sensor fault"}
_DISTANCE_ALARM = {0: "over", 1: "threshold", 2: "jump"}
_POSITION = {0: "normal", 1: "tilt"}
_ATTRIBUTES = {0x01: 1, 0x03: 2, 0x09: 2, 0x0A: 2, 0x0B: 1, 0x0F: 1, 0x16: 8, 0xFE: 1, 0xFF: 2}
_ATTRIBUTE_NAMES = {
    0x01: "protocol_version", 0x03: "reporting_interval_s", 0x09: "hardware_version", 0x0A: "firmware_version",
    0x0B: "power_on", 0x0F: "device_class", 0x16: "serial_number", 0xFE: "reset", 0xFF: "tsl_version",
}  # fmt: skip


def distance(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode a distance sensor: ``distance_mm``, ``temperature_c``, ``battery_pct``."""
    del f_port, installation
    return _decode(payload, _distance_channel)


def pt100(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode EM500-PT100: ``surface_temperature_c``, ``battery_pct``.

    ``installation`` may name the field that its probe measures: ``{"measures": "subsurface_temperature_c"}``.
    """
    del f_port
    name = str(installation.get("measures", "surface_temperature_c"))
    return _decode(payload, lambda place, data, out: _probe_channel(place, data, out, name))


def _decode(payload: bytes, read: Any) -> Decoded:
    data, out = Cursor(payload), Builder()
    if not payload:
        raise DecodeError("the payload is empty")
    while data.left:
        began = data.at
        place = (data.u8("a channel"), data.u8("a type"))
        if not (_common(place, data, out) or read(place, data, out)):
            unread = payload[began:].hex()
            if began == 0:
                raise DecodeError(f"byte 0: channel {place[0]:02x} type {place[1]:02x} is not known")
            out.facts["unread"] = unread
            break
    return out.build()


def _common(place: tuple[int, int], data: Cursor, out: Builder) -> bool:
    channel, kind = place
    if place == (0x01, 0x75):
        out.measured("battery_pct", float(data.u8("the battery")), _BATTERY)
        return True
    if channel in (0xFF, 0xFE) and kind in _ATTRIBUTES:
        found = data.take(_ATTRIBUTES[kind], "an attribute")
        value = int.from_bytes(found, "little") if kind == 0x03 else found.hex()
        out.facts[_ATTRIBUTE_NAMES[kind]] = value
        return True
    return False


def _distance_channel(place: tuple[int, int], data: Cursor, out: Builder) -> bool:
    match place:
        case (0x03 | 0x04, 0x82):
            out.measured("distance_mm", float(data.u16_le("the distance")), NO_DISTANCE)
        case (0x03, 0x67):
            out.measured("temperature_c", data.i16_le("the temperature") / 10)
        case (0x04 | 0x05, 0x00):
            out.facts["position"] = _POSITION.get(position := data.u8("the position"), position)
        case (0x83, 0x67):
            out.measured("temperature_c", data.i16_le("the temperature") / 10)
            out.facts["temperature_alarm"] = bool(data.u8("the alarm"))
        case (0x83 | 0x84, 0x82):
            out.measured("distance_mm", float(data.u16_le("the distance")), NO_DISTANCE)
            out.facts["distance_alarm"] = _DISTANCE_ALARM.get(alarm := data.u8("the alarm"), alarm)
        case (0x94, 0x82):
            out.measured("distance_mm", float(data.u16_le("the distance")), NO_DISTANCE)
            out.facts["distance_jump_mm"] = data.i16_le("the jump")
            out.facts["distance_alarm"] = _DISTANCE_ALARM.get(alarm := data.u8("the alarm"), alarm)
        case (0xB4, 0x82):
            _exception(data, out)
        case (0x06, 0x88):
            data.take(9, "the place")
        case (0x20, 0xCE):
            _distance_history(data, out)
        case _:
            return False
    return True


def _exception(data: Cursor, out: Builder) -> None:
    """A distance with a reason not to believe it; only one that is over leaves a measurement."""
    value, code = float(data.u16_le("the distance")), data.u8("the exception")
    meaning = _EXCEPTION.get(code, f"exception {code}")
    out.facts["distance_exception"] = meaning
    if code == 0:
        out.measured("distance_mm", value, NO_DISTANCE)
    else:
        out.fields.pop("distance_mm", None)
        out.not_measured["distance_mm"] = f"{value:g}: {meaning}"


def _distance_history(data: Cursor, out: Builder) -> None:
    at = datetime.fromtimestamp(data.u32_le("a time"), UTC)
    value = float(data.u16_le("the distance"))
    temperature_c = data.i16_le("the temperature") / 10
    data.take(3, "the jump and the event")
    if value not in NO_DISTANCE:
        out.earlier.append(Sample(fields={"distance_mm": value, "temperature_c": temperature_c}, at=at))


def _probe_channel(place: tuple[int, int], data: Cursor, out: Builder, name: str) -> bool:
    match place:
        case (0x03, 0x67):
            out.measured(name, data.i16_le("the temperature") / 10)
        case (0x83, 0x67):
            out.measured(name, data.i16_le("the temperature") / 10)
            out.facts["temperature_alarm"] = bool(data.u8("the alarm"))
        case (0x83, 0xD7):
            out.measured(name, data.i16_le("the temperature") / 10)
            out.facts["temperature_jump_c"] = data.i16_le("the jump") / 10
            out.facts["temperature_alarm"] = bool(data.u8("the alarm"))
        case (0x20, 0xCE):
            at = datetime.fromtimestamp(data.u32_le("a time"), UTC)
            out.earlier.append(Sample(fields={name: data.i16_le("the temperature") / 10}, at=at))
        case _:
            return False
    return True
