"""A value that is costly to make: made when asked for, not too often, and never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

KEEP_S = 30.0
SHARE = 20
"""A value that took a second to make is kept for at least so many: making it costs 5 % of a core at most."""


class Cached(Generic[T]):
    """Holds the newest value; all who ask at once share one making of it.

    Args:
        make: makes the value.
        keep_s: how long a value is new enough [s].
        patience_s: how long :meth:`get` waits for a new one before it gives the old one [s].
    """

    def __init__(
        self, make: Callable[[], Awaitable[T]], *, keep_s: float = KEEP_S, patience_s: float = 2.0
    ) -> None:
        self._make = make
        self._keep_s = keep_s
        self._patience_s = patience_s
        self._value: T | None = None
        self._due_s = 0.0
        self._task: asyncio.Task[None] | None = None

    async def get(self) -> T | None:
        """Return the value; an old one, or None at first, where making it takes longer than the patience.

        Raises:
            Exception: what ``make`` raised; the next call tries again.
        """
        task = self._task
        if task is None or (task.done() and asyncio.get_running_loop().time() >= self._due_s):
            task = self._task = asyncio.create_task(self._refresh(), name="cached value")
        await asyncio.wait({task}, timeout=self._patience_s)
        if task.done():
            task.result()
        return self._value

    def close(self) -> None:
        """Stop making a value."""
        if self._task is not None:
            self._task.cancel()

    async def _refresh(self) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        self._value = await self._make()
        self._due_s = loop.time() + max(self._keep_s, SHARE * (loop.time() - began_s))
