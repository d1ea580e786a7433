"""What open streams cost the server."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.door.load import cpu_s


async def streamed(url: str, pid: int, target: str, clients: int, seconds: float) -> dict[str, Any]:
    """Return what so many readers of a stream cost for so many seconds, and what they got."""
    got = {"bytes": 0, "events": 0}
    tasks = []
    for n in range(clients):
        tasks.append(asyncio.create_task(_reader(url, target, got)))
        if n % 50 == 0:
            await asyncio.sleep(0.05)
    await asyncio.sleep(2.0)  # each has its first state
    got.update(bytes=0, events=0)
    began, before = time.monotonic(), cpu_s(pid)
    await asyncio.sleep(seconds)
    used, took, told = cpu_s(pid) - before, time.monotonic() - began, dict(got)
    gone = sum(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    rss = psutil.Process(pid).memory_info().rss
    return {
        "clients": clients, "gone": gone, "seconds": round(took, 1), **told,
        "core_pct": round(100 * used / took, 2),
        "us_an_event": round(1e6 * used / told["events"], 1) if told["events"] else None, "rss_mb": round(rss / 1e6),
    }  # fmt: skip


async def _reader(url: str, target: str, got: dict[str, int]) -> None:
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        writer.write(
            f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )
        while piece := await reader.read(65536):
            got["bytes"] += len(piece)
            got["events"] += piece.count(b"\ndata:") + piece.startswith(b"data:")
    finally:
        writer.close()
