"""Puts right what is known to be off: a chip's own error, and the warmth of the box it sits in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.air import surface_humidity_pct
from devices.drivers.base import Sensor

AIR, HUMIDITY = "temperature_c", "humidity_pct"


@dataclass(frozen=True, slots=True)
class Line:
    """``gain`` · value + ``offset``, found by comparison with a better instrument."""

    gain: float = 1.0
    offset: float = 0.0

    def of(self, value: float) -> float:
        """Return the value put right."""
        return self.gain * value + self.offset


@dataclass(frozen=True, slots=True)
class SelfHeating:
    """How much warmer the box makes the sensor than the room [K]: when idle, and at full load of the processor."""

    idle_k: float = 0.0
    full_load_k: float | None = None

    def at(self, load: float) -> float:
        """Return the warmth at a load from 0 to 1 [K]."""
        if self.full_load_k is None:
            return self.idle_k
        return self.idle_k + (self.full_load_k - self.idle_k) * min(1.0, max(0.0, load))


def cooled(values: Mapping[str, float], warmth_k: float) -> dict[str, float]:
    """Return the values of the room around a box that is ``warmth_k`` warmer [K].

    The box holds the same vapour as the room: the humidity is reckoned again at the lower temperature,
    so the dew point stays. To lower the temperature alone would make 18 °C and 70 % look
    a kelvin drier for each kelvin (12.4 °C of dew point become 11.5).
    """
    if warmth_k == 0.0 or AIR not in values:
        return dict(values)
    room_c = values[AIR] - warmth_k
    result = {**values, AIR: room_c}
    if HUMIDITY in values:
        result[HUMIDITY] = min(100.0, surface_humidity_pct(values[AIR], values[HUMIDITY], room_c))
    return result


def processor_load() -> float:
    """Return the load of the last minute as a part of all processors; 0 where the system does not tell."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return 0.0


class Adjusted:
    """A sensor put right; implements :class:`devices.drivers.base.Sensor`.

    Args:
        lines: by the driver's names of values: first the chip's own errors, found outside the box.
        heating: then the box.
        load: processor load, 0 to 1.
    """

    def __init__(
        self,
        sensor: Sensor,
        lines: Mapping[str, Line],
        heating: SelfHeating = SelfHeating(),
        load: Callable[[], float] = processor_load,
    ) -> None:
        self._sensor = sensor
        self._lines = lines
        self._heating = heating
        self._load = load

    def read(self) -> Mapping[str, float]:
        """Return the values put right; SensorError of the sensor."""
        measured = self._sensor.read()
        lined = {name: self._line(name).of(value) for name, value in measured.items()}
        if HUMIDITY in lined:
            lined[HUMIDITY] = min(100.0, max(0.0, lined[HUMIDITY]))
        return cooled(lined, self._heating.at(self._load()))

    def _line(self, name: str) -> Line:
        return self._lines.get(name, Line())
