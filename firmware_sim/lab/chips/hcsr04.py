"""A simulated HC-SR04: the width of its echo pulse. Data sheet of ElecFreaks."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import Chip

_STEP_S = 3e-6


class SimHcSr04(Chip):
    """Sound goes to ``distance_mm`` and back through air of ``air_c``."""

    name = "hcsr04"
    defaults: Mapping[str, float] = {"distance_mm": 700.0, "air_c": 10.0}
    faults: Mapping[str, str] = {
        "nack": "no pulse comes back",
        "stuck": "the same value for ever",
        "out_of_range": "an echo from beyond 4 m",
        "held_low": "the echo pin stays low",
        "held_high": "the echo pin stays high",
        "no_echo": "nothing there: high for 38 ms",
    }

    def __init__(
        self, clock: Callable[[], float], trigger: int = 23, echo: int = 24, noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.trigger = trigger
        self.echo = echo

    def echo_s(self) -> float | None:
        """Return the width of the pulse after a trigger [s]; None: none came."""
        if self.hit("nack") or self.hit("held_low"):
            return None
        if self.hit("held_high"):
            raise OSError(errno.EBUSY, f"GPIO {self.echo} is high before the trigger")
        if self.hit("no_echo"):
            return 0.038
        distance_m = 5.5 if self.hit("out_of_range") else self.sense("distance_mm") / 1000.0
        # 20.05 √K m/s is the speed of sound in dry air (Laplace, with 287 J/kg/K and 1.4).
        speed = 20.05 * math.sqrt(self.sense("air_c") + 273.15)
        return 2.0 * distance_m / speed + self.wander() * _STEP_S
