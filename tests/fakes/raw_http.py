"""Connections that speak HTTP badly on purpose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Raw:
    """One connection, and when it was opened [s, monotonic]."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    opened: float

    async def say(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def ended(self, within_s: float) -> tuple[bytes, float]:
        """Return what was answered until the other side closed, and after how many seconds that was.

        Raises:
            TimeoutError: it did not close.
        """
        got = b""
        async with asyncio.timeout(within_s):
            try:
                while piece := await self.reader.read(65536):
                    got += piece
            except ConnectionError:
                pass
        return got, time.monotonic() - self.opened

    async def trickle(self, piece: bytes, every_s: float) -> None:
        """Send one piece again and again until the other side closes."""
        try:
            while not self.reader.at_eof():
                await self.say(piece)
                await asyncio.sleep(every_s)
        except ConnectionError:
            pass


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Raw]:
    """A connection to a site, closed at the end."""
    at = urlsplit(url)
    assert at.hostname is not None
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        yield Raw(reader, writer, time.monotonic())
    finally:
        writer.transport.abort()


async def asked(url: str, data: bytes, within_s: float = 10) -> bytes:
    """Return all that a site answers to bytes until it closes."""
    async with connected(url) as raw:
        await raw.say(data)
        return (await raw.ended(within_s))[0]
