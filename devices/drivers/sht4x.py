"""Sensirion SHT40, SHT41 and SHT45: air temperature and relative humidity over I²C.

Data sheet SHT4x, version 6, sections 4.5 (commands), 4.6 (conversion) and 4.9 (heater): command 0xFD
measures with high precision in at most 8.3 ms and answers with six bytes: two for the
temperature and their CRC, two for the humidity and theirs. A read before it is ready, or without a
measurement, is not acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from devices.drivers.base import NoAnswer
from devices.drivers.bus import I2cBus, why
from devices.drivers.sensirion import cropped_pct, temperature_c, words

_MEASURE_HIGH = b"\xfd"
_SERIAL = b"\x89"
_HEAT_200MW_1S = b"\x39"
_CONVERSION_S = 0.010
HEAT_S = 1.1
"""One second with 10 % of tolerance; the chip ends it by itself and allows it a tenth of the time (4.9)."""


class Sht4x:
    """One chip; implements :class:`devices.drivers.base.Sensor` and ``Heater``.

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
        return decode(self._ask(_MEASURE_HIGH, _CONVERSION_S))

    def heat(self) -> None:
        """Heat with 200 mW for a second; measurements meanwhile are not acknowledged."""
        try:
            self._bus.write(self._address, _HEAT_200MW_1S)
        except OSError as e:
            raise self._silent(e) from e

    def cool(self) -> None:
        """The pulse ends by itself."""

    def serial(self) -> int:
        """Return the chip's serial number (command 0x89), which tells it from an SHT3x."""
        high, low = words(self._ask(_SERIAL, 0.001), ("serial", "serial"), "SHT4x")
        return high << 16 | low

    def _ask(self, command: bytes, wait_s: float) -> bytes:
        try:
            self._bus.write(self._address, command)
            self._sleep(wait_s)
            return self._bus.read(self._address, 6)
        except OSError as e:
            raise self._silent(e) from e

    def _silent(self, e: OSError) -> NoAnswer:
        return NoAnswer(f"SHT4x at 0x{self._address:02x} does not answer: {why(e)}")


def decode(frame: bytes) -> dict[str, float]:
    """Return temperature [°C] and humidity [%] of a measurement's six bytes (section 4.6).

    Raises:
        SensorError: as in :meth:`Sht4x.read`.
    """
    temperature, humidity = words(frame, ("temperature", "humidity"), "SHT4x")
    return {
        "temperature_c": temperature_c(temperature, "SHT4x"),
        "humidity_pct": cropped_pct(-6.0 + 125.0 * humidity / 65_535.0, "SHT4x"),
    }
