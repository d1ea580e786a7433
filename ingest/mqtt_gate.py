"""When a connection's socket is read: not while the session has no room, nor while it rests."""

from __future__ import annotations

import asyncio

REST_S = 0.03
"""How long a connection on which much arrives is left alone after each read [s].

A broker writes message by message. Read as they come, each costs a system call and a turn of
the event loop; after a rest one read brings all that gathered. A quiet connection never rests.
"""


class ReadGate:
    """Decides for one transport; shut for ever once ``close`` was called.

    Attributes:
        paused: whether the session has asked not to read.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._reading = True
        self._rest: asyncio.TimerHandle | None = None
        self._last_s = 0.0
        self.paused = False

    def attach(self, transport: asyncio.Transport) -> None:
        """Rule over ``transport``, which reads now."""
        self._transport = transport
        self._regulate()

    def note_data(self, now_s: float) -> None:
        """Data came at ``now_s`` [s, the loop's time]: rest where it came soon after other data."""
        busy = now_s - self._last_s < REST_S
        self._last_s = now_s
        if busy and self._rest is None:
            self._rest = self._loop.call_later(REST_S, self.wake)
            self._regulate()

    def wake(self) -> None:
        """End a rest."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
            self._regulate()

    def pause(self) -> None:
        """Leave what comes in the socket; the peer then has to wait."""
        self.paused = True
        self._regulate()

    def resume(self) -> None:
        """End a pause."""
        self.paused = False
        self._regulate()

    def close(self) -> None:
        """The transport is gone."""
        self._transport = None
        if self._rest is not None:
            self._rest.cancel()

    def _regulate(self) -> None:
        wanted = not self.paused and self._rest is None
        if self._transport is None or wanted == self._reading:
            return
        self._reading = wanted
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
