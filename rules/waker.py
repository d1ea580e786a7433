"""A waker fed by database notifications, or by anyone who calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


class HintWaker:
    """Remembers one hint until somebody waits for it."""

    def __init__(self) -> None:
        self._hinted = asyncio.Event()

    def __call__(self) -> None:
        """Give a hint."""
        self._hinted.set()

    async def wait(self) -> None:
        """Return when there was a hint since the last return."""
        await self._hinted.wait()
        self._hinted.clear()

    async def feed(self, payloads: AsyncIterator[str]) -> None:
        """Take each payload as a hint, for as long as they come."""
        async for _ in payloads:
            self()
