"""The button on the frog's back: when it was pressed and let go.

Wired between a GPIO pin and ground, with the Raspberry Pi's own pull-up resistor. What presses
mean is decided by :mod:`devices.agent.presses`; here is only the electricity.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cityops.errors import ConfigurationError
from devices.drivers.gpio import give_lgpio_a_folder


@dataclass(frozen=True, slots=True)
class Edge:
    """The contact closed (``down``) or opened at ``at_s`` [s of the owner's clock]."""

    at_s: float
    down: bool


class Button(Protocol):
    """Something that can be pressed. Contacts bounce: one press is several edges."""

    def edges(self) -> Sequence[Edge]:
        """Return what happened since the last call, oldest first; never blocks."""
        ...

    def close(self) -> None:
        """Let the pin go."""
        ...


class SimulatedButton:
    """A button for tests and the simulator; implements :class:`Button`."""

    def __init__(self) -> None:
        self._edges: list[Edge] = []

    def press(self, at_s: float, held_s: float = 0.15) -> None:
        """Press at ``at_s`` for ``held_s`` [s]."""
        self._edges += [Edge(at_s, down=True), Edge(at_s + held_s, down=False)]

    def contact(self, at_s: float, *, down: bool) -> None:
        """Make one edge, as a bouncing contact does."""
        self._edges.append(Edge(at_s, down))

    def edges(self) -> Sequence[Edge]:
        """Return what happened since the last call."""
        happened, self._edges = self._edges, []
        return happened

    def close(self) -> None:
        """Nothing to let go."""


class GpioButton:
    """A push button on ``pin`` (Broadcom number); implements :class:`Button`.

    ``gpiozero`` calls back in a thread of its own at each edge, so that a short press is
    seen while the agent waits for the network.

    Args:
        clock: stamps an edge [s].

    Raises:
        ConfigurationError: no gpiozero, no such pin, or no right to use it.
    """

    _MOST = 1000

    def __init__(self, pin: int, clock: Callable[[], float]) -> None:
        self._edges: deque[Edge] = deque(maxlen=self._MOST)
        self._clock = clock
        try:
            give_lgpio_a_folder()
            from gpiozero import Button as Contact

            self._contact = Contact(pin, pull_up=True, bounce_time=None)
        except Exception as e:  # gpiozero's errors have no common base with those of its pin libraries
            raise gpio_trouble("button", pin, e) from e
        self._contact.when_pressed = self._down
        self._contact.when_released = self._up

    def edges(self) -> Sequence[Edge]:
        """Return what happened since the last call."""
        return [self._edges.popleft() for _ in range(len(self._edges))]

    def close(self) -> None:
        """Let the pin go."""
        self._contact.close()

    def _down(self) -> None:
        self._edges.append(Edge(self._clock(), down=True))

    def _up(self) -> None:
        self._edges.append(Edge(self._clock(), down=False))


def gpio_trouble(section: str, pin: int, e: Exception) -> ConfigurationError:
    """Return what to say of a pin that can't be used."""
    if isinstance(e, ImportError):
        return ConfigurationError(
            f"[{section}] needs the package gpiozero: pip install '.[pi]' in the checkout (install.sh did)"
        )
    return ConfigurationError(
        f"[{section}] pin {pin} can't be used: {e}; is it a GPIO number, free, and is the user in the group gpio?"
    )
