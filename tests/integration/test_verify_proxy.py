"""The bad network over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from ops_api.verify.proxy import Proxy

GENEROUS_S = 60.0


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = Proxy(server.sockets[0].getsockname)
    await made.start()
    yield made
    await made.close()
    server.close()


async def connected(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def answered(proxy: Proxy, data: bytes = b"ping") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await connected(proxy)
    writer.write(data)
    async with asyncio.timeout(GENEROUS_S):
        assert await reader.readexactly(len(data)) == data
    return reader, writer


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What still came before the connection ended, in whatever way."""
    got = b""
    async with asyncio.timeout(GENEROUS_S):
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(10):
                got += data
    return got


async def test_it_passes_everything_both_ways(proxy: Proxy) -> None:
    _, writer = await answered(proxy, bytes(range(256)) * 4000)
    assert proxy.connections == 1
    writer.close()
    async with asyncio.timeout(GENEROUS_S):
        while proxy.connections:
            await asyncio.sleep(0.01)


async def test_delay_and_bandwidth_slow_it_down(proxy: Proxy) -> None:
    loop = asyncio.get_running_loop()
    proxy.delay_s = 0.15
    began_s = loop.time()
    await answered(proxy)
    assert loop.time() - began_s >= 0.3
    proxy.heal()
    proxy.bytes_per_s = 10_000
    began_s = loop.time()
    await answered(proxy, b"x" * 2_000)
    assert loop.time() - began_s >= 0.4


async def test_a_stall_holds_back_and_loses_nothing(proxy: Proxy) -> None:
    reader, writer = await answered(proxy)
    proxy.stall()
    writer.write(b"late")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.read(1)
    proxy.flow()
    async with asyncio.timeout(GENEROUS_S):
        assert await reader.readexactly(4) == b"late"


async def test_a_cut_in_the_middle_of_a_packet(proxy: Proxy) -> None:
    reader, writer = await answered(proxy)
    proxy.cut_mid_packet(3)
    writer.write(b"abcdef")
    assert len(await until_closed(reader)) <= 3
    await answered(proxy)  # the next connection is whole


async def test_half_open_neither_answers_nor_ends(proxy: Proxy) -> None:
    reader, writer = await answered(proxy)
    proxy.half_open()
    new_reader, new_writer = await connected(proxy)
    for silent, to in ((reader, writer), (new_reader, new_writer)):
        to.write(b"hello?")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await silent.read(1)
    proxy.heal()
    writer.write(b"still?")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await reader.read(1)
    await answered(proxy)


async def test_reset_ends_all_at_once(proxy: Proxy) -> None:
    reader, _ = await answered(proxy)
    proxy.reset()
    assert await until_closed(reader) == b""


async def test_a_server_that_is_not_there_ends_the_connection_and_one_that_moved_is_found(
    proxy: Proxy,
) -> None:
    there = proxy.target
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        proxy.target = nobody.getsockname
        reader, _ = await connected(proxy)
        assert await until_closed(reader) == b""
    proxy.target = there
    await answered(proxy)
