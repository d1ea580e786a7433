"""Who sends or reads slowly on purpose holds up nobody else, and not for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import psutil
import pytest
import uvicorn
import uvloop
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from ops_api.hardening.limits import HEAD_MOST, Limits
from ops_api.hardening.protocol import deadlined
from tests.fakes.raw_http import Raw, asked, connected

LIMITS = Limits(header_s=1.0, body_s=1.0, stall_s=1.0, per_source=1000)
SLACK_S = 6.0
"""A reader is looked at every 5 s; the rest is what a busy machine is late."""
GET = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n"


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/quick")
    async def quick() -> Response:
        return PlainTextResponse("here")

    @app.post("/body")
    async def body(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    @app.get("/large")
    async def large() -> Response:
        return PlainTextResponse("x" * 20_000_000)

    @app.get("/stream")
    async def stream() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(6):
                yield b"data: now\n\n"
                await asyncio.sleep(0.5)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return app


async def served(stack: AsyncExitStack, limits: Limits = LIMITS, trusted: str = "") -> str:
    """Return the address of a server with our connections, which ends with the stack.

    It has a loop of its own, of the sort that `cityops run` has: its transports are others than asyncio's.
    """
    config = uvicorn.Config(
        bare(), port=0, http=deadlined(limits, trusted), ws="none", log_config=None, access_log=False,
        timeout_keep_alive=2, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(asyncio.to_thread(uvloop.run, server._serve()))
    while not server.started:
        await asyncio.sleep(0.01)

    async def ended() -> None:
        server.should_exit = True
        await running

    stack.push_async_callback(ended)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with AsyncExitStack() as stack:
        yield await served(stack)


async def others_wait(url: str, for_s: float) -> list[float]:
    """Return how long each of many ordinary requests took [s], one connection after the other."""
    took, end = [], time.monotonic() + for_s
    while time.monotonic() < end:
        began = time.monotonic()
        assert b"here" in await asked(url, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        took.append(time.monotonic() - began)
        await asyncio.sleep(0.01)
    return took


async def test_two_hundred_slow_headers_are_closed_in_time_and_others_are_answered(url: str) -> None:
    rss = psutil.Process().memory_info().rss
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(connected(url)) for _ in range(200)]
        for raw in slow:
            await raw.say(b"GET /quick HTTP/1.1\r\nHost: x\r\n")
        trickling = [asyncio.create_task(raw.trickle(b"X-A: b\r\n", 0.3)) for raw in slow]
        took = await others_wait(url, 2.0)
        ends = await asyncio.gather(*(raw.ended(SLACK_S) for raw in slow))
        await asyncio.gather(*trickling)
    assert all(answer == b"" for answer, _ in ends)
    assert max(after for _, after in ends) < 1.0 + SLACK_S
    assert sorted(took)[int(len(took) * 0.99)] < 0.2 + 1.0  # the 200 trickle in this process too
    assert psutil.Process().memory_info().rss - rss < 20 * 2**20


async def test_who_asks_is_answered_while_others_hold_more_connections_than_there_are() -> None:
    """Also from more addresses than any limit by source sees: those that wait longest without asking make room."""
    alive = GET.replace(b"quick", b"stream")
    async with AsyncExitStack() as stack:
        url = await served(stack, replace(LIMITS, header_s=60.0, at_once=20))
        reading = await stack.enter_async_context(connected(url))
        await reading.say(alive)
        quiet = []
        for n in range(60):
            raw = await stack.enter_async_context(connected(url))
            await raw.say(
                (b"", GET, b"GET /qui")[n % 3]
            )  # nothing yet, kept open after an answer, half a request
            quiet.append(asyncio.create_task(raw.ended(30)))
            if n % 10 == 9:
                assert b"here" in await asked(url, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        done, waiting = await asyncio.wait(quiet, timeout=0.5)
        assert 39 <= len(done) <= 45  # of 60, where 20 have room: the longest first
        assert all(task in done for task in quiet[:30])
        assert (await reading.reader.readuntil(b"now")) != b""
        for task in waiting:
            task.cancel()
        events = await asyncio.wait_for(reading.reader.readuntil(b"0\r\n\r\n"), 10)
    assert events.count(b"data: now") >= 4  # who is being answered is not touched


async def closes(url: str, first: bytes, piece: bytes = b"") -> tuple[bytes, float]:
    """Return what a connection that says ``first`` and then trickles ``piece`` is told, and after how many seconds it is closed."""
    async with connected(url) as raw:
        await raw.say(first)
        trickling = asyncio.create_task(raw.trickle(piece, 0.2)) if piece else None
        try:
            return await raw.ended(2 + SLACK_S)
        finally:
            if trickling is not None:
                trickling.cancel()


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b""),
        (b"\r\n", b"\r\n"),
        (b"GET /quick HT", b""),
        (b"GET /quick HTTP/1.1\r\nX-Long: ", b"a"),
        (GET, b"\r\n"),
        (GET + b"GE", b""),
    ],
    ids=[
        "nothing",
        "empty lines",
        "half a line",
        "a value",
        "empty lines after an answer",
        "no second request",
    ],
)
async def test_who_does_not_ask_is_closed(url: str, first: bytes, piece: bytes) -> None:
    answer, after_s = await closes(url, first, piece)
    assert (b"here" in answer) == first.startswith(GET)
    assert 0.9 < after_s < 1.0 + SLACK_S


async def test_a_slow_body_is_told_and_closed(url: str) -> None:
    post = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    answer, after_s = await closes(url, post, b"a")
    assert answer.startswith(b"HTTP/1.1 408")
    assert 0.9 < after_s < 1.0 + SLACK_S


async def test_pieces_without_an_end_are_closed_too(url: str) -> None:
    post = b"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, _ = await closes(url, post, b"1\r\na\r\n")
    assert answer.startswith(b"HTTP/1.1 408")


async def test_a_body_to_who_does_not_read_it_is_closed_too(url: str) -> None:
    answer, after_s = await closes(url, GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 5000\r\n\r\n"), b"a")
    assert b"here" in answer
    assert after_s < 1.0 + SLACK_S


async def test_a_body_that_comes_steadily_is_waited_for(url: str) -> None:
    async with connected(url) as raw:
        await raw.say(
            b"POST /body HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 320000\r\n\r\n"
        )
        for _ in range(16):  # 2.4 s, and 133 kB/s
            await raw.say(b"a" * 20_000)
            await asyncio.sleep(0.15)
        answer, _ = await raw.ended(SLACK_S)
    assert answer.endswith(b"320000")


async def test_who_does_not_read_is_closed(url: str) -> None:
    async with connected(url) as raw:
        raw.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await raw.say(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(1.0 + SLACK_S + 5)
        raw.reader._transport.resume_reading()  # type: ignore[attr-defined]
        answer, _ = await raw.ended(SLACK_S)
    assert 0 < len(answer) < 20_000_000


async def test_who_reads_slowly_but_reads_gets_all(url: str) -> None:
    async with connected(url) as raw:
        await raw.say(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = 0
        while piece := await raw.reader.read(2_000_000):
            got += len(piece)
            await asyncio.sleep(0.02)
    assert got > 20_000_000


async def test_a_stream_and_a_quiet_connection_are_left_alone(url: str) -> None:
    async with connected(url) as raw:
        await raw.say(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(raw.reader.readuntil(b"0\r\n\r\n"), 10)
        assert answer.count(b"data: now") == 6
        await asyncio.sleep(1.3)  # longer than headers may take, shorter than a connection is kept
        await raw.say(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert b"here" in (await raw.ended(SLACK_S))[0]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /quick?" + b"a" * 2**20 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /quick HTTP/1.1\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\n", 431),
        (b"GET /quick HTTP/1.1\r\nX-A: " + b"b" * 2**20 + b"\r\n\r\n", 431),
        (b"GET /quick HTTP/1.1\r\nX-A: " + b"b" * (HEAD_MOST + 1) + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /body HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /body HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (b"POST /body HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /quick HTTP/1.1\r\nX-A: b\r\n folded\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
    ids=["1 MB target", "10,000 headers", "1 MB header", "headers just too long", "nonsense", "no ASCII",
         "length and chunks", "two lengths", "length below 0", "folded header", "TLS on the plain port"],
)  # fmt: skip
async def test_what_is_too_long_or_no_http_is_refused(url: str, request_bytes: bytes, status: int) -> None:
    assert (await asked(url, request_bytes)).startswith(b"HTTP/1.1 %d" % status)


async def test_two_requests_at_once_are_answered_in_turn(url: str) -> None:
    last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert (await asked(url, GET + GET + last)).count(b"here") == 3


async def test_one_source_has_so_many_connections_and_gets_them_back() -> None:
    async with AsyncExitStack() as stack:
        url = await served(stack, replace(LIMITS, header_s=20.0, per_source=3))
        async with AsyncExitStack() as held:
            kept: list[Raw] = [await held.enter_async_context(connected(url)) for _ in range(3)]
            assert (await asked(url, b"")).startswith(b"HTTP/1.1 503")
            await kept[0].say(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert b"here" in (await kept[0].ended(SLACK_S))[0]
            assert b"here" in await asked(url, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await asyncio.sleep(0.1)
        assert min(await others_wait(url, 0.1)) > 0


async def test_a_proxys_connections_are_not_counted() -> None:
    async with AsyncExitStack() as stack:
        url = await served(stack, replace(LIMITS, per_source=1), trusted="127.0.0.0/8")
        held = [await stack.enter_async_context(connected(url)) for _ in range(5)]
        assert len(held) == 5
        assert len(await others_wait(url, 0.1)) > 0
