"""Sensirion SHT30, SHT31 and SHT35: air temperature and relative humidity over I²C.

Data sheet SHT3x-DIS, version 7: 4.3 (single shot: 0x2400 is high repeatability without clock stretching, at
most 15.5 ms; a millisecond of rest after each command), 4.10 (heater 0x306D on, 0x3066 off), 4.11 (status 0xF32D, cleared by 0x3041), 4.12 (CRC-8), 4.13
(conversion).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from devices.drivers.base import NoAnswer, SensorError
from devices.drivers.bus import I2cBus, why
from devices.drivers.sensirion import cropped_pct, temperature_c, words

_MEASURE_HIGH = b"\x24\x00"
_STATUS = b"\xf3\x2d"
_CLEAR_STATUS = b"\x30\x41"
_HEATER_ON, _HEATER_OFF = b"\x30\x6d", b"\x30\x66"
_CONVERSION_S, _REST_S = 0.016, 0.001
_HEATER_BIT = 1 << 13


class Sht3x:
    """One chip; implements :class:`devices.drivers.base.Sensor` and ``Heater``.

    The heater stays on through a restart of the agent, so the first read switches it off.

    Args:
        bus: the I²C bus it is on.
        address: 0x44, or 0x45 with the pin ADDR high.
        sleep: waits for the conversion [s].
    """

    def __init__(self, bus: I2cBus, address: int = 0x44, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep
        self._begun = False

    def read(self) -> Mapping[str, float]:
        """Return ``temperature_c`` and ``humidity_pct``.

        Raises:
            SensorError: no answer, a bad checksum, or a humidity that can't be.
        """
        if not self._begun:
            self.cool()
            self._write(_CLEAR_STATUS)
            self._begun = True
        self._write(_MEASURE_HIGH)
        self._sleep(_CONVERSION_S)
        return decode(self._read(6))

    def heat(self) -> None:
        """Switch the heater on; SensorError where the chip does not say that it is."""
        self._write(_HEATER_ON)
        if not self.status() & _HEATER_BIT:
            raise SensorError(f"SHT3x at 0x{self._address:02x}: the heater did not go on")

    def cool(self) -> None:
        """Switch the heater off."""
        self._write(_HEATER_OFF)

    def status(self) -> int:
        """Return the status register: bit 13 heater, 4 reset since it was cleared, 1 command refused, 0 bad CRC."""
        self._write(_STATUS)
        return words(self._read(3), ("status",), "SHT3x")[0]

    def _write(self, command: bytes) -> None:
        try:
            self._bus.write(self._address, command)
        except OSError as e:
            raise self._silent(e) from e
        self._sleep(_REST_S)

    def _read(self, length: int) -> bytes:
        try:
            return self._bus.read(self._address, length)
        except OSError as e:
            raise self._silent(e) from e

    def _silent(self, e: OSError) -> NoAnswer:
        return NoAnswer(f"SHT3x at 0x{self._address:02x} does not answer: {why(e)}")


def decode(frame: bytes) -> dict[str, float]:
    """Return temperature [°C] and humidity [%] of a measurement's six bytes (section 4.13).

    Raises:
        SensorError: as in :meth:`Sht3x.read`.
    """
    temperature, humidity = words(frame, ("temperature", "humidity"), "SHT3x")
    return {
        "temperature_c": temperature_c(temperature, "SHT3x"),
        "humidity_pct": cropped_pct(100.0 * humidity / 65_535.0, "SHT3x"),
    }
