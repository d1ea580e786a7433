"""What the agent asks of a sensor, on a real chip or a simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class SensorError(Exception):
    """A sensor gave no usable value this time; the next read may succeed.

    The text says what was wrong (bad CRC, no answer, power-on value), for the log.
    """


class Sensor(Protocol):
    """Something that measures."""

    def read(self) -> Mapping[str, float]:
        """Return values by field name, in the unit that the name says.

        May block for the conversion time of the chip (milliseconds to a second).

        Raises:
            SensorError: no value; never a sentinel, a NaN or a stale value instead.
        """
        ...
