"""From what a configuration calls a bus to the wires: this machine's, or those behind a socket."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.drivers.bus import Board
from devices.drivers.pi import PiBoard
from devices.drivers.remote_bus import RemoteBoard

UNIX, FAKE = "unix:", "fake:"
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
            self._made[name] = RemoteBoard(name.removeprefix(UNIX)) if name else PiBoard()
        return self._made[name]


def number_of(bus: BusName) -> int:
    """Return the number of an I²C bus; 1 behind a socket."""
    return bus if isinstance(bus, int) else 1


def is_bus_name(name: str) -> bool:
    """Whether ``name`` is what a configuration may call a bus behind a socket."""
    return name.startswith(UNIX) and len(name) > len(UNIX)


@contextlib.contextmanager
def board_named(name: str | None) -> Iterator[Board | None]:
    """Give the board of ``--bus``: a number or nothing (None: this machine), ``unix:PATH``, ``fake:BENCH``.

    ``fake:`` starts a bus server of its own with simulated chips, and ends it.

    Raises:
        ConfigurationError: another name, or a server that does not start.
    """
    if name is None or name.isdecimal():
        yield None
    elif is_bus_name(name):
        yield RemoteBoard(name.removeprefix(UNIX))
    elif name.startswith(FAKE):
        with _server(name.removeprefix(FAKE)) as socket:
            yield RemoteBoard(str(socket))
    else:
        raise ConfigurationError(f"--bus {name!r}: a number, unix:PATH or fake:BENCH, e.g. fake:kitchen")


@contextlib.contextmanager
def _server(bench: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cityops-bus-") as folder:
        socket = Path(folder) / "bus"
        command = [sys.executable, "-m", "firmware_sim.lab.bus_server", "--until-eof"]
        process = subprocess.Popen(
            [*command, "--socket", str(socket), "--scenario", bench],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            if not process.stdout.readline():
                raise ConfigurationError(f"--bus fake:{bench}: {process.stderr.read().strip()}")
            try:
                yield socket
            finally:
                process.stdin.close()
                process.wait(5.0)
