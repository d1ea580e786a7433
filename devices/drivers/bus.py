"""The wires that sensors hang on, as ports. Real: :mod:`devices.drivers.pi`; over a socket: ``remote_bus``.

Each call raises OSError with the kernel's number where a chip or a bus does not answer: EREMOTEIO (121) is a
missing acknowledgement, ETIMEDOUT (110) a clock line that a chip holds low, EIO a failed transfer.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Protocol


class I2cBus(Protocol):
    """One I²C bus. Addresses are of 7 bits; a transfer is one START to STOP."""

    def write(self, address: int, data: bytes) -> None:
        """Send ``data``."""
        ...

    def read(self, address: int, length: int) -> bytes:
        """Return ``length`` bytes without naming a register."""
        ...

    def write_read(self, address: int, data: bytes, length: int) -> bytes:
        """Send ``data``, then read ``length`` bytes after a repeated START."""
        ...

    def reopen(self) -> None:
        """Close the bus and open it again."""
        ...


class SerialPort(Protocol):
    """A serial line, 8 data bits, no parity, 1 stop bit."""

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return 1 to ``size`` bytes as soon as there are any; empty where none came in ``timeout_s`` [s]."""
        ...

    def discard(self) -> None:
        """Forget what has come so far: what is read next is new."""
        ...

    def reopen(self) -> None:
        """Close the line; the next read opens it again."""
        ...


class KernelFiles(Protocol):
    """The files in which the kernel's own drivers show their sensors, below ``/sys`` and ``/dev``."""

    def names(self, folder: str) -> Sequence[str]:
        """Return the names in ``folder``, sorted; none where there is no such folder."""
        ...

    def read(self, path: str) -> str:
        """Return a file's text; may block for a conversion (DS18B20: 0.75 s)."""
        ...


class Pins(Protocol):
    """GPIO pins by Broadcom number, timed by the kernel's edge events."""

    def echo_s(self, trigger: int, echo: int, timeout_s: float) -> float | None:
        """Raise ``trigger`` for 10 µs and return how long ``echo`` is high after it [s].

        None: no whole pulse within ``timeout_s``. An ``echo`` that is high beforehand is an OSError (EBUSY).
        """
        ...

    def highs_us(self, pin: int, low_s: float, listen_s: float) -> Sequence[float]:
        """Pull ``pin`` low for ``low_s``, let it go, and return the widths of the high pulses that follow [µs]."""
        ...


class Board(Protocol):
    """All the wires of one machine."""

    def i2c(self, number: int) -> I2cBus:
        """Return bus ``number``, the same object each time; ConfigurationError where there is none."""
        ...

    def serial(self, path: str, baud: int) -> SerialPort:
        """Return a serial line; it is opened at the first read."""
        ...

    def files(self) -> KernelFiles:
        """Return the kernel's files."""
        ...

    def pins(self) -> Pins:
        """Return the GPIO pins; ConfigurationError without ``lgpio``."""
        ...


def why(e: OSError) -> str:
    """Return what to say of a failed transfer: the kernel's words, and the usual cause."""
    words = {
        errno.EREMOTEIO: "no acknowledgement; is it wired and powered, and is the address right?",
        errno.ETIMEDOUT: "timed out; a chip holds the bus low, or a wire is loose",
        errno.EAGAIN: "lost the bus; a chip holds the data line low, or another master talks",
        errno.EIO: "input/output error",
        errno.ENOENT: "there is no such file",
    }
    return words.get(e.errno or 0, e.strerror or str(e))
