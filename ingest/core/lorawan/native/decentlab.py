"""Decentlab DL-WRM (winter road), DL-ITST (infrared), DL-DS18 (probe).

Protocol 2: version, device id, flags; each flag says whether its sensor's words follow, high byte first
(Decentlab's data sheets, "Payload"). Temperatures of infrared are (x - 1000) / 10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.core.lorawan.decoded import Builder, Decoded, DecodeError
from ingest.core.lorawan.native.cursor import Cursor

PORT = 1
_VERSION = 2
_NOTHING = 0xFFFF
_PROBE_FAULTS: Mapping[float, str] = {85.0: "the probe has just been switched on", -127.0: "no probe"}


def winter_road(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode DL-WRM: air, humidity, surface."""
    del f_port, installation
    air, infrared, battery = _words(payload, (2, 2, 1))
    out = Builder()
    if air is not None:
        _take(out, "air_temperature_c", air[0], 175 * air[0] / 65535 - 45)
        _take(out, "humidity_pct", air[1], 100 * air[1] / 65535)
    if infrared is not None:
        _take(out, "surface_temperature_c", infrared[0], (infrared[0] - 1000) / 10)
        out.facts["head_temperature_c"] = (infrared[1] - 1000) / 10
    return _with_battery(out, battery)


def infrared(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode DL-ITST: the surface that it looks at."""
    del f_port, installation
    target, battery = _words(payload, (2, 1))
    out = Builder()
    if target is not None:
        _take(out, "surface_temperature_c", target[0], (target[0] - 1000) / 10)
        out.facts["head_temperature_c"] = (target[1] - 1000) / 10
    return _with_battery(out, battery)


def probe(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode DL-DS18: a probe in the surface, or where ``installation`` says: ``{"measures": "subsurface_temperature_c"}``."""
    del f_port
    name = str(installation.get("measures", "surface_temperature_c"))
    found, battery = _words(payload, (1, 1))
    out = Builder()
    if found is not None:
        if found[0] == _NOTHING:
            out.not_measured[name] = "65535: nothing measured"
        else:
            out.measured(name, (found[0] - 32768) / 16, _PROBE_FAULTS)
    return _with_battery(out, battery)


def _words(payload: bytes, sensors: Sequence[int]) -> list[list[int] | None]:
    """Return each sensor's words, None for one whose flag is not set."""
    data = Cursor(payload)
    version = data.u8("the version")
    if version != _VERSION:
        raise DecodeError(f"byte 0: protocol {version}; known is {_VERSION}")
    data.take(2, "the device's id")
    flags = data.u16("the flags")
    if flags >> len(sensors):
        raise DecodeError(f"flags {flags:04x}: this model has {len(sensors)} sensors")
    found = [
        [data.u16("a word") for _ in range(count)] if flags >> bit & 1 else None
        for bit, count in enumerate(sensors)
    ]
    if data.left:
        raise DecodeError(f"byte {data.at}: {data.left} bytes more than the flags say")
    return found


def _take(out: Builder, name: str, word: int, value: float) -> None:
    if word == _NOTHING:
        out.not_measured[name] = "65535: nothing measured"
    else:
        out.measured(name, value)


def _with_battery(out: Builder, battery: list[int] | None) -> Decoded:
    if battery is not None:
        out.measured("battery_v", battery[0] / 1000)
    return out.build()
