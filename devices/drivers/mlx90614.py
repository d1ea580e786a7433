"""Melexis MLX90614: the temperature of a surface by its infrared light, over SMBus.

Data sheet 3901090614, rev. 13: 8.4.3 (read word with packet error code), 8.3 (RAM 0x06 ambient, 0x07 object;
EEPROM 0x04 emissivity, read as 0x24), 8.7 (0.02 K a step, bit 15 is the error flag). The address is 0x5A.
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.drivers.base import BadFrame, Implausible, NoAnswer, NoSignal
from devices.drivers.bus import I2cBus, why
from devices.drivers.crc8 import smbus

AMBIENT, OBJECT, EMISSIVITY = 0x06, 0x07, 0x24
_K = 273.15
_RANGES = {"ambient": (-40.0, 125.0), "object": (-70.0, 382.2)}


class Mlx90614:
    """One chip; implements :class:`devices.drivers.base.Sensor`.

    Args:
        bus: the I²C bus it is on, at most 100 kHz.
        address: 0x5A unless its memory was changed.
        emissivity: of the surface, 0.1 to 1; None takes what the chip is set to (1.0 from the factory).
            The chip's memory is not written: it takes few writes, and a wrong one ruins its calibration.
    """

    def __init__(self, bus: I2cBus, address: int = 0x5A, emissivity: float | None = None) -> None:
        self._bus = bus
        self._address = address
        self._emissivity = emissivity

    def read(self) -> Mapping[str, float]:
        """Return ``object_temperature_c`` and ``ambient_temperature_c`` (of the chip's own case).

        Raises:
            SensorError: no answer, a bad packet error code, the error flag, or a value outside the chip's range.
        """
        ambient = temperature_c(self._word(AMBIENT), "ambient")
        surface = temperature_c(self._word(OBJECT), "object")
        if self._emissivity is not None:
            surface = corrected_c(surface, ambient, emissivity(self._word(EMISSIVITY)), self._emissivity)
        return {"object_temperature_c": surface, "ambient_temperature_c": ambient}

    def _word(self, command: int) -> int:
        try:
            answer = self._bus.write_read(self._address, bytes([command]), 3)
        except OSError as e:
            raise NoAnswer(f"MLX90614 at 0x{self._address:02x} does not answer: {why(e)}") from e
        return decode(answer, self._address, command)


def decode(answer: bytes, address: int, command: int) -> int:
    """Return the word in low byte, high byte and packet error code, which covers the addresses as well.

    Raises:
        BadFrame: wrong length or code.
    """
    if len(answer) != 3:
        raise BadFrame(f"MLX90614 sent {len(answer)} bytes, not 3")
    sent = bytes([address << 1, command, address << 1 | 1])
    if smbus(sent + answer[:2]) != answer[2]:
        raise BadFrame(f"MLX90614 register 0x{command:02x}: bad packet error code in {answer.hex(' ')}")
    return int.from_bytes(answer[:2], "little")


def temperature_c(word: int, name: str) -> float:
    """Return the temperature [°C] in a word of 0.02 K.

    Raises:
        NoSignal: the error flag is set.
        Implausible: outside the chip's range.
    """
    if word & 0x8000:
        raise NoSignal(f"MLX90614 {name}: the chip flags an error (0x{word:04x})")
    value, (low, high) = word * 0.02 - _K, _RANGES[name]
    if not low - 0.05 <= value <= high + 0.05:
        raise Implausible(f"MLX90614 {name} {value:.2f} °C is outside {low:g} to {high:g}")
    return value


def emissivity(word: int) -> float:
    """Return the emissivity in EEPROM 0x04 (8.3.3); Implausible below 0.1."""
    value = word / 65_535.0
    if value < 0.1:
        raise Implausible(f"MLX90614 emissivity {value:.3f} is below 0.1: its memory is damaged")
    return value


def corrected_c(surface_c: float, ambient_c: float, was: float, is_really: float) -> float:
    """Return the temperature [°C] of a surface of another emissivity than the chip reckoned with.

    The chip solves signal = emissivity · (object⁴ - ambient⁴) (8.7.2); so does this. What the surface reflects
    is taken to be as warm as the chip. A clear sky is colder: a road then reads too cold.

    Raises:
        Implausible: no temperature solves it.
    """
    ambient = (ambient_c + _K) ** 4
    fourth = ((surface_c + _K) ** 4 - ambient) * was / is_really + ambient
    if fourth <= 0.0:
        raise Implausible(f"MLX90614: no surface of emissivity {is_really:g} gives {surface_c:.1f} °C")
    return float(fourth**0.25 - _K)
