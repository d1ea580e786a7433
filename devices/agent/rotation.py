"""The device rotates its password by itself when it is old: a part that joins the agent.

The server is asked in a thread of its own, which no reading waits for; the connection goes over to the next password as
:mod:`devices.agent.credential` says. What goes wrong is tried again an hour later, with the same next password.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path

from cityops.errors import CityopsError
from devices.agent.clock_state import Moment
from devices.agent.credential import next_of
from devices.agent.part import Voice
from devices.log import get_logger

log = get_logger(__name__)

AGAIN_S = 3600.0
DAY_S = 86_400.0
SYNCHRONISED = 2
"""``clk`` from which the wall clock is believed: a device that thinks it is 1970 or 2106 rotates nothing."""


class Rotation:
    """See :class:`devices.agent.part.Part`.

    Attributes:
        every_s: how often it wants a turn [s]; what is due in days can wait for that.

    Args:
        path: file of the present password; its time is when that was made.
        every_days: age at which it is old [d].
        rotate: has the server know the next one; CityopsError where that fails.
    """

    every_s = 60.0

    def __init__(self, path: Path, every_days: int, rotate: Callable[[], None]) -> None:
        self._path = path
        self._every_s = every_days * DAY_S
        self._rotate = rotate
        self._next_s = 0.0
        self._is_known = False
        self._thread: threading.Thread | None = None

    @property
    def hears(self) -> Collection[str]:
        """Nothing."""
        return ()

    def connected(self, voice: Voice) -> None:
        """Nothing to be done."""

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        """Nothing is heard."""

    def turn(self, moment: Moment, voice: Voice) -> None:
        """Begin a rotation where one is due and the device has a connection."""
        now_s = moment.mono_ms / 1000.0
        if now_s < self._next_s or not voice.connected or moment.clk < SYNCHRONISED:
            return
        self._next_s = now_s + AGAIN_S
        if self._is_old(moment) and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name="rotation", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Wait for a rotation that was begun."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _is_old(self, moment: Moment) -> bool:
        if self._is_known and next_of(self._path).exists():
            return (
                False  # the server knows it; the next connection, which may be months away, goes over to it
            )
        try:
            return moment.wall_ms / 1000.0 - self._path.stat().st_mtime >= self._every_s
        except OSError:
            return False

    def _run(self) -> None:
        try:
            self._rotate()
        except CityopsError as e:
            log.warning("password not rotated; tried again in an hour", error=str(e))
        else:
            self._is_known = True
            log.info("the server knows the next password")
