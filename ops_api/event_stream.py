"""A response that streams events and gives up on a reader that does not take them.

A reader whose far end reads no more would hold its place, and what waits for it, for ever:
TCP has no opinion on a peer that is there and does not read.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

log = structlog.get_logger(__name__)

SEND_S = 30.0
"""A piece that is not taken within this time ends the stream [s]; browsers come back by themselves."""

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


PACKED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
GZIP_WINDOW = 31
"""Of zlib: the largest window, and gzip's head and tail."""


async def packed(events: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield events as gzip, each complete when it is sent: for telephones on a network that is slow and paid by the MB."""
    press = zlib.compressobj(wbits=GZIP_WINDOW)
    try:
        async for event in events:
            yield press.compress(event) + press.flush(zlib.Z_SYNC_FLUSH)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


class EventStream(StreamingResponse):
    """``text/event-stream`` to one reader; it ends after ``lasts_s`` [s], as what lets its reader see it does. None: never."""

    media_type = "text/event-stream"
    send_s = SEND_S
    lasts_s: float | None = None

    async def stream_response(self, send: Send) -> None:
        """Send piece by piece; end where one is not taken in time, or where its time is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.lasts_s):
                await self._sent(send)

    async def _sent(self, send: Send) -> None:

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(self.send_s):
                await send(message)

        try:
            await super().stream_response(in_time)
        except TimeoutError:
            log.info("an event stream is dropped: its reader does not read", waited_s=self.send_s)
        finally:
            # At once, not when the generator is collected: its place is free for another reader.
            if isinstance(self.body_iterator, AsyncGenerator):
                with suppress(RuntimeError):
                    await self.body_iterator.aclose()
