"""Sleeping until a socket speaks, somebody wakes us, or time is up."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import ssl
import time
from collections.abc import Sequence


class Waker:
    """Ends a wait from another thread or a signal handler; :meth:`wait` may sleep as long as it likes."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def wake(self) -> None:
        """End the wait that goes on, or the next one. For any thread."""
        with contextlib.suppress(BlockingIOError, OSError):  # full: it wakes already; closed: nobody waits
            self._writer.send(b"\0")

    def wake_on_signals(self) -> None:
        """Have every signal that Python handles end a wait (PEP 475 would begin it again)."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wait(self, timeout_s: float, sock: socket.socket | None = None, *, writes: bool = False) -> None:
        """Return when ``sock`` can be read (or written, where it ``writes``), when woken, or after ``timeout_s``."""
        if isinstance(sock, ssl.SSLSocket) and sock.pending() > 0:
            return  # decrypted already: select would not see it
        readers: Sequence[socket.socket] = [self._reader] if sock is None else [self._reader, sock]
        try:
            ready, _, _ = select.select(readers, [sock] if sock is not None and writes else [], [], timeout_s)
        except (OSError, ValueError):  # the socket was closed under us: its owner will see to it
            time.sleep(min(timeout_s, 0.05))
            return
        if self._reader in ready:
            with contextlib.suppress(BlockingIOError):
                self._reader.recv(4096)

    def close(self) -> None:
        """Let the sockets go."""
        with contextlib.suppress(ValueError):  # no main thread: it never got the signals
            current = signal.set_wakeup_fd(-1)
            if current not in (-1, self._writer.fileno()):
                signal.set_wakeup_fd(current)
        self._reader.close()
        self._writer.close()
