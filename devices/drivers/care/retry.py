"""Tries again where that may help, and opens the bus again in between."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping

from devices.drivers.base import BadFrame, NoAnswer, Sensor, SensorError


def may_help(e: SensorError) -> bool:
    """Whether another try may give a value: yes after silence or damage, no after what the chip said itself."""
    return isinstance(e, NoAnswer | BadFrame)


def pause_s(attempt: int) -> float:
    """Return how long to wait before try ``attempt`` (2, 3, …) [s]: 50 ms, doubled each time, at most 0.4 s."""
    return float(min(0.05 * 2.0 ** (attempt - 2), 0.4))


class Retrying:
    """A sensor that is read up to ``attempts`` times; implements :class:`devices.drivers.base.Sensor`.

    Args:
        reopen: opens the bus again after silence; OSError of it is kept for the next try to find.
        sleep: waits between tries [s].
        rest_s: how long the chip itself needs between two readings [s].
    """

    def __init__(
        self,
        sensor: Sensor,
        attempts: int = 3,
        reopen: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        rest_s: float = 0.0,
    ) -> None:
        if attempts < 1:
            raise ValueError(f"attempts {attempts} must be at least 1")
        self._sensor = sensor
        self._attempts = attempts
        self._reopen = reopen
        self._sleep = sleep
        self._rest_s = rest_s
        self.retries = 0

    def read(self) -> Mapping[str, float]:
        """Return the sensor's values.

        Raises:
            SensorError: of the last try.
        """
        for attempt in range(2, self._attempts + 1):
            try:
                return self._sensor.read()
            except SensorError as e:
                if not may_help(e):
                    raise
                self.retries += 1
                if isinstance(e, NoAnswer):
                    with contextlib.suppress(OSError):
                        self._reopen()
                self._sleep(max(pause_s(attempt), self._rest_s))
        return self._sensor.read()
