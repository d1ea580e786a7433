"""The board that ``--bus`` of a command names, and a bus server that lives as long as the command."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.drivers.boards import is_bus_name, remote
from devices.drivers.bus import Board

FAKE = "fake:"


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
        yield remote(name)
    elif name.startswith(FAKE):
        with _server(name.removeprefix(FAKE)) as socket:
            yield remote(f"unix:{socket}")
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
