"""A server that is set to what can't be connected to says so, and is tried again."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ingest.bridge.mqtt_source import MqttSource
from ingest.bridge.ports import Source
from tests.fakes.lorawan import CHIRP


@pytest.mark.parametrize("host", ["a..b", "a" * 70 + ".example"])
async def test_a_host_that_is_no_name_is_said_and_tried_again(host: str) -> None:
    stop, told = asyncio.Event(), list[str]()

    async def say(_: int, what: str) -> None:
        told.append(what)

    async def take(_: Source, __: str, ___: bytes) -> None:
        """Nothing comes."""

    source = replace(CHIRP, settings={"host": host, "tls": False})
    running = asyncio.create_task(MqttSource(source, take, say).run(stop))
    async with asyncio.timeout(20):
        while not told:
            await asyncio.sleep(0.01)
    assert told[0].startswith("not connected: ")
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 20)
