"""/healthz, /readyz and /metrics for services that serve no HTTP otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Ready = Callable[[], "bool | Mapping[str, bool]"]
"""Whether the service can do its work now: one answer or one per part."""

_JSON = "application/json"
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
_REQUEST_TIMEOUT_S = 5.0
_MAX_HEADER_LINES = 100


class HealthServer:
    """A minimal HTTP/1.1 server with three pages; a :class:`Service`.

    /healthz answers 200 as long as the event loop turns; /readyz 200 or 503 with the parts as
    JSON; /metrics the Prometheus text format of ``registry``.
    """

    def __init__(
        self, port: int, ready: Ready, registry: CollectorRegistry | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._host = host
        self._port = port
        self._ready = ready
        self._registry = CollectorRegistry() if registry is None else registry
        self.bound = asyncio.Event()
        self.port = port

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``; ``port`` carries the port in use once ``bound`` is set."""
        server = await asyncio.start_server(self._serve, self._host, self._port)
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            self.bound.set()
            await stop.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                writer.write(self._answer(await _request_line(reader)))
                await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _answer(self, line: str) -> bytes:
        method, _, rest = line.partition(" ")
        path = rest.split(" ")[0].split("?")[0]
        if method not in ("GET", "HEAD"):
            return _response(405, _JSON, b'{"error":"only GET"}')
        if path == "/healthz":
            return _response(200, _JSON, b'{"alive":true}')
        if path == "/readyz":
            return self._readiness()
        if path == "/metrics":
            return _response(200, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        return _response(404, _JSON, b'{"error":"use /healthz, /readyz or /metrics"}')

    def _readiness(self) -> bytes:
        state = self._ready()
        parts = {"ready": state} if isinstance(state, bool) else dict(state)
        return _response(200 if all(parts.values()) else 503, _JSON, json.dumps(parts).encode())


async def _request_line(reader: asyncio.StreamReader) -> str:
    """Return the request line and read past the headers."""
    first = (await reader.readline()).decode("latin-1").strip()
    for _ in range(_MAX_HEADER_LINES):
        if (await reader.readline()).strip() == b"":
            return first
    raise ValueError("too many header lines")


def _response(status: int, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
