"""The 8-bit checksums of the sensors' buses."""

from __future__ import annotations


def _forward(data: bytes, polynomial: int, start: int) -> int:
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ polynomial if crc & 0x80 else crc << 1
        crc &= 0xFF
    return crc


def sensirion(data: bytes) -> int:
    """Return CRC-8 with polynomial 0x31, start 0xFF (Sensirion SHT3x/SHT4x data sheets)."""
    return _forward(data, 0x31, 0xFF)


def smbus(data: bytes) -> int:
    """Return the packet error code: polynomial 0x07, start 0 (SMBus 3.0, 5.4; MLX90614 data sheet, 8.4.3.1)."""
    return _forward(data, 0x07, 0x00)


def maxim(data: bytes) -> int:
    """Return CRC-8 with reflected polynomial 0x8C, start 0 (Maxim application note 27)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8C if crc & 1 else crc >> 1
    return crc
