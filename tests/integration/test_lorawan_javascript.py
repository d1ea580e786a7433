"""Makers' codecs in the bridge: an event through the sandbox to a reading, and what becomes of a codec that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from cityops.clock import ManualClock
from devices.contract.kind import discover
from ingest.bridge.javascript import JavaScriptCodecs
from ingest.bridge.memory_inbox import MemoryInbox
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.ports import Sandbox
from ingest.bridge.receiving import arrival
from ingest.bridge.worker import Worker
from ingest.memory_store import MemorySink
from ingest.sandbox.inline import InlineDecoder
from ingest.sandbox.pool import PooledDecoder
from ingest.sandbox.resting import RestingDecoder
from tests.fakes import lorawan as fake
from tests.fakes.codecs import HERE
from tests.fakes.ingest_setup import known_devices

MAP = {"fields": {"distance_mm": "distance", "temperature_c": "temperature", "battery_pct": "battery"}}


@pytest.fixture(params=[InlineDecoder, PooledDecoder])
def codecs(request: pytest.FixtureRequest) -> Iterator[JavaScriptCodecs]:
    made = JavaScriptCodecs(RestingDecoder(request.param(), lambda: 0.0))
    yield made
    made.close()


class Town:
    """An inbox in memory with a worker."""

    def __init__(self, sandbox: Sandbox) -> None:
        clock = ManualClock(fake.NOW)
        self.sink = MemorySink(known_devices(), clock)
        self.inbox = MemoryInbox([fake.CHIRP], clock)
        self.sink.settle_events = self.inbox.settle
        self.worker = Worker(
            self.inbox, sandbox, self.sink, self.sink, discover(), clock, BridgeMetrics(), asyncio.Event()
        )  # fmt: skip

    async def take(self, source: str, *events: bytes) -> None:
        self.inbox.bound[fake.EUI] = fake.binding(by=fake.codec("javascript", source, field_map=MAP))
        for body in events:
            await self.inbox.receive(
                arrival(fake.CHIRP.source_id, "chirpstack_v4", "application/a/device/b/event/up", body)
            )
        await self.worker.step()

    def outcomes(self) -> list[tuple[Any, Any]]:
        kept = self.inbox.events.values()
        return [(k.outcome and k.outcome.reason_code, k.outcome and k.outcome.reason) for k in kept]


async def test_a_makers_codec_decodes_what_is_stored(codecs: JavaScriptCodecs) -> None:
    town = Town(codecs)
    await town.take((HERE / "distance.js").read_text(), fake.chirp_up(f_cnt=1), fake.chirp_up(f_cnt=2))
    rows = town.sink.readings["bin"]
    assert [(r["seq"], r["distance_mm"], r["battery_pct"]) for r in rows] == [
        (1, 2116.0, 92.0),
        (2, 2116.0, 92.0),
    ]
    assert [round(float(r["temperature_c"]), 1) for r in rows] == [25.7, 25.7]
    assert town.outcomes() == [(None, None)] * 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("while (true) {}", "codec_timeout", "stopped after 30 ms of processor time"),
        ("throw new Error('bad frame')", "not_decoded", "Error: bad frame (line 1)"),
        ("return {errors: ['unknown port']}", "not_decoded", "unknown port"),
        ("return {data: {distance: 'far'}}", "not_decoded", "distance for distance_mm: 'far' is no number"),
        ("return 5", "not_decoded", "decodeUplink returned int, not an object"),
    ],
)
async def test_one_that_can_not_is_set_aside_with_why(
    codecs: JavaScriptCodecs, text: str, code: str, words: str
) -> None:
    town = Town(codecs)
    await town.take(f"function decodeUplink(input) {{ {text} }}", fake.chirp_up())
    [(found, reason)] = town.outcomes()
    assert found == code
    assert words in reason
    assert not town.sink.readings["bin"]


async def test_one_that_hangs_does_not_hold_up_the_others(codecs: JavaScriptCodecs) -> None:
    town = Town(codecs)
    hangs = "function decodeUplink() { for (;;); }"
    await town.take(hangs, *(fake.chirp_up(f_cnt=n) for n in range(1, 9)))
    assert [code for code, _ in town.outcomes()] == ["codec_timeout"] * 8
    assert "tried again in 60 s" in town.outcomes()[-1][1]  # it rests: the last took no time
    await town.take((HERE / "distance.js").read_text(), fake.chirp_up(f_cnt=20))
    assert [r["seq"] for r in town.sink.readings["bin"]] == [20]
