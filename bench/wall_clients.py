"""Walls without a browser for ``bench wall``: they read the stream and fetch the map after each event, as the page does."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import psutil

LOOK_S = 10.0
"""The page fetches the map at most once in so long [s]."""


def served(url: str, pid: int, clients: int, seconds: float) -> dict[str, Any]:
    """Return the server's CPU time with so many walls [s], and how many events and maps they got."""
    return asyncio.run(_served(url, pid, clients, seconds))


async def _served(url: str, pid: int, clients: int, seconds: float) -> dict[str, Any]:
    got = {"events": 0, "maps": 0, "bytes": 0}
    limits = httpx.Limits(max_connections=2 * clients + 2)
    async with httpx.AsyncClient(base_url=url, timeout=None, limits=limits) as http:
        tasks = [asyncio.create_task(_wall(http, got)) for _ in range(clients)]
        await asyncio.sleep(3.0)  # each has its first state
        got.update(events=0, maps=0, bytes=0)
        began_s, before = time.monotonic(), _cpu_s(pid)
        await asyncio.sleep(seconds)
        used, took_s = _cpu_s(pid) - before, time.monotonic() - began_s
        counted = dict(got)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"clients": clients, "cpu_s": round(used, 3), "core_pct": round(100 * used / took_s, 2), **counted}


async def _wall(http: httpx.AsyncClient, got: dict[str, int]) -> None:
    looked_s, tag = 0.0, ""
    async with http.stream("GET", "/live/ops/stream") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: {") and '"fragments"' in line:
                got["events"] += 1
                got["bytes"] += len(line)
                if time.monotonic() - looked_s >= LOOK_S:
                    looked_s = time.monotonic()
                    answer = await http.get("/ops/now.json", headers={"If-None-Match": tag})
                    tag = answer.headers["etag"]
                    got["maps"] += 1


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
