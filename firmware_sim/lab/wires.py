"""The wires of a bench: what :mod:`devices.drivers.bus` asks for, with simulated chips at the other end."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from firmware_sim.lab.chips.chip import Chip, FileChip, I2cChip, SerialChip, nack
from firmware_sim.lab.chips.dht22 import SimDht22
from firmware_sim.lab.chips.hcsr04 import SimHcSr04


class BenchI2c:
    """An I²C bus with ``chips``; implements :class:`devices.drivers.bus.I2cBus`."""

    def __init__(self, chips: Sequence[I2cChip], reopened: Callable[[], None]) -> None:
        self._chips = chips
        self._reopened = reopened

    def write(self, address: int, data: bytes) -> None:
        """Send ``data``."""
        self._transfer(address, data, 0)

    def read(self, address: int, length: int) -> bytes:
        """Return ``length`` bytes."""
        return self._transfer(address, b"", length)

    def write_read(self, address: int, data: bytes, length: int) -> bytes:
        """Send ``data``, then read."""
        return self._transfer(address, data, length)

    def reopen(self) -> None:
        """Count that it was opened again."""
        self._reopened()

    def _transfer(self, address: int, data: bytes, length: int) -> bytes:
        if any(chip.hit("held_low") for chip in self._chips):
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        for chip in self._chips:
            if chip.address == address:
                return chip.transfer(data, length)
        raise nack()


class Line:
    """A serial line with a chip at its end that goes on talking, heard or not."""

    _HELD = 4096

    def __init__(self, chip: SerialChip, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.chip = chip
        self._clock, self._sleep = clock, sleep
        self._next_s = clock() + chip.period_s
        self._held = b""

    def discard(self) -> None:
        """Forget what has come."""
        self._listen()
        self._held = b""

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return what has come, or what comes within ``timeout_s`` [s]."""
        until_s = self._clock() + timeout_s
        self._listen()
        while not self._held and self._clock() < until_s:
            self._sleep(max(0.0, min(self._next_s, until_s) - self._clock()))
            self._listen()
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _listen(self) -> None:
        while self._next_s <= self._clock():
            self._held = (self._held + self.chip.say(self._next_s))[-self._HELD :]
            self._next_s += self.chip.period_s


class BenchPort:
    """A serial line that need not be there; implements :class:`devices.drivers.bus.SerialPort`."""

    def __init__(self, line: Callable[[], Line], baud: int, reopened: Callable[[], None]) -> None:
        self._line = line
        self._baud = baud
        self._reopened = reopened

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return what has come; other bytes than were sent where the speed is not the chip's."""
        line = self._line()
        data = line.read(size, timeout_s)
        return data if line.chip.baud == self._baud else bytes(byte ^ 0xE3 for byte in data)

    def discard(self) -> None:
        """Forget what has come."""
        self._line().discard()

    def reopen(self) -> None:
        """Count that it was opened again."""
        self._reopened()


class BenchFiles:
    """The kernel's files of the chips that it reads, and ``/dev``; implements ``KernelFiles``."""

    def __init__(self, chips: Sequence[Chip]) -> None:
        self._chips = chips

    def names(self, folder: str) -> Sequence[str]:
        """Return the names in a folder."""
        found = {name for chip in self._kernel_chips() for name in chip.names().get(folder, ())}
        ports = [PurePosixPath(chip.port) for chip in self._chips if isinstance(chip, SerialChip)]
        return sorted(found | {port.name for port in ports if str(port.parent) == folder})

    def read(self, path: str) -> str:
        """Return a file's text."""
        for chip in self._kernel_chips():
            try:
                return chip.file(path)
            except FileNotFoundError:
                continue
        raise OSError(errno.ENOENT, "No such file or directory")

    def _kernel_chips(self) -> list[FileChip]:
        return [chip for chip in self._chips if isinstance(chip, FileChip)]


class BenchPins:
    """GPIO pins; implements :class:`devices.drivers.bus.Pins`."""

    def __init__(self, chips: Sequence[Chip], sleep: Callable[[float], None]) -> None:
        self._chips = chips
        self._sleep = sleep

    def echo_s(self, trigger: int, echo: int, timeout_s: float) -> float | None:
        """Return the width of an echo [s]; nothing comes from pins without a module."""
        for chip in self._chips:
            if isinstance(chip, SimHcSr04) and (chip.trigger, chip.echo) == (trigger, echo):
                width = chip.echo_s()
                self._sleep(timeout_s if width is None else width)
                return width
        self._sleep(timeout_s)
        return None

    def highs_us(self, pin: int, low_s: float, listen_s: float) -> Sequence[float]:
        """Return the high pulses of a DHT22 on ``pin`` [µs]."""
        self._sleep(low_s + listen_s)
        for chip in self._chips:
            if isinstance(chip, SimDht22) and chip.pin == pin:
                return chip.highs_us(low_s)
        return ()
