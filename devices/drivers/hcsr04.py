"""HC-SR04: distance by the time that ultrasound takes there and back, for bins.

Data sheet (ElecFreaks HC-SR04): 10 µs on the trigger, then the echo pin is high as long as the sound was under
way; 20 mm to 4 m; without an echo some modules stay high for 38 ms or more. 60 ms between two readings.
The echo pin gives 5 V: a Raspberry Pi's pin needs a divider (docs/drivers.md).
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping

from devices.drivers.base import Implausible, NoAnswer, NoSignal
from devices.drivers.bus import Pins, why

_NEAREST_MM, _FARTHEST_MM = 20.0, 4000.0
_NO_ECHO_S = 0.036
_TIMEOUT_S = 0.1
_PAUSE_S = 0.06


class HcSr04:
    """One module; implements :class:`devices.drivers.base.Sensor`.

    Args:
        trigger, echo: GPIO numbers.
        air_c: returns the air's temperature [°C]; 10 K wrong are 1.8 % of the distance.
        samples: pulses for one reading; the median counts, and more than half must come back.
        sleep: waits between pulses [s].
    """

    def __init__(
        self,
        pins: Pins,
        trigger: int,
        echo: int,
        air_c: Callable[[], float] = lambda: 10.0,
        samples: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pins = pins
        self._trigger, self._echo = trigger, echo
        self._air_c = air_c
        self._samples = samples
        self._sleep = sleep

    def read(self) -> Mapping[str, float]:
        """Return ``distance_mm``; blocks for 60 ms a sample.

        Raises:
            SensorError: no echo, a module that does not answer, or a distance that it can't measure.
        """
        widths: list[float] = []
        refusals: list[Exception] = []
        for number in range(self._samples):
            if number:
                self._sleep(_PAUSE_S)
            try:
                widths.append(self._width_s())
            except (NoAnswer, NoSignal) as e:
                refusals.append(e)
        if refusals and len(refusals) * 2 >= self._samples:
            raise refusals[-1]
        return {"distance_mm": decode(statistics.median(widths), self._air_c())}

    def _width_s(self) -> float:
        try:
            width = self._pins.echo_s(self._trigger, self._echo, _TIMEOUT_S)
        except OSError as e:
            raise NoAnswer(f"HC-SR04 on GPIO {self._trigger}/{self._echo} can't be read: {why(e)}") from e
        if width is None:
            raise NoAnswer(
                f"HC-SR04 on GPIO {self._trigger}/{self._echo}: no pulse came; is it wired and powered?"
            )
        if width >= _NO_ECHO_S:
            raise NoSignal(f"HC-SR04: no echo within {1000 * width:.0f} ms; nothing there, or it is too soft")
        return width


def sound_m_s(air_c: float) -> float:
    """Return the speed of sound in dry air [m/s]: 331.3 at 0 °C, with the root of the absolute temperature."""
    return 331.3 * math.sqrt(1.0 + air_c / 273.15)


def decode(width_s: float, air_c: float) -> float:
    """Return the distance [mm] of an echo pulse.

    Raises:
        Implausible: nearer or farther than the module can measure.
    """
    distance = 1000.0 * width_s * sound_m_s(air_c) / 2.0
    if not _NEAREST_MM <= distance <= _FARTHEST_MM:
        raise Implausible(f"HC-SR04 distance {distance:.0f} mm is outside 20 to 4000")
    return distance
