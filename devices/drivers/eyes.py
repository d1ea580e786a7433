"""The frog's eyes: a light with patterns. The pattern is the sign, not a colour.

calm: dark. look: a short wink every ten seconds. act: one second on, one second off.
An answer to the button is as many quick blinks as there were presses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from devices.drivers.button import gpio_trouble


@dataclass(frozen=True, slots=True)
class Pattern:
    """On and off for so long [s], so many times; ``times`` None goes on for ever, 0 stays dark."""

    on_s: float
    off_s: float
    times: int | None = None

    @property
    def lasts_s(self) -> float:
        """How long it takes [s]; 0 where it has no end."""
        return 0.0 if self.times is None else self.times * (self.on_s + self.off_s)


DARK = Pattern(0.0, 1.0, 0)
PATTERNS: Mapping[str, Pattern] = {
    "calm": DARK,
    "look": Pattern(0.2, 9.8),
    "act": Pattern(1.0, 1.0),
}


def thanks(presses: int) -> Pattern:
    """Return the answer to a press that was kept."""
    return Pattern(0.15, 0.25, presses)


SORRY = Pattern(3.0, 0.5, 1)
"""One long blink: the press could not be kept."""


class Light(Protocol):
    """Something that blinks by itself."""

    def show(self, pattern: Pattern) -> None:
        """Begin a pattern; the one before it ends. Never blocks."""
        ...

    def close(self) -> None:
        """Go dark and let the pin go."""
        ...


class SimulatedLight:
    """Remembers what it showed; implements :class:`Light`."""

    def __init__(self) -> None:
        self.shown: list[Pattern] = []

    def show(self, pattern: Pattern) -> None:
        """Begin a pattern."""
        self.shown.append(pattern)

    def close(self) -> None:
        """Go dark."""
        self.shown.append(DARK)


class GpioLight:
    """LEDs on ``pin`` (Broadcom number), each with its resistor; implements :class:`Light`.

    Raises:
        ConfigurationError: no gpiozero, no such pin, or no right to use it.
    """

    def __init__(self, pin: int) -> None:
        try:
            from gpiozero import LED

            self._led = LED(pin)
        except Exception as e:  # see devices.drivers.button
            raise gpio_trouble("eyes", pin, e) from e

    def show(self, pattern: Pattern) -> None:
        """Begin a pattern."""
        if pattern.times == 0:
            self._led.off()
        else:
            self._led.blink(pattern.on_s, pattern.off_s, n=pattern.times, background=True)

    def close(self) -> None:
        """Go dark and let the pin go."""
        self._led.close()


class Eyes:
    """Shows a mood, and answers presses in between.

    Args:
        light: what blinks; None where the frog has no eyes.
    """

    def __init__(self, light: Light | None) -> None:
        self._light = light
        self._patterns = PATTERNS
        self._shown: Pattern | None = None
        self._busy_until_s = float("-inf")

    def answer(self, pattern: Pattern, now_s: float) -> None:
        """Show ``pattern`` at once, then the mood again; ``now_s`` is monotonic."""
        if self._light is not None:
            self._light.show(pattern)
            self._shown, self._busy_until_s = None, now_s + pattern.lasts_s

    def learn(self, patterns: Mapping[str, Pattern]) -> None:
        """Show moods by these patterns from now on; one that is missing as usual."""
        self._patterns = {**PATTERNS, **patterns}

    def mood(self, mood: str, now_s: float, *, dark: bool = False) -> None:
        """Show a mood of :data:`PATTERNS`, or nothing where it is to be dark. Call as often as you like."""
        if self._light is None or now_s < self._busy_until_s:
            return
        pattern = DARK if dark else self._patterns[mood]
        if pattern != self._shown:
            self._light.show(pattern)
            self._shown = pattern

    def close(self) -> None:
        """Go dark."""
        if self._light is not None:
            self._light.close()
