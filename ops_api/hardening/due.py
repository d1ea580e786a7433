"""A timer that is set once and may be put off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Due:
    """Calls ``late`` once, where it was armed and not cancelled since."""

    __slots__ = ("_handle", "_late", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[], None]) -> None:
        self._loop, self._late = loop, late
        self._handle: asyncio.TimerHandle | None = None

    def arm(self, seconds: float) -> None:
        """Set the time, unless one is set."""
        if self._handle is None:
            self._handle = self._loop.call_later(seconds, self._fire)

    def cancel(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    @property
    def is_armed(self) -> bool:
        """Whether a time is set."""
        return self._handle is not None

    def _fire(self) -> None:
        self._handle = None
        self._late()
