"""Refuses what can't be: outside the field's range, a sentinel, or a step that is too large for the time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.contract.kind import Field
from devices.drivers.base import Implausible, Sensor

AGREE = 3
"""So many refused steps in a row that agree with each other are a new level: the sensor was moved, or was wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a value may go: ``at_once`` and ``per_s`` more for each second, in the field's unit."""

    at_once: float
    per_s: float

    def allows(self, before: float, now: float, elapsed_s: float) -> bool:
        """Whether it may go from ``before`` to ``now`` in ``elapsed_s`` [s]."""
        return abs(now - before) <= self.at_once + self.per_s * max(0.0, elapsed_s)


STEPS: Mapping[str, Step] = {
    "temperature_c": Step(5.0, 0.2),
    "air_temperature_c": Step(5.0, 0.2),
    "wall_temperature_c": Step(5.0, 0.2),
    "subsurface_temperature_c": Step(3.0, 0.05),
    "surface_temperature_c": Step(10.0, 1.0),
    "humidity_pct": Step(25.0, 2.0),
    "pressure_hpa": Step(3.0, 0.05),
    "latitude_deg": Step(0.002, 0.0006),
    "longitude_deg": Step(0.004, 0.0012),
}
"""Beyond what air, walls and lorries do: a box carried outdoors, a shower, a lorry at 60 m/s pass."""


def impossible(field: Field, value: float) -> str:
    """Return why ``value`` can't be one of ``field``; empty where it can."""
    if not math.isfinite(value):
        return f"{field.name} is {value}"
    if value in field.sentinels:
        return f"{field.name} {value:g} {field.quantity.symbol} is what a fault looks like"
    if not field.minimum <= value <= field.maximum:
        return f"{field.name} {value:g} {field.quantity.symbol} is outside {field.minimum:g} to {field.maximum:g}"
    return ""


@dataclass(slots=True)
class _Track:
    value: float
    at_s: float
    refused: float = math.nan
    refused_n: int = 0


class Plausible:
    """A sensor whose values are judged; implements :class:`devices.drivers.base.Sensor`.

    One impossible value makes the chip's others worthless: the whole read is refused.

    Args:
        fields: of the device's kind, by name; values of other names pass.
        steps: largest steps by field name; none for a field that jumps, such as a bin's distance.
        clock: monotonic [s].
    """

    def __init__(
        self,
        sensor: Sensor,
        fields: Mapping[str, Field],
        steps: Mapping[str, Step],
        clock: Callable[[], float],
    ) -> None:
        self._sensor = sensor
        self._fields = fields
        self._steps = steps
        self._clock = clock
        self._tracks: dict[str, _Track] = {}

    def read(self) -> Mapping[str, float]:
        """Return the sensor's values.

        Raises:
            Implausible: naming the field, its value and what is allowed.
            SensorError: of the sensor.
        """
        values = self._sensor.read()
        for name, value in values.items():
            if name in self._fields and (reason := impossible(self._fields[name], value)):
                raise Implausible(reason)
        now_s = self._clock()
        reasons = [self._jump(name, value, now_s) for name, value in values.items() if name in self._steps]
        for reason in reasons:
            if reason:
                raise Implausible(reason)
        for name in self._steps.keys() & values.keys():
            self._tracks[name] = _Track(values[name], now_s)
        return values

    def _jump(self, name: str, value: float, now_s: float) -> str:
        track, step = self._tracks.get(name), self._steps[name]
        if track is None or step.allows(track.value, value, now_s - track.at_s):
            return ""
        agrees = abs(value - track.refused) <= step.at_once
        track.refused, track.refused_n = value, track.refused_n + 1 if agrees else 1
        if track.refused_n >= AGREE:
            return ""
        return f"{name} went from {track.value:.6g} to {value:.6g} in {now_s - track.at_s:.0f} s"
