"""What devices asked and was not answered yet: bounded, and bounded for each device."""

from __future__ import annotations

import asyncio
from collections import Counter

from devices.contract.topics import parse


class AskQueue:
    """Asks in the order in which they came.

    Args:
        most: that wait at once.
        of_one: of these, of one device.
    """

    def __init__(self, most: int, of_one: int) -> None:
        self._of_one = of_one
        self._waiting: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue(most)
        self._devices: Counter[str] = Counter()

    def put(self, topic: str, payload: bytes) -> bool:
        """Have an ask wait; False: it is nobody's, or there is no room for it or for more of its device's."""
        found = parse(topic)
        if found is None or self._waiting.full() or self._devices[found.device] >= self._of_one:
            return False
        self._devices[found.device] += 1
        self._waiting.put_nowait((found.device, topic, payload))
        return True

    async def get(self) -> tuple[str, bytes]:
        """Return topic and payload of the ask that has waited longest."""
        device, topic, payload = await self._waiting.get()
        self._devices[device] -= 1
        if self._devices[device] == 0:
            del self._devices[device]
        return topic, payload
