"""The I²C bus of a Raspberry Pi, through ``smbus2`` (extra ``[pi]``)."""

from __future__ import annotations

from smbus2 import SMBus, i2c_msg


class SmbusI2c:
    """Bus ``number`` (1 on the header's pins); implements :class:`devices.drivers.sht4x.I2cBus`."""

    def __init__(self, number: int = 1) -> None:
        self._bus = SMBus(number)

    def write_byte(self, i2c_addr: int, value: int) -> None:
        """Send one byte."""
        self._bus.write_byte(i2c_addr, value)

    def read_bytes(self, i2c_addr: int, length: int) -> bytes:
        """Read ``length`` bytes without naming a register."""
        message = i2c_msg.read(i2c_addr, length)
        self._bus.i2c_rdwr(message)
        return bytes(message)
