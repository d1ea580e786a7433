"""Bosch BME280: from raw words to units, by the calibration that each chip carries. Pure.

Data sheet BST-BME280-DS002, section 4.2.2 (where the trimming values are) and 8.1 (formulas in floating
point, double precision).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from devices.drivers.base import BadFrame, Implausible

_SKIPPED_20, _SKIPPED_16 = 0x80000, 0x8000
"""What the data registers hold after reset and where a measurement is switched off (section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The trimming values T1..T3, P1..P9 and H1..H6."""

    t: tuple[int, int, int]
    p: tuple[int, int, int, int, int, int, int, int, int]
    h: tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Raw:
    """One measurement as the chip has it: 20, 20 and 16 bits."""

    pressure: int
    temperature: int
    humidity: int


def calibration_of(low: bytes, high: bytes) -> Calibration:
    """Return the trimming values in registers 0x88..0xA1 (26 bytes) and 0xE1..0xE7 (7 bytes).

    Raises:
        BadFrame: wrong lengths, or a memory that was not read (all zeros or all ones).
    """
    if len(low) != 26 or len(high) != 7:
        raise BadFrame(f"BME280 calibration: {len(low)} and {len(high)} bytes, not 26 and 7")
    if not any(low) or all(byte == 0xFF for byte in low):
        raise BadFrame(f"BME280 calibration: only {low[0]:02x}, it was not read")
    t1, t2, t3, *p = struct.unpack_from("<Hhh Hhhhhhhhh", low)
    h2, h3, e4, e5, e6, h6 = struct.unpack("<hBbBbb", high)
    # H4 and H5 share register 0xE5: its low half belongs to H4, its high half to H5 (table 16).
    h4, h5 = e4 * 16 + (e5 & 0x0F), e6 * 16 + (e5 >> 4)
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = p
    return Calibration((t1, t2, t3), (p1, p2, p3, p4, p5, p6, p7, p8, p9), (low[25], h2, h3, h4, h5, h6))


def raw_of(block: bytes) -> Raw:
    """Return the words in registers 0xF7..0xFE.

    Raises:
        BadFrame: wrong length, or the registers hold what they hold before a measurement.
    """
    if len(block) != 8:
        raise BadFrame(f"BME280 sent {len(block)} bytes, not 8")
    pressure = block[0] << 12 | block[1] << 4 | block[2] >> 4
    temperature = block[3] << 12 | block[4] << 4 | block[5] >> 4
    humidity = block[6] << 8 | block[7]
    if _SKIPPED_20 in (pressure, temperature) or humidity == _SKIPPED_16:
        raise BadFrame("BME280: power-on value, no measurement was made")
    return Raw(pressure, temperature, humidity)


def decode(block: bytes, calibration: Calibration) -> dict[str, float]:
    """Return temperature [°C], humidity [%] and pressure [hPa] of the registers 0xF7..0xFE.

    Raises:
        BadFrame: as in :func:`raw_of`.
        Implausible: outside what the chip measures: -40 to 85 °C, 300 to 1100 hPa (section 1).
    """
    raw = raw_of(block)
    fine = t_fine(raw.temperature, calibration)
    values = {
        "temperature_c": fine / 5120.0,
        "humidity_pct": humidity_pct(raw.humidity, fine, calibration),
        "pressure_hpa": pressure_pa(raw.pressure, fine, calibration) / 100.0,
    }
    if not -40.0 <= values["temperature_c"] <= 85.0:
        raise Implausible(f"BME280 temperature {values['temperature_c']:.1f} °C is outside -40 to 85")
    if not 300.0 <= values["pressure_hpa"] <= 1100.0:
        raise Implausible(f"BME280 pressure {values['pressure_hpa']:.0f} hPa is outside 300 to 1100")
    return values


def t_fine(raw: int, calibration: Calibration) -> float:
    """Return the fine temperature that the other formulas need; a 5120th of it is °C."""
    t1, t2, t3 = calibration.t
    return (raw / 16384.0 - t1 / 1024.0) * t2 + (raw / 131072.0 - t1 / 8192.0) ** 2 * t3


def pressure_pa(raw: int, fine: float, calibration: Calibration) -> float:
    """Return the pressure [Pa].

    Raises:
        BadFrame: a calibration that divides by zero.
    """
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = calibration.p
    a = fine / 2.0 - 64000.0
    b = a * a * p6 / 32768.0 + a * p5 * 2.0
    b = b / 4.0 + p4 * 65536.0
    a = (1.0 + (p3 * a * a / 524288.0 + p2 * a) / 524288.0 / 32768.0) * p1
    if a == 0.0:
        raise BadFrame("BME280 calibration: P1 is 0, it was not read")
    p = (1048576.0 - raw - b / 4096.0) * 6250.0 / a
    return p + (p9 * p * p / 2147483648.0 + p * p8 / 32768.0 + p7) / 16.0


def humidity_pct(raw: int, fine: float, calibration: Calibration) -> float:
    """Return the relative humidity, cropped to 0..100 % as the formula says."""
    h1, h2, h3, h4, h5, h6 = calibration.h
    x = fine - 76800.0
    slope = h2 / 65536.0 * (1.0 + h6 / 67108864.0 * x * (1.0 + h3 / 67108864.0 * x))
    h = (raw - (h4 * 64.0 + h5 / 16384.0 * x)) * slope
    return min(100.0, max(0.0, h * (1.0 - h1 * h / 524288.0)))
