"""The two 8-bit checksums of the sensors' buses."""

from __future__ import annotations


def sensirion(data: bytes) -> int:
    """Return CRC-8 with polynomial 0x31, start 0xFF (Sensirion SHT3x/SHT4x data sheets)."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x31 if crc & 0x80 else crc << 1
        crc &= 0xFF
    return crc


def maxim(data: bytes) -> int:
    """Return CRC-8 with reflected polynomial 0x8C, start 0 (Maxim application note 27)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8C if crc & 1 else crc >> 1
    return crc
