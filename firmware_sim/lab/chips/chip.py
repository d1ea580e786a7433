"""What all simulated chips have: the truth around them, noise in their last bits, and faults that can be ordered.

A chip never sees the driver: it is written from the data sheet again, so that both can be wrong only in the
same way if both were read wrongly.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Mapping


def nack() -> OSError:
    """Return what the kernel says when nobody acknowledges."""
    return OSError(errno.EREMOTEIO, "Remote I/O error")


class Clock:
    """Time that moves when somebody sleeps; for tests."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the time [s]."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


class Chip:
    """A simulated chip.

    Attributes:
        truth: what there is to measure, by the driver's name of the value; change it at will.
        noise: how far the last bits wander, in steps of the chip.
    """

    name: str
    faults: Mapping[str, str]
    """What can go wrong, by name, in words."""
    defaults: Mapping[str, float]

    def __init__(self, clock: Callable[[], float], noise: int = 0, **truth: float) -> None:
        unknown = truth.keys() - self.defaults.keys()
        if unknown:
            raise ValueError(
                f"{self.name} measures no {sorted(unknown)[0]}; it has {', '.join(self.defaults)}"
            )
        self.clock = clock
        self.noise = noise
        self.truth: dict[str, float] = {**self.defaults, **truth}
        self._ordered: dict[str, int | None] = {}
        self._rng = random.Random(self.name)
        self._frozen: dict[str, float] = {}

    def fail(self, fault: str, times: int | None = None) -> None:
        """Let ``fault`` happen the next ``times`` times; None until :meth:`heal`.

        Raises:
            ValueError: this chip has no such fault.
        """
        if fault not in self.faults:
            raise ValueError(f"{self.name} has no fault {fault!r}; there are {', '.join(self.faults)}")
        self._ordered[fault] = times

    def heal(self) -> None:
        """End every fault."""
        self._ordered.clear()
        self._frozen.clear()

    def has(self, fault: str) -> bool:
        """Whether the fault is ordered, without using it up."""
        return fault in self._ordered

    def hit(self, fault: str) -> bool:
        """Whether the fault happens now; one that was ordered a number of times is used up by one."""
        if fault not in self._ordered:
            return False
        left = self._ordered[fault]
        if left is not None:
            if left <= 1:
                del self._ordered[fault]
            else:
                self._ordered[fault] = left - 1
        return True

    def sense(self, name: str) -> float:
        """Return the truth; the first value that was sensed for ever while the chip is stuck."""
        if self.has("stuck"):
            return self._frozen.setdefault(name, self.truth[name])
        return self.truth[name]

    def wander(self) -> int:
        """Return a step of noise; 0 while the chip is stuck."""
        if self.noise == 0 or self.has("stuck"):
            return 0
        return self._rng.randint(-self.noise, self.noise)


class I2cChip(Chip):
    """A chip on an I²C bus."""

    def __init__(
        self, clock: Callable[[], float], address: int = 0x44, noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.address = address

    def transfer(self, written: bytes, length: int) -> bytes:
        """Return ``length`` bytes after ``written`` arrived: one START to STOP.

        Raises:
            OSError: not acknowledged.
        """
        raise NotImplementedError


class FileChip(Chip):
    """A chip that the kernel's own driver reads and shows as files."""

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return its folders and what is in them."""
        raise NotImplementedError

    def file(self, path: str) -> str:
        """Return a file's text; OSError as the kernel's driver gives it."""
        raise NotImplementedError


class SerialChip(Chip):
    """A chip that talks on a serial line all the time."""

    port: str = ""
    baud: int = 9600
    period_s: float = 1.0

    def say(self, at_s: float) -> bytes:
        """Return what it sends at a time [s]."""
        raise NotImplementedError


def clamp(value: float, bits: int) -> int:
    """Return the nearest whole number that ``bits`` can hold."""
    return min((1 << bits) - 1, max(0, round(value)))
