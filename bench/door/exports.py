"""A bulk export as everybody may have it, without a key: how quickly it comes and what memory the whole server needs meanwhile."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil

from bench.door.load import cpu_s

LOOK_S = 0.1
FORMATS = ("csv", "geojson", "parquet")
ADDRESS = "/api/v1/readings/export?kind=road&format={}"


def address(fmt: str, days: float, newest: datetime | None) -> str:
    """Return the address of an export of the last ``days`` up to the newest reading; of all there are where they are 0."""
    whole = ADDRESS.format(fmt)
    if days <= 0 or newest is None:
        return whole
    since = (newest - timedelta(days=days)).astimezone(UTC).isoformat()
    return f"{whole}&from={quote(since)}"


async def exported(url: str, pid: int, target: str) -> dict[str, Any]:
    """Return how quickly a large answer came, how large it was, and the most memory that server and children had so far."""
    at, most = urlsplit(url), [rss_mb(pid)]
    watching = asyncio.create_task(_watch(pid, most))
    began, cpu = time.monotonic(), cpu_s(pid)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        size, lines, whole = await _drained(reader) if int(head[9:12]) == 200 else (0, 0, False)
    finally:
        writer.close()
        watching.cancel()
    took = time.monotonic() - began
    return {
        "address": target, "status": int(head[9:12]), "whole": whole, "mb": round(size / 1e6, 2), "lines": lines,
        "seconds": round(took, 2), "server_cpu_s": round(cpu_s(pid) - cpu, 2),
        "rss_before_mb": most[0], "rss_most_mb": max([*most, rss_mb(pid)]),
    }  # fmt: skip


async def _drained(reader: asyncio.StreamReader) -> tuple[int, int, bool]:
    """Read an answer in chunks; return bytes, ends of lines, and whether the last chunk came: the file is whole then."""
    size, lines = 0, 0
    try:
        while length := int(await reader.readline() or b"0", 16):
            piece = await reader.readexactly(length + 2)
            size, lines = size + length, lines + piece.count(b"\n") - 1
        return size, lines, await reader.readexactly(2) == b"\r\n"
    except asyncio.IncompleteReadError:
        return size, lines, False


async def _watch(pid: int, most: list[float]) -> None:
    while True:
        most.append(await asyncio.to_thread(rss_mb, pid))
        await asyncio.sleep(LOOK_S)


def rss_mb(pid: int) -> float:
    """Return the most that a process has had resident since its start, and its children theirs, together [MB].

    The kernel's own high-water marks: no peak falls between two looks. Pages they share count for each.
    """
    one = psutil.Process(pid)
    return round(sum(_high_water_kb(p.pid) for p in (one, *one.children(recursive=True))) * 1024 / 1e6, 1)


def _high_water_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
