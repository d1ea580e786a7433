"""Reads a device's sensors when they are due and turns values into fields."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from devices.contract.kind import Kind
from devices.drivers.base import Sensor, SensorError


class Sampler:
    """One reading per cadence from any number of sensors.

    A sensor that fails is skipped; the reading goes out with what the others gave, as
    long as the kind's required fields are there.

    Args:
        kind: which fields there are and how finely they mean something.
        sensors: read in this order; a later one wins where two give the same field.
        cadence_s: interval between readings [s].
        first_due_s: when the first reading is due, on the caller's clock [s].
    """

    def __init__(self, kind: Kind, sensors: Sequence[Sensor], cadence_s: float, first_due_s: float) -> None:
        if cadence_s <= 0:
            raise ValueError(f"cadence_s {cadence_s} must be above 0")
        self._sensors = tuple(sensors)
        self._rounding = {f.name: (f.resolution, f.decimals) for f in kind.fields}
        self._required = tuple(f.name for f in kind.fields if f.required)
        self._groups = kind.at_least_one_of
        self.cadence_s = cadence_s
        self.due_s = first_due_s
        self.failures = 0
        self.last_failure = ""
        self._range = {f.name: (f.minimum, f.maximum) for f in kind.fields}
        self._corrections: Mapping[str, tuple[float, float]] = {}

    def measure_every(self, cadence_s: float, now_s: float) -> None:
        """Measure at another interval from now on [s]: the next reading comes within it.

        Raises:
            ValueError: it is not above 0.
        """
        if cadence_s <= 0:
            raise ValueError(f"cadence_s {cadence_s} must be above 0")
        self.cadence_s = cadence_s
        self.due_s = min(self.due_s, now_s + cadence_s)

    def correct(self, corrections: Mapping[str, tuple[float, float]]) -> None:
        """Correct fields by (gain, offset) from now on: value × gain + offset, held to the field's range."""
        self._corrections = dict(corrections)

    def advance(self, now_s: float) -> None:
        """Set the next due time after ``now_s``; missed ones are left out, never bunched."""
        self.due_s += self.cadence_s
        if self.due_s <= now_s:
            self.due_s += math.floor((now_s - self.due_s) / self.cadence_s + 1) * self.cadence_s

    def read(self) -> dict[str, float] | None:
        """Return the fields of one reading, or None where it would lack what it needs."""
        fields: dict[str, float] = {}
        for sensor in self._sensors:
            try:
                self._collect(fields, sensor.read())
            except SensorError as e:
                self.failures += 1
                self.last_failure = str(e)
            except Exception as e:  # a driver's own mistake: it must not end what the others measure
                self.failures += 1
                self.last_failure = f"{type(e).__name__} in a driver: {e}"
        if all(name in fields for name in self._required) and all(
            any(name in fields for name in group) for group in self._groups
        ):
            return fields
        return None

    def _collect(self, fields: dict[str, float], values: Mapping[str, float]) -> None:
        for name, value in values.items():
            rounding = self._rounding.get(name)
            if rounding is None:
                continue
            if not math.isfinite(value):
                self.failures += 1
                self.last_failure = f"{name} is {value}"
                continue
            if name in self._corrections:
                value = self._corrected(name, value)
            resolution, digits = rounding
            fields[name] = round(round(value / resolution) * resolution, digits)

    def _corrected(self, name: str, value: float) -> float:
        """Return the corrected value; one that was outside the range before stays so, for the server to see."""
        least, most = self._range[name]
        if not least <= value <= most:
            return value
        gain, offset = self._corrections[name]
        return min(max(value * gain + offset, least), most)
