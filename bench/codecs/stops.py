"""How long a codec that does not end goes on, from the call to its answer."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.codecs.ways import FRAME, cpu_used_s
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Codec
from ingest.sandbox.ts013 import decode_uplinks

CASES = {
    "while (true) {}": "while (true) {}",
    "while (true) inside a try that catches all": "for (;;) { try { while (true) {} } catch (e) {} }",
    "regular expression that backtracks": "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    "sort of 4 billion holes": "var a = []; a.length = 4294967295; a.sort()",
    "search in a text, quadratic": "('a'.repeat(300000)).indexOf('a'.repeat(150000) + 'b')",
    "memory without end": "var a = []; for (;;) a.push(new Uint8Array(10000))",
}


def stops(repeats: int) -> list[dict[str, Any]]:
    """Return for each case the CPU time of a call [ms], the time on the wall until its answer, and the answer."""
    pool = PooledDecoder(1)
    try:
        return [_one(pool, name, text, repeats) for name, text in CASES.items()]
    finally:
        pool.close()


def _one(pool: PooledDecoder, name: str, text: str, repeats: int) -> dict[str, Any]:
    codec = Codec(
        f"function decodeUplink(input) {{ if (input.fPort === 85) {{ {text} }} return {{data: {{}}}} }}"
    )
    took_ms, cpu_s, said = [], 0.0, ""
    for _ in range(repeats):
        decode_uplinks(
            pool, Codec("function decodeUplink() { return {data: {}} }"), [FRAME]
        )  # a process is there
        used_s, began = cpu_used_s(), time.perf_counter()
        (found,) = decode_uplinks(pool, codec, [FRAME])
        took_ms.append((time.perf_counter() - began) * 1e3)
        cpu_s += cpu_used_s() - used_s
        said = "" if found.problem is None else f"{found.problem.code}: {found.problem.message}"
    return {
        "case": name,
        "cpu_ms": round(cpu_s / repeats * 1e3),
        "median_ms": round(median(took_ms), 1),
        "most_ms": round(max(took_ms), 1),
        "answer": said,
    }
