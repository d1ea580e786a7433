"""The values that were last asked for: each is made once, whoever asks at the same time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")
AT_ONCE = 4
"""So many values are made at the same time: threads are left for everybody else."""


class LastUsed(Generic[T]):
    """Keeps as many values as ``most``, of keys that say everything that a value depends on.

    Who asks for one that is being made waits for it; one that takes long holds up no other.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, tuple[asyncio.Lock, int]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """Return the value of a key, made where it is not kept; what ``make`` raises is raised, and nothing kept."""
        if key not in self._kept:
            async with self._alone(key):
                if key not in self._kept:
                    async with self._room:
                        made = await make()
                    return self._keep(key, made)
        return self._keep(key, self._kept[key])

    @asynccontextmanager
    async def _alone(self, key: Hashable) -> AsyncIterator[None]:
        """Let one at a time at a key; its lock goes with the last who waits."""
        lock, waiting = self._making.get(key) or (asyncio.Lock(), 0)
        self._making[key] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._making.pop(key)
            if waiting > 1:
                self._making[key] = lock, waiting - 1

    def _keep(self, key: Hashable, value: T) -> T:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value
