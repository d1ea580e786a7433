"""Bosch BME280: air temperature, relative humidity and pressure over I²C.

Data sheet BST-BME280-DS002: 5.3 and 5.4 (registers), 3.3 (forced mode), 9.1 (at most 9.3 ms with one sample
of each). The chip has no checksum, so the calibration is read twice and its id each time it is set up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from devices.drivers.base import BadFrame, NoAnswer, SensorError
from devices.drivers.bme280_math import Calibration, calibration_of, decode
from devices.drivers.bus import I2cBus, why

_ID, _RESET, _CTRL_HUM, _STATUS, _CTRL_MEAS, _DATA = 0xD0, 0xE0, 0xF2, 0xF3, 0xF4, 0xF7
_LOW, _HIGH = 0x88, 0xE1
_SOFT_RESET = 0xB6
_ONE_SAMPLE_FORCED = 0b001_001_01
_CONVERSION_S, _POLL_S, _POLLS = 0.0093, 0.002, 10
CHIP_ID = 0x60
OTHERS: Mapping[int, str] = {
    0x55: "a BMP180", 0x56: "a BMP280 sample", 0x57: "a BMP280 sample", 0x58: "a BMP280", 0x61: "a BME680",
}  # fmt: skip


class Bme280:
    """One chip; implements :class:`devices.drivers.base.Sensor`.

    Args:
        bus: the I²C bus it is on.
        address: 0x76, or 0x77 with the pin SDO high.
        sleep: waits for the conversion [s].
    """

    def __init__(self, bus: I2cBus, address: int = 0x76, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep
        self._calibration: Calibration | None = None

    def read(self) -> Mapping[str, float]:
        """Return ``temperature_c``, ``humidity_pct`` and ``pressure_hpa``.

        Raises:
            SensorError: no answer, another chip, a calibration that can't be read, no measurement made.
        """
        try:
            calibration = self._calibration or self._set_up()
            self._calibration = calibration
            self._reset()
            # In forced mode the chip sleeps between readings, so it does not warm itself (section 3.3.3).
            self._set(_CTRL_HUM, 0b001)
            self._set(_CTRL_MEAS, _ONE_SAMPLE_FORCED)
            self._sleep(_CONVERSION_S)
            self._wait(0x08)
            return decode(self._get(_DATA, 8), calibration)
        except OSError as e:
            self._calibration = None
            raise NoAnswer(f"BME280 at 0x{self._address:02x} does not answer: {why(e)}") from e
        except SensorError:
            self._calibration = None  # it may have lost its power: set it up again
            raise

    def _set_up(self) -> Calibration:
        self._check_id(self._get(_ID, 1)[0])
        self._reset()
        first, again = (self._get(_LOW, 26) + self._get(_HIGH, 7) for _ in range(2))
        if first != again:
            raise BadFrame(f"BME280 at 0x{self._address:02x}: calibration read twice and different")
        return calibration_of(first[:26], first[26:])

    def _reset(self) -> None:
        """Empty the data registers: a measurement that does not happen then shows as none, not as the last one."""
        self._set(_RESET, _SOFT_RESET)
        self._sleep(0.002)
        self._wait(0x01)

    def _check_id(self, found: int) -> None:
        if found == CHIP_ID:
            return
        if found in OTHERS:
            what = f"{OTHERS[found]}, which measures no humidity" if found != 0x61 else OTHERS[found]
            raise SensorError(f"chip at 0x{self._address:02x} is {what} (id 0x{found:02x}), no BME280 (0x60)")
        raise BadFrame(f"chip at 0x{self._address:02x} has id 0x{found:02x}, a BME280 has 0x60")

    def _wait(self, bit: int) -> None:
        for _ in range(_POLLS):
            if not self._get(_STATUS, 1)[0] & bit:
                return
            self._sleep(_POLL_S)
        raise NoAnswer(f"BME280 at 0x{self._address:02x}: still busy after {1000 * _POLLS * _POLL_S:.0f} ms")

    def _get(self, register: int, length: int) -> bytes:
        return self._bus.write_read(self._address, bytes([register]), length)

    def _set(self, register: int, value: int) -> None:
        self._bus.write(self._address, bytes([register, value]))
