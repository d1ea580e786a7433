"""Starting a private server process that ends with us."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cityops.embedded.account import Account
from cityops.errors import TransientError

_LIFELINE = Path(__file__).with_name("lifeline.py")
_LISTENERS_PORTS = range(15_000, 32_000)
"""Below the ports that Linux (32,768 on) and macOS (49,152 on) give to connections unless told otherwise."""


class ServerProcess:
    """A running program under :mod:`cityops.embedded.lifeline`.

    Args:
        stop_signal: what asks the program to end.
        again_s: asked again after so long, for one that may not have heard it; None asks once [s].
        grace_s: the program is killed after so long [s].

    Attributes:
        pid: process id of the program itself.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        account: Account | None,
        log_file: Path,
        stop_signal: signal.Signals,
        again_s: float | None = None,
        grace_s: float = 10.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._log_file = log_file
        self._grace_s = grace_s
        identity = [] if account is None else ["--uid", str(account.uid), "--gid", str(account.gid)]
        again = [] if again_s is None else ["--again", str(again_s)]
        with log_file.open("ab") as log:
            self._start_of_log = log.tell()
            self._guard = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(_LIFELINE), *identity),
                    *("--signal", str(int(stop_signal)), *again, "--grace", str(grace_s), "--"),
                    *map(str, command),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | dict(env or {}),
                start_new_session=True,  # Ctrl-C in a terminal is ours to turn into an orderly stop
            )
        self.pid = self._read_pid(str(command[0]))

    def _read_pid(self, name: str) -> int:
        assert self._guard.stdout is not None
        line = self._guard.stdout.readline().strip()
        if not line.isdigit():
            code = self._close()
            raise TransientError(f"{name} did not start (exit code {code}): {self.last_words()}")
        return int(line)

    @property
    def running(self) -> bool:
        """Whether the program still runs."""
        return self._guard.poll() is None

    def last_words(self, lines: int = 5) -> str:
        """Return the end of what the program has written to its log since this start."""
        with self._log_file.open("rb") as log:
            log.seek(self._start_of_log)
            text = log.read().decode("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-lines:]) or "it wrote nothing"

    def stop(self) -> int:
        """Stop the program in its own orderly way and wait; return the exit code. May be repeated."""
        return self._close()

    def send(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def wait(self) -> None:
        """Wait until the program has ended, of itself or after a signal; killed where it takes its grace and more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(self._grace_s)
        self._close()

    def kill(self) -> None:
        """Kill the program with SIGKILL and wait: what a crash looks like."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self._close()

    def _close(self) -> int:
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe is not None:
                pipe.close()
        try:
            return self._guard.wait(self._grace_s + 5.0)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            return self._guard.wait()


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that nobody listens on just now.

    One of those that systems do not usually give to connections: what is free now would else be taken by the next one
    that somebody opens, before the server is there.
    """
    for port in random.SystemRandom().sample(_LISTENERS_PORTS, 200):
        if port_is_free(port, host):
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        given: int = probe.getsockname()[1]
        return given


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Return different ports, as :func:`free_port` does; a port that is given is free until a server listens."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port(host))
    return list(found)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
