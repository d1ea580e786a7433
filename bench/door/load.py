"""Many requests over few connections that stay open, as cheap as a client can be: the server is what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

from bench.cpu import process_cpu_s


@dataclass
class Load:
    """What a load found.

    Attributes:
        took_s: of each request.
        statuses: how often each was answered.
        bytes: of all answers.
        wall_s: from the first request to the last answer.
        cpu_s: of the server's process in that time.
    """

    took_s: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, other: Load) -> None:
        """Take in what another load found."""
        self.took_s += other.took_s
        for status, count in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        self.bytes += other.bytes
        self.wall_s += other.wall_s
        self.cpu_s += other.cpu_s

    def percentile_ms(self, percent: float) -> float:
        """Return the time that so many percent of the requests did not exceed."""
        return round(
            1000 * sorted(self.took_s)[min(len(self.took_s) - 1, int(len(self.took_s) * percent / 100))], 2
        )

    def told(self) -> dict[str, float | int | dict[int, int]]:
        """Return the figures for a report."""
        n = len(self.took_s)
        return {
            "requests": n,
            "statuses": self.statuses,
            "kb_each": round(self.bytes / n / 1000, 1),
            "per_s": round(n / self.wall_s, 1),
            "per_core_s": round(n / self.cpu_s, 1) if self.cpu_s else 0.0,
            "server_cpu_us": round(1e6 * self.cpu_s / n, 1),
            "p50_ms": self.percentile_ms(50),
            "p95_ms": self.percentile_ms(95),
            "p99_ms": self.percentile_ms(99),
        }


async def load(url: str, pid: int, targets: Sequence[str], connections: int) -> Load:
    """Ask for every target once, over so many connections at a time; ``pid`` is the server's."""
    found, left = Load(), list(reversed(targets))
    began, cpu = time.monotonic(), cpu_s(pid)
    await asyncio.gather(*(_client(url, left, found) for _ in range(connections)))
    found.wall_s, found.cpu_s = time.monotonic() - began, cpu_s(pid) - cpu
    return found


async def _client(url: str, left: list[str], found: Load) -> None:
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    try:
        while left:
            target = left.pop()
            began = time.monotonic()
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n".encode())
            status, size = await _answer(reader)
            found.took_s.append(time.monotonic() - began)
            found.statuses[status] = found.statuses.get(status, 0) + 1
            found.bytes += size
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one answer; return its status and the bytes of its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        return status, await _chunks(reader)
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    return status, len(await reader.readexactly(length))


async def _chunks(reader: asyncio.StreamReader) -> int:
    size = 0
    while length := int(await reader.readline(), 16):
        size += len(await reader.readexactly(length + 2)) - 2
    await reader.readexactly(2)
    return size


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process so far [s]."""
    return process_cpu_s(psutil.Process(pid))
