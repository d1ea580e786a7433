"""Dingtek DF702, an ultrasonic bin sensor.

17 bytes, 25 with a place (Dingtek DF702 manual; The Things Network's device repository). Two faults of the
decoder there are not repeated: the angle's sign is lost to an operator's precedence, and the
temperature is read as unsigned, so that -1 °C is 255 °C. The distance is that to the content.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from ingest.core.lorawan.decoded import Builder, Decoded, DecodeError

PORT = 3
_SHORT, _LONG = 17, 25
_CONFIGURATION = 0x03
_NO_DISTANCE: Mapping[float, str] = {0.0: "nothing measured", 65535.0: "nothing measured"}


def df702(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode a heartbeat, an alarm or the answer to a setting."""
    del f_port, installation
    if len(payload) not in (_SHORT, _LONG):
        raise DecodeError(f"{len(payload)} bytes; a message has {_SHORT} or, with a place, {_LONG}")
    if payload[0] != 0x80:
        raise DecodeError(f"byte 0 is {payload[0]:02x}; a message begins with 80")
    if payload[3] == _CONFIGURATION:
        return Decoded(facts=_settings(payload)) if len(payload) == _LONG else _refuse(payload)
    out = Builder()
    out.measured("distance_mm", float(int.from_bytes(payload[5:7], "big")), _NO_DISTANCE)
    rest = payload[8:]
    if len(payload) == _LONG:
        _place(payload, out)
        rest = payload[16:]
    temperature, sign, angle, alarms, more = struct.unpack(">bBBBB", rest[:5])
    out.measured("temperature_c", float(temperature))
    # Which way it leans is of no use: the angle from upright is.
    out.measured("tilt_deg", float(angle))
    out.facts |= {
        "angle_deg": -angle if sign & 0x0F else angle,
        "full_alarm": bool(alarms >> 4),
        "fire_alarm": bool(alarms & 0x0F),
        "tilt_alarm": bool(more >> 4),
        "battery_alarm": bool(more & 0x0F),
    }
    return out.build()


def _place(payload: bytes, out: Builder) -> None:
    longitude, latitude = struct.unpack("<ff", payload[8:16])
    if math.isfinite(longitude) and math.isfinite(latitude) and abs(longitude) <= 180 and abs(latitude) <= 90:
        out.facts["longitude_deg"], out.facts["latitude_deg"] = round(longitude, 6), round(latitude, 6)


def _settings(payload: bytes) -> dict[str, Any]:
    return {
        "reporting_interval_s": payload[7] * 3600,
        "detection_interval_s": payload[8] * 60,
        "full_alarm_mm": payload[9] * 10,
        "fire_alarm_c": payload[10],
        "tilt_alarm_deg": payload[11],
        "tilt_alarm_on": bool(payload[12]),
        "range_mm": 2000 if payload[13] == 0 else 5000,
    }


def _refuse(payload: bytes) -> Decoded:
    raise DecodeError(f"an answer to a setting has {_LONG} bytes, not {len(payload)}")
