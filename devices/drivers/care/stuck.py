"""Notices a chip that says the same for ever: its last bits move by themselves while it measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devices.drivers.base import Implausible, Sensor


@dataclass(frozen=True, slots=True)
class Run:
    """The last values, and how often in a row they were exactly these."""

    values: tuple[tuple[str, float], ...] = ()
    times: int = 0

    def then(self, values: Mapping[str, float]) -> Run:
        """Return the run after ``values`` came."""
        new = tuple(sorted(values.items()))
        return Run(new, self.times + 1 if new == self.values else 1)


class StuckWatch:
    """A sensor whose values may not all be identical ``limit`` times; implements ``Sensor``.

    All of them: a humidity may stay at exactly 100 % for hours, the temperature beside it moves. Wrap
    the driver itself: rounding and calibration would hide what moves.

    Args:
        limit: how many identical reads are one too many; 0 never.
    """

    def __init__(self, sensor: Sensor, limit: int) -> None:
        self._sensor = sensor
        self._limit = limit
        self._run = Run()

    def read(self) -> Mapping[str, float]:
        """Return the sensor's values.

        Raises:
            Implausible: they have not moved for too long.
            SensorError: of the sensor.
        """
        values = self._sensor.read()
        self._run = self._run.then(values)
        if self._limit and self._run.times >= self._limit:
            said = ", ".join(f"{name} {value:.6g}" for name, value in self._run.values)
            raise Implausible(f"stuck: {self._run.times} reads in a row say exactly {said}")
        return values
