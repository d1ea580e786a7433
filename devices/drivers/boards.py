"""From what a configuration calls a bus to the wires: this machine's, or those behind a socket."""

from __future__ import annotations

from devices.drivers.bus import Board
from devices.drivers.pi import PiBoard

UNIX = "unix:"
BusName = int | str | None
"""A number (I²C bus of this machine), ``unix:PATH``, or None (this machine)."""


class Boards:
    """Gives each bus's board, made once.

    Args:
        instead: a board that takes the place of every one named, for a machine without hardware.
    """

    def __init__(self, instead: Board | None = None) -> None:
        self._instead = instead
        self._made: dict[str, Board] = {}

    def of(self, bus: BusName) -> Board:
        """Return the board; ConfigurationError where nobody listens at its socket."""
        if self._instead is not None:
            return self._instead
        name = bus if isinstance(bus, str) else ""
        if name not in self._made:
            self._made[name] = remote(name) if name else PiBoard()
        return self._made[name]


def number_of(bus: BusName) -> int:
    """Return the number of an I²C bus; 1 behind a socket."""
    return bus if isinstance(bus, int) else 1


def is_bus_name(name: str) -> bool:
    """Whether ``name`` is what a configuration may call a bus behind a socket."""
    return name.startswith(UNIX) and len(name) > len(UNIX)


def remote(name: str) -> Board:
    """Return the board behind ``unix:PATH``; ConfigurationError where nobody listens."""
    from devices.drivers.remote_bus import RemoteBoard

    return RemoteBoard(name.removeprefix(UNIX))
