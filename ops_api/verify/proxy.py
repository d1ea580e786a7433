"""A TCP proxy that is a bad network: slow, narrow, stalled, cut in the middle of a packet, half open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

CHUNK_BYTES = 65_536
HOST = "127.0.0.1"

Address = tuple[str, int]


@dataclass(slots=True, eq=False)
class _Link:
    """One connection through the proxy: client's side, server's side.

    Attributes:
        doomed: half open. Nothing passes any more, in either direction, and neither side is told.
        cut_after: of the next bytes so many pass, then both sides are reset; None cuts nothing.
    """

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    doomed: bool = False
    cut_after: int | None = None

    def abort(self) -> None:
        """Reset both sides."""
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()


@dataclass(eq=False)
class Proxy:
    """Passes connections on to ``target``; change the attributes while it runs.

    Attributes:
        target: asked at each connection, so that the server may have moved.
        delay_s: each chunk (what came at once, at most 64 kB) waits so long, per direction [s].
        bytes_per_s: bandwidth per connection and direction; None is without limit.
        swallow: connections that are made meanwhile are half open: accepted, and nothing passes.
        port: where it listens, after :meth:`start`.
    """

    target: Callable[[], Address]
    delay_s: float = 0.0
    bytes_per_s: float | None = None
    swallow: bool = False
    port: int = 0
    _server: asyncio.Server | None = None
    _links: set[_Link] = field(default_factory=set)
    _passing: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Listen on a free port."""
        self._passing.set()
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and reset what is open."""
        if self._server is not None:
            self._server.close()
        self._passing.set()
        self.reset()
        await asyncio.sleep(0)

    @property
    def connections(self) -> int:
        """How many are open, half-open ones included."""
        return len(self._links)

    # -- faults --------------------------------------------------------------------

    def reset(self) -> None:
        """Reset every connection."""
        for link in tuple(self._links):
            link.abort()

    def cut_mid_packet(self, after: int) -> None:
        """On every connection let ``after`` further bytes pass, then reset it."""
        for link in self._links:
            link.cut_after = after

    def stall(self) -> None:
        """Hold everything back, as when all packets are lost and sent again: nothing is closed."""
        self._passing.clear()

    def flow(self) -> None:
        """End a stall; what was held back goes on."""
        self._passing.set()

    def half_open(self) -> None:
        """Make every connection half open, for ever, and new ones too until :meth:`heal`."""
        self.swallow = True
        for link in self._links:
            link.doomed = True

    def heal(self) -> None:
        """Be a good network again. Half-open connections stay so: that is what they are."""
        self.delay_s, self.bytes_per_s, self.swallow = 0.0, None, False
        for link in self._links:
            link.cut_after = None
        self.flow()

    # -- inside --------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer, doomed=self.swallow)
        self._links.add(link)
        try:
            if link.doomed:
                await self._pump(link, reader, writer)
            else:
                await self._connect(link, reader)
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the proxy is: both sides are reset below
        finally:
            self._links.discard(link)
            link.abort()

    async def _connect(self, link: _Link, reader: asyncio.StreamReader) -> None:
        answers, link.server = await asyncio.open_connection(*self.target())
        ways = [
            asyncio.ensure_future(self._pump(link, reader, link.server)),
            asyncio.ensure_future(self._pump(link, answers, link.client)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if link.doomed:  # the other side must not learn of it
                await asyncio.wait(ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._wait(len(data))
            if link.doomed:
                continue
            if link.cut_after is not None and link.cut_after < len(data):
                writer.write(data[: link.cut_after])
                with contextlib.suppress(OSError):
                    await asyncio.wait_for(writer.drain(), 1.0)
                link.abort()
                return
            if link.cut_after is not None:
                link.cut_after -= len(data)
            writer.write(data)
            await writer.drain()

    async def _wait(self, size: int) -> None:
        if self.delay_s > 0.0:
            await asyncio.sleep(self.delay_s)
        if self.bytes_per_s is not None:
            await asyncio.sleep(size / self.bytes_per_s)
        await self._passing.wait()
