"""Telling systemd that the service is up and alive (``Type=notify``, ``WatchdogSec=``)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to the socket that systemd names; does nothing where there is none.

    Args:
        environment: of the process; ``NOTIFY_SOCKET`` and ``WATCHDOG_USEC`` count.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = int(environment.get("WATCHDOG_USEC") or 0) / 2e6
        self._next_s = 0.0

    @property
    def patience_s(self) -> float:
        """How long :meth:`alive` may stay uncalled [s]; infinite without a watchdog."""
        return self._every_s / 2 if self._every_s > 0 else float("inf")

    def ready(self) -> None:
        """The service is up."""
        self._send("READY=1")

    def stopping(self) -> None:
        """The service is going down."""
        self._send("STOPPING=1")

    def alive(self, now_s: float) -> None:
        """Feed the watchdog, up to four times per period; call as often as you like.

        After a quarter already: one turn of a loop may sleep for another, and read sensors and look up a name besides.
        """
        if self._every_s > 0 and now_s >= self._next_s:
            self._next_s = now_s + self._every_s / 2
            self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.settimeout(1.0)  # nobody reads: not our loop's trouble
            to.sendto(message.encode(), self._address)
