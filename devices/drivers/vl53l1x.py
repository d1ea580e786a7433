"""ST VL53L1X: distance by the time that laser light takes there and back, for bins.

Data sheet DS12385 and user manual UM2510 (its driver): registers have 16-bit addresses, values are big-endian,
model id 0xEACC at 0x010F. One measurement at a time: start, wait for the interrupt's flag, read the
block at 0x89, clear, stop, so that the laser is dark between readings. There is no checksum: the
model id and the configuration are read back when it is set up.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from devices.drivers.base import BadFrame, Implausible, NoAnswer, NoSignal, SensorError
from devices.drivers.bus import I2cBus, why
from devices.drivers.vl53l1x_table import BUDGET_100_MS, DEFAULTS, FIRST, STATUS, WORDS

MODEL = bytes([0xEA, 0xCC])
_MODEL_ID, _BOOTED, _OSCILLATOR = 0x010F, 0x00E5, 0x00DE
_HV_MUX, _READY, _PERIOD, _CLEAR, _START, _RESULT = 0x0030, 0x0031, 0x006C, 0x0086, 0x0087, 0x0089
_VHV_LOOPS, _VHV_INIT = 0x0008, 0x000B
_BUDGET_S, _POLL_S, _POLLS = 0.1, 0.01, 40
_PERIOD_MS, _OSCILLATOR_FACTOR = 110, 1.075
_NEAREST_MM, _FARTHEST_MM = 10, 4000


class Vl53l1x:
    """One chip; implements :class:`devices.drivers.base.Sensor`.

    Args:
        bus: the I²C bus it is on.
        address: 0x29 until another is written, which is lost with the power.
        sleep: waits for the measurement [s].
    """

    def __init__(self, bus: I2cBus, address: int = 0x29, sleep: Callable[[float], None] = time.sleep) -> None:
        self._bus = bus
        self._address = address
        self._sleep = sleep
        self._set_up_already = False

    def read(self) -> Mapping[str, float]:
        """Return ``distance_mm``; blocks for 0.1 s, the first time for 0.3 s.

        Raises:
            SensorError: no answer, another chip, or a measurement that the chip itself does not trust.
        """
        try:
            if not self._set_up_already:
                self._set_up()
                self._set_up_already = True
            return {"distance_mm": float(decode(self._measure()))}
        except OSError as e:
            self._set_up_already = False
            raise NoAnswer(f"VL53L1X at 0x{self._address:02x} does not answer: {why(e)}") from e
        except NoAnswer:
            self._set_up_already = False  # it may have lost its power, and its configuration with it
            raise

    def _set_up(self) -> None:
        self._poll(lambda: bool(self._get(_BOOTED, 1)[0] & 1), "does not boot")
        model = self._get(_MODEL_ID, 2)
        if model != MODEL:
            raise SensorError(
                f"chip at 0x{self._address:02x} has model id 0x{model.hex()}, a VL53L1X has 0xeacc"
                + (" (this is a VL53L0X)" if model[:1] == b"\xee" else "")
            )
        self._set(FIRST, DEFAULTS)
        if self._get(FIRST, len(DEFAULTS))[:4] != DEFAULTS[:4]:
            raise BadFrame(f"VL53L1X at 0x{self._address:02x}: the configuration did not arrive")
        self._measure()  # the first one calibrates the chip to its temperature and is not used
        self._set(_VHV_LOOPS, b"\x09")
        self._set(_VHV_INIT, b"\x00")
        for register, value in BUDGET_100_MS:
            self._set(register, value)
        ticks = int.from_bytes(self._get(_OSCILLATOR, 2), "big") & 0x3FF
        self._set(_PERIOD, round(ticks * _PERIOD_MS * _OSCILLATOR_FACTOR).to_bytes(4, "big"))

    def _measure(self) -> bytes:
        self._set(_CLEAR, b"\x01")
        self._set(_START, b"\x40")
        try:
            self._sleep(_BUDGET_S)
            ready = 0 if self._get(_HV_MUX, 1)[0] & 0x10 else 1
            self._poll(lambda: self._get(_READY, 1)[0] & 1 == ready, "gives no measurement")
            block = self._get(_RESULT, 17)
            self._set(_CLEAR, b"\x01")
        finally:
            self._set(_START, b"\x00")
        return block

    def _poll(self, done: Callable[[], bool], otherwise: str) -> None:
        for _ in range(_POLLS):
            if done():
                return
            self._sleep(_POLL_S)
        raise NoAnswer(f"VL53L1X at 0x{self._address:02x} {otherwise}")

    def _get(self, register: int, length: int) -> bytes:
        return self._bus.write_read(self._address, register.to_bytes(2, "big"), length)

    def _set(self, register: int, value: bytes) -> None:
        self._bus.write(self._address, register.to_bytes(2, "big") + value)


def decode(block: bytes) -> int:
    """Return the distance [mm] in the 17 bytes of registers 0x89..0x99 (UM2510, ``VL53L1X_GetResult``).

    Raises:
        BadFrame: wrong length.
        NoSignal: the chip does not trust its measurement, and why.
        Implausible: a distance outside its range.
    """
    if len(block) != 17:
        raise BadFrame(f"VL53L1X sent {len(block)} bytes, not 17")
    code = block[0] & 0x1F
    status = STATUS.get(code)
    if status != 0:
        words = WORDS.get(status if status is not None else -1, f"status code {code} is not known")
        raise NoSignal(f"VL53L1X: {words}")
    distance = int.from_bytes(block[13:15], "big")
    if not _NEAREST_MM <= distance <= _FARTHEST_MM:
        raise Implausible(f"VL53L1X distance {distance} mm is outside 10 to 4000")
    return distance
