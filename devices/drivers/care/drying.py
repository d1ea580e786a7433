"""Dries a humidity chip that was near 100 % for hours: it reads some per cent too high for days otherwise.

Sensirion, SHT3x/SHT4x handling instructions and the data sheets' section on the heater: condensation and
long times above 80 % shift the reading; heating dries the chip. What is measured while it is warm
is the heater's, so it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from devices.drivers.base import Heater, Sensor, SensorError, Skipped

NEAR_FULL_PCT = 97.0


@dataclass(frozen=True, slots=True)
class Rule:
    """When to heat: after ``after_s`` without a break above 97 %, for ``pulse_s``, then ``settle_s`` of rest [s].

    None: never. Not again before another ``after_s`` near full.
    """

    after_s: float | None
    pulse_s: float = 1.1
    settle_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Dampness:
    """Since when the air has been near full, on the caller's clock [s]; None: it is not."""

    since_s: float | None = None

    def then(self, humidity_pct: float, now_s: float) -> Dampness:
        """Return the state after a reading."""
        if humidity_pct < NEAR_FULL_PCT:
            return Dampness()
        return self if self.since_s is not None else Dampness(now_s)

    def due(self, rule: Rule, now_s: float) -> bool:
        """Whether the chip is to be heated now."""
        if self.since_s is None or rule.after_s is None:
            return False
        return now_s - self.since_s >= rule.after_s


class Drying:
    """A sensor that is dried when it is time; implements :class:`devices.drivers.base.Sensor`.

    Args:
        sensor: what is read.
        heater: the chip at its bottom.
        clock: monotonic [s].
    """

    def __init__(self, sensor: Sensor, heater: Heater, rule: Rule, clock: Callable[[], float]) -> None:
        self._sensor = sensor
        self._heater = heater
        self._rule = rule
        self._clock = clock
        self._damp = Dampness()
        self._heated_at_s: float | None = None
        self._cooled_at_s: float | None = None

    def dry_after(self, hours: float | None) -> None:
        """Dry it after so many hours near 100 % from now on; None: never. A pulse that goes on comes to its end."""
        self._rule = replace(self._rule, after_s=None if hours is None else hours * 3600.0)

    def read(self) -> Mapping[str, float]:
        """Return the sensor's values.

        Raises:
            Skipped: the chip is being dried or cools down after it.
            SensorError: of the sensor.
        """
        now_s = self._clock()
        self._finish(now_s)
        if self._damp.due(self._rule, now_s):
            self._damp = Dampness()
            self._heated_at_s = now_s
            self._heater.heat()
            raise Skipped("the chip is being dried with its heater")
        values = self._sensor.read()
        if "humidity_pct" in values:
            self._damp = self._damp.then(values["humidity_pct"], now_s)
        return values

    def _finish(self, now_s: float) -> None:
        """End the pulse when it is over, and refuse until the chip is cool."""
        if self._heated_at_s is not None:
            if now_s - self._heated_at_s < self._rule.pulse_s:
                raise Skipped("the chip is being dried with its heater")
            self._cool(now_s)
        if self._cooled_at_s is not None:
            if now_s - self._cooled_at_s < self._rule.settle_s:
                raise Skipped("the chip cools down after it was dried")
            self._cooled_at_s = None

    def _cool(self, now_s: float) -> None:
        try:
            self._heater.cool()
        except SensorError as e:
            # Still on: try again at the next read, and trust nothing until then.
            raise SensorError(f"the heater can't be switched off: {e}") from e
        self._heated_at_s, self._cooled_at_s = None, now_s
