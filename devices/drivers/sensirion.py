"""What Sensirion's humidity chips have in common: words of two bytes, each with its checksum."""

from __future__ import annotations

from collections.abc import Sequence

from devices.drivers.base import BadFrame, Implausible
from devices.drivers.crc8 import sensirion

_TOLERANCE_PCT = 6.0
"""Formulas reach a little outside 0 to 100 %: the data sheets have values near it cropped."""


def words(frame: bytes, names: Sequence[str], chip: str) -> list[int]:
    """Return the words of ``frame``, one for each of ``names``.

    Raises:
        BadFrame: too short, or a checksum that does not fit.
    """
    if len(frame) != 3 * len(names):
        raise BadFrame(f"{chip} sent {len(frame)} bytes, not {3 * len(names)}")
    found = []
    for number, name in enumerate(names):
        part = frame[3 * number : 3 * number + 3]
        if sensirion(part[:2]) != part[2]:
            raise BadFrame(f"{chip} {name}: bad checksum in {part.hex(' ')}")
        found.append(int.from_bytes(part[:2], "big"))
    return found


def temperature_c(word: int, chip: str) -> float:
    """Return the temperature [°C] (SHT3x data sheet 4.13, SHT4x 4.6).

    Raises:
        Implausible: outside -40 to 125 °C, which the chips can't measure: words of all zeros or all ones.
    """
    value = -45.0 + 175.0 * word / 65_535.0
    if not -40.0 <= round(value, 2) <= 125.0:
        raise Implausible(f"{chip} temperature {value:.1f} °C is outside -40 to 125")
    return value


def cropped_pct(humidity: float, chip: str) -> float:
    """Return a humidity within 0 to 100 %.

    Raises:
        Implausible: it is further outside than the formula explains.
    """
    if not -_TOLERANCE_PCT <= humidity <= 100.0 + _TOLERANCE_PCT:
        raise Implausible(f"{chip} humidity {humidity:.1f} % is impossible")
    return min(100.0, max(0.0, humidity))
