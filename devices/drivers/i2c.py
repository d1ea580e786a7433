"""The I²C bus of a Raspberry Pi, through ``smbus2`` (extra ``[pi]``), imported when a bus is opened."""

from __future__ import annotations

import contextlib
from typing import Any


class SmbusI2c:
    """Bus ``number`` (1 on the header's pins); implements :class:`devices.drivers.bus.I2cBus`.

    Raises:
        ImportError: no ``smbus2``.
        OSError: no such bus, or no right to use it.
    """

    def __init__(self, number: int = 1) -> None:
        from smbus2 import SMBus, i2c_msg

        self._open: Any = SMBus
        self._message: Any = i2c_msg
        self._number = number
        self._bus: Any = self._open(number)

    def write(self, address: int, data: bytes) -> None:
        """Send ``data``."""
        self._bus.i2c_rdwr(self._message.write(address, data))

    def read(self, address: int, length: int) -> bytes:
        """Return ``length`` bytes without naming a register."""
        answer = self._message.read(address, length)
        self._bus.i2c_rdwr(answer)
        return bytes(answer)

    def write_read(self, address: int, data: bytes, length: int) -> bytes:
        """Send ``data``, then read after a repeated START."""
        answer = self._message.read(address, length)
        self._bus.i2c_rdwr(self._message.write(address, data), answer)
        return bytes(answer)

    def reopen(self) -> None:
        """Close the device file and open it again.

        The nine clock pulses that free a chip which holds the data line low can't be sent through it; the
        overlay ``i2c-gpio`` sends them by itself (docs/drivers.md).
        """
        with contextlib.suppress(OSError):
            self._bus.close()
        self._bus = self._open(self._number)
