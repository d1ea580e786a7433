"""Sensirion SHT40, SHT41 and SHT45: air temperature and relative humidity over I²C.

Data sheet SHT4x, version 6, sections 4.5 (commands) and 4.6 (conversion): command 0xFD
measures with high precision in at most 8.3 ms and answers with six bytes: two for the
temperature and their CRC, two for the humidity and theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from devices.drivers.base import SensorError
from devices.drivers.crc8 import sensirion

_MEASURE_HIGH = 0xFD
_CONVERSION_S = 0.010
_TOLERANCE_PCT = 6.0
"""The formula reaches from -6 to 119 %: the data sheet has values a little outside cropped."""


class I2cBus(Protocol):
    """What of ``smbus2.SMBus`` is used; it raises OSError where a chip does not answer."""

    def write_byte(self, i2c_addr: int, value: int) -> object:
        """Send one byte."""
        ...

    def read_bytes(self, i2c_addr: int, length: int) -> bytes:
        """Read ``length`` bytes without naming a register."""
        ...


class Sht4x:
    """One chip; implements :class:`devices.drivers.base.Sensor`.

    Args:
        bus: the I²C bus it is on.
        address: 0x44, or 0x45 and 0x46 for some variants.
        sleep: waits for the conversion [s].
    """

    def __init__(self, bus: I2cBus, address: int = 0x44, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep

    def read(self) -> Mapping[str, float]:
        """Return ``temperature_c`` and ``humidity_pct``.

        Raises:
            SensorError: no answer, a bad checksum, or a humidity that can't be.
        """
        try:
            self._bus.write_byte(self._address, _MEASURE_HIGH)
            self._sleep(_CONVERSION_S)
            frame = self._bus.read_bytes(self._address, 6)
        except OSError as e:
            raise SensorError(f"SHT4x at 0x{self._address:02x} does not answer: {e}") from e
        return decode(frame)


def decode(frame: bytes) -> dict[str, float]:
    """Return temperature [°C] and humidity [%] of a measurement's six bytes.

    Raises:
        SensorError: as in :meth:`Sht4x.read`.
    """
    if len(frame) != 6:
        raise SensorError(f"SHT4x sent {len(frame)} bytes, not 6")
    for name, part in (("temperature", frame[:3]), ("humidity", frame[3:])):
        if sensirion(part[:2]) != part[2]:
            raise SensorError(f"SHT4x {name}: bad checksum in {part.hex(' ')}")
    temperature = -45.0 + 175.0 * int.from_bytes(frame[:2], "big") / 65_535.0
    humidity = -6.0 + 125.0 * int.from_bytes(frame[3:5], "big") / 65_535.0
    if not -_TOLERANCE_PCT <= humidity <= 100.0 + _TOLERANCE_PCT:
        raise SensorError(f"SHT4x humidity {humidity:.1f} % is impossible")
    return {"temperature_c": temperature, "humidity_pct": min(100.0, max(0.0, humidity))}
