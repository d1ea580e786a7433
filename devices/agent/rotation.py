"""The device makes its next credential by itself when the present one is old: a part that joins the agent.

The server is asked in a thread of its own, which no reading waits for; the connection goes over to the next password as
:mod:`devices.agent.credential` says, to the next certificate when it is made anew. What goes wrong is tried again an hour
later, with the same next password or key; where the server says that the present one proves nothing (401), a day later: it may
be one that somebody made by hand, and does no good within the hour. So is what it can't use (422): only a person, here or
there, can change that. Such a refusal is logged once, until it is another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from cityops.errors import CityopsError
from devices.agent.asking import CANT_BE_USED, PROVES_NOTHING, RefusedError
from devices.agent.clock_state import Moment
from devices.agent.credential import next_of
from devices.agent.part import Voice
from devices.log import get_logger

log = get_logger(__name__)

AGAIN_S = 3600.0
DAY_S = 86_400.0
LASTING = frozenset({PROVES_NOTHING, CANT_BE_USED})
"""Refusals that an hour does not make right."""
SYNCHRONISED = 2
"""``clk`` from which the wall clock is believed: a device that thinks it is 1970 or 2106 rotates nothing."""


class Due(Protocol):
    """When a credential is to be made anew, by the wall clock [s since 1970]."""

    def is_due(self, wall_s: float) -> bool:
        """Whether it is now."""
        ...

    def is_over(self, wall_s: float) -> bool:
        """Whether no broker takes the present one any more, so that waiting for a connection would be for ever."""
        ...

    def known(self) -> None:
        """The server knows the next one."""
        ...


class PasswordAge:
    """A password is old some days after it was written.

    Args:
        path: file of the present password; its time is when that was made.
        every_days: age at which it is old [d].
    """

    def __init__(self, path: Path, every_days: int) -> None:
        self._path = path
        self._every_s = every_days * DAY_S
        self._is_known = False

    def is_due(self, wall_s: float) -> bool:
        """See :class:`Due`."""
        if self._is_known and next_of(self._path).exists():
            return False  # the next connection, which may be months away, goes over to it
        try:
            return wall_s - self._path.stat().st_mtime >= self._every_s
        except OSError:
            return False

    def is_over(self, wall_s: float) -> bool:
        """Never: a password has no end of its own."""
        return False

    def known(self) -> None:
        """See :class:`Due`."""
        self._is_known = True


class Rotation:
    """See :class:`devices.agent.part.Part`.

    Attributes:
        every_s: how often it wants a turn [s]; what is due in days can wait for that.

    Args:
        due: says when.
        rotate: has the server know the next one; CityopsError where that fails.
    """

    every_s = 60.0

    def __init__(self, due: Due, rotate: Callable[[], None]) -> None:
        self._due = due
        self._rotate = rotate
        self._next_s = 0.0
        self._thread: threading.Thread | None = None
        self._refusal = ""
        """The lasting refusal that was logged."""

    @property
    def hears(self) -> Collection[str]:
        """Nothing."""
        return ()

    def connected(self, voice: Voice) -> None:
        """Nothing to be done."""

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        """Nothing is heard."""

    def turn(self, moment: Moment, voice: Voice) -> None:
        """Begin a rotation where one is due and the device has a connection, or can have none without it."""
        now_s, wall_s = moment.mono_ms / 1000.0, moment.wall_ms / 1000.0
        if now_s < self._next_s or moment.clk < SYNCHRONISED:
            return
        if not voice.connected and not self._due.is_over(wall_s):
            return
        self._next_s = now_s + AGAIN_S
        if self._due.is_due(wall_s) and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name="rotation", daemon=True)
            self._thread.start()

    def wait(self, timeout_s: float) -> None:
        """Wait for a rotation that was begun."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._rotate()
        except CityopsError as e:
            self._failed(e)
        else:
            self._refusal = ""
            self._due.known()
            log.info("the server knows the next credential")

    def _failed(self, e: CityopsError) -> None:
        lasts = isinstance(e, RefusedError) and e.status in LASTING
        if lasts:
            self._next_s += DAY_S - AGAIN_S
            if self._refusal == str(e):
                return
        self._refusal = str(e) if lasts else ""
        when = "a day" if lasts else "an hour"
        log.warning("the credential was not rotated", tried_again_in=when, error=str(e))
