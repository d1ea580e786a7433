"""``python -m firmware_sim.lab.bus_server --socket PATH --scenario kitchen``: simulated chips for another process.

It prints ``ready`` and the socket when it listens, and ends with SIGINT or SIGTERM; with ``--until-eof`` also when its
standard input is closed, so that it does not outlive who started it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socketserver
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from cityops.errors import CityopsError, ConfigurationError
from firmware_sim.lab.bench import BENCHES, Bench, load_bench
from firmware_sim.lab.bus_protocol import answer_line

_LONGEST_REQUEST = 65_536


class _Handler(socketserver.StreamRequestHandler):
    """One connection: lines in, lines out."""

    server: BusServer

    def handle(self) -> None:
        """Answer until the other side hangs up."""
        while line := self.rfile.readline(_LONGEST_REQUEST):
            with self.server.lock:
                answer = answer_line(self.server.bench, line)
            self.wfile.write(answer)


class BusServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves ``bench`` on the socket ``path``, for this user only.

    Raises:
        ConfigurationError: the socket can't be made.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, bench: Bench) -> None:
        self.bench = bench
        self.lock = threading.Lock()
        self.path = path
        if path.is_socket():
            path.unlink()
        before = os.umask(0o177)
        try:
            super().__init__(str(path), _Handler)
        except OSError as e:
            raise ConfigurationError(f"--socket {path} can't be made: {e.strerror or e}") from e
        finally:
            os.umask(before)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours."""


@contextlib.contextmanager
def serving(path: Path, bench: Bench) -> Iterator[BusServer]:
    """Serve in a thread until the block ends."""
    with BusServer(path, bench) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            path.unlink(missing_ok=True)


def _until_eof(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.lab.bus_server", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="where to listen")
    known = ", ".join(sorted(p.stem for p in BENCHES.glob("*.toml")))
    parser.add_argument("--scenario", default="kitchen", help=f"a .toml file, or one of {known}")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input is closed")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if options.until_eof:
        threading.Thread(target=_until_eof, args=(stop,), daemon=True).start()
    try:
        with serving(options.socket, load_bench(options.scenario)):
            sys.stdout.write(f"ready unix:{options.socket}\n")
            sys.stdout.flush()
            stop.wait()
    except CityopsError as e:
        sys.stderr.write(f"bus_server: {e}\n")
        return e.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
