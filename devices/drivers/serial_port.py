"""A serial line through ``termios`` of the standard library: what is needed is a dozen lines, not a package."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import termios

_SPEEDS = {speed: getattr(termios, f"B{speed}") for speed in (4800, 9600, 19_200, 38_400, 57_600, 115_200)}
SPEEDS = tuple(_SPEEDS)


class TermiosPort:
    """The line at ``path``; implements :class:`devices.drivers.bus.SerialPort`.

    It is opened at the first read, and again after :meth:`reopen`: a dongle may be plugged in later.
    """

    def __init__(self, path: str, baud: int = 9600) -> None:
        self._path = path
        self._speed = _SPEEDS[baud]
        self._descriptor: int | None = None

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return 1 to ``size`` bytes, or none after ``timeout_s`` [s]; OSError closes the line."""
        try:
            descriptor = self._open()
            if not select.select([descriptor], [], [], timeout_s)[0]:
                return b""
            data = os.read(descriptor, size)
            if not data:
                raise OSError(errno.EIO, "the line was hung up")
        except OSError:
            self.reopen()
            raise
        return data

    def discard(self) -> None:
        """Forget what has come so far."""
        try:
            termios.tcflush(self._open(), termios.TCIFLUSH)
        except termios.error as e:
            self.reopen()
            raise OSError(*e.args) from e

    def reopen(self) -> None:
        """Close the line; the next read opens it again."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                self._raw(descriptor)
            except termios.error as e:
                os.close(descriptor)
                raise OSError(*e.args) from e
            self._descriptor = descriptor
        return self._descriptor

    def _raw(self, descriptor: int) -> None:
        """8N1, no flow control, no echo, nothing translated (termios(3), raw mode)."""
        characters = termios.tcgetattr(descriptor)[6]
        characters[termios.VMIN], characters[termios.VTIME] = b"\0", b"\0"
        control = termios.CS8 | termios.CREAD | termios.CLOCAL
        termios.tcsetattr(
            descriptor, termios.TCSANOW, [0, 0, control, 0, self._speed, self._speed, characters]
        )
