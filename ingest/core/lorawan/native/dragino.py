"""Dragino LDDS75 and DDS75-LB, ultrasonic distance sensors.

8 bytes on port 2, high byte first (Dragino LDDS75 user manual, 2.3): battery [mV] in 14 bits, distance [mm],
interrupt, DS18B20 [0.1 °C], whether an ultrasonic sensor is there. Firmware before 1.1.4 sends the first four
only. The decoder in The Things Network's device repository gives the battery as the distance; not this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.core.lorawan.decoded import Builder, Decoded, DecodeError
from ingest.core.lorawan.native.cursor import Cursor

PORTS = (2, 5)
_NO_DISTANCE: Mapping[float, str] = {0.0: "no sensor", 20.0: "nothing valid", 65535.0: "nothing valid"}
_NO_PROBE: Mapping[float, str] = {3276.7: "no probe", -3276.8: "no probe"}


def ldds75(payload: bytes, f_port: int, installation: Mapping[str, Any]) -> Decoded:
    """Decode a distance, or on port 5 what the device says of itself.

    Without a DS18B20 its bytes are zero, so that 0.0 °C counts only where ``installation`` says that there is
    one: ``{"ds18b20": true}``.
    """
    if f_port == 5:
        return Decoded(facts={"device_information": payload.hex()})
    if len(payload) not in (4, 8):
        raise DecodeError(f"{len(payload)} bytes; a measurement has 8 (4 before firmware 1.1.4)")
    data, out = Cursor(payload), Builder()
    out.measured("battery_v", (data.u16("the battery") & 0x3FFF) / 1000)
    distance_mm = float(data.u16("the distance"))
    if data.left == 0:
        out.measured("distance_mm", distance_mm, _NO_DISTANCE)
        return out.build()
    out.facts["interrupt"] = bool(data.u8("the interrupt"))
    probe_c = data.i16("the probe") / 10
    without = (
        _NO_PROBE
        if installation.get("ds18b20") is True
        else {**_NO_PROBE, 0.0: "no probe is said to be there"}
    )
    out.measured("temperature_c", probe_c, without)
    if data.u8("the sensor") == 0:
        out.not_measured["distance_mm"] = "no ultrasonic sensor found"
    else:
        out.measured("distance_mm", distance_mm, _NO_DISTANCE)
    return out.build()
