"""What the agent asks of a sensor, on a real chip or a simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class SensorError(Exception):
    """A sensor gave no usable value this time; the next read may succeed.

    The text says what was wrong (bad CRC, no answer, power-on value), for the log.
    """


class NoAnswer(SensorError):  # noqa: N818 - an answer's absence, not an error of ours
    """Nothing came back: not acknowledged, timed out, no such file. Trying again may help."""


class BadFrame(SensorError):  # noqa: N818
    """Something came back that is damaged: checksum, length, a register's power-on value. Trying again may help."""


class NoSignal(SensorError):  # noqa: N818
    """The chip works and says that it can't measure: no echo, no fix, too little light."""


class Implausible(SensorError):  # noqa: N818
    """A value arrived whole and can't be true."""


class Skipped(SensorError):  # noqa: N818
    """Not read on purpose: the heater is drying the chip."""


class Sensor(Protocol):
    """Something that measures."""

    def read(self) -> Mapping[str, float]:
        """Return values by field name, in the unit that the name says.

        May block for the conversion time of the chip (milliseconds to a second).

        Raises:
            SensorError: no value; never a sentinel, a NaN or a stale value instead.
        """
        ...


class Heater(Protocol):
    """A chip with a heater that dries it."""

    def heat(self) -> None:
        """Begin to heat; the values until :meth:`cool` and a pause after it are the heater's, not the air's."""
        ...

    def cool(self) -> None:
        """Stop heating; nothing where the chip stops by itself."""
        ...
