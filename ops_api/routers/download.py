"""A file that is made while it is sent, and given up on where it is not taken.

Whoever reads slowly on purpose, or no more at all, would hold one of few places for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import structlog
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

log = structlog.get_logger(__name__)

PIECE_S = 30.0
"""A piece that is not taken within this time ends the download [s]."""
WHOLE_S = 1800.0
"""A download ends after this time [s]: at 1 Mbit/s that is 225 MB. The file is cut then, and programs tell that."""


class Download(StreamingResponse):
    """A file to one reader, in pieces."""

    piece_s = PIECE_S
    whole_s = WHOLE_S

    async def stream_response(self, send: Send) -> None:
        """Send piece by piece; end where one is not taken in time, or all of it takes too long."""

        async def in_time(message: Message) -> None:
            async with asyncio.timeout(self.piece_s):
                await send(message)

        try:
            async with asyncio.timeout(self.whole_s):
                await super().stream_response(in_time)
        except TimeoutError:
            log.info(
                "a download is given up: its reader is too slow", piece_s=self.piece_s, whole_s=self.whole_s
            )
        finally:
            # At once, not when the generator is collected: its place is free for another reader.
            if isinstance(self.body_iterator, AsyncGenerator):
                with suppress(RuntimeError):
                    await self.body_iterator.aclose()
