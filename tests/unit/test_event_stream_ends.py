"""A stream of names ends with the pass of who reads it, however long its page stays open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ops_api.event_stream import EventStream


class Events:
    """Events for ever, and whether they were given back."""

    def __init__(self) -> None:
        self.closed = False

    async def for_ever(self) -> AsyncIterator[str]:
        try:
            while True:
                yield "data: Ada has it\n\n"
                await asyncio.sleep(0.01)
        finally:
            self.closed = True


@pytest.mark.parametrize("lasts_s", [0.05, 0.0, -5.0])
async def test_it_ends_and_gives_its_place_back(lasts_s: float) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    events = Events()
    stream = EventStream(events.for_ever())
    stream.lasts_s = lasts_s
    async with asyncio.timeout(5.0):
        await stream.stream_response(send)
    assert events.closed or not any(m.get("body") for m in sent)
