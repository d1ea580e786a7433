"""The same uplink decoded in several ways: CPU time of each, ours and that of the processes that run codecs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime

import _quickjs

from bench.codecs.sources import PAYLOAD, native
from bench.cpu import Watched, tree_cpu_s
from ingest.sandbox.engine import Engine
from ingest.sandbox.inline import InlineDecoder
from ingest.sandbox.limits import Limits
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.ports import Codec, Decoder
from ingest.sandbox.speech import request
from ingest.sandbox.ts013 import Payload, decode_uplinks, uplink_call

FRAME = Payload(PAYLOAD, 85, datetime(2026, 1, 9, 5, 10, tzinfo=UTC))
BATCH = 100


def cpu_us(run: Callable[[], object], decodes: int) -> float:
    """Return the CPU time of one decode [µs]; ``run`` does ``decodes``, after one that does not count."""
    run()
    before = cpu_used_s()
    run()
    return (cpu_used_s() - before) / decodes * 1e6


def cpu_used_s() -> float:
    """Return the CPU time used so far, ours and our processes' [s]."""
    return tree_cpu_s(Watched(os.getpid())) or 0.0


def ways(source: str, decodes: int) -> dict[str, float]:
    """Return the CPU time of one decode [µs] by way."""
    codec = Codec(source)
    pooled, inline = PooledDecoder(1), InlineDecoder()
    try:
        found = {
            "native_python": cpu_us(lambda: [native(PAYLOAD) for _ in range(20 * decodes)], 20 * decodes),
            "engine_called_unguarded": cpu_us(unguarded(source, decodes), decodes),
            "inline": cpu_us(lambda: several(inline, codec, decodes), decodes),
            "process_in_batches": cpu_us(lambda: several(pooled, codec, decodes), decodes),
            "process_one_by_one": cpu_us(lambda: several(pooled, codec, decodes // 4, 1), decodes // 4),
        }
    finally:
        pooled.close()
    return {**found, "new_engine_each_time": cpu_us(fresh(source, decodes // 20), decodes // 20)}


def several(decoder: Decoder, codec: Codec, decodes: int, batch: int = BATCH) -> None:
    """Decode as the bridge does: the uplinks of a codec together."""
    for _ in range(decodes // batch):
        decode_uplinks(decoder, codec, [FRAME] * batch)


def unguarded(source: str, decodes: int) -> Callable[[], object]:
    """Return calls of one engine that nothing is put back in: the least that the engine costs."""
    context = _quickjs.Context()
    context.eval(source)
    decode = context.eval("(function (text) { return JSON.stringify(decodeUplink(JSON.parse(text))) })")
    text = json.dumps(uplink_call(FRAME).input)
    return lambda: [json.loads(decode(text)) for _ in range(decodes)]


def fresh(source: str, decodes: int) -> Callable[[], object]:
    """Return calls of which each has an engine of its own."""
    text = request(uplink_call(FRAME), Limits())
    assert isinstance(text, str)
    return lambda: [Engine(source, Limits()).alone(text) for _ in range(decodes)]
