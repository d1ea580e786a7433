"""The hub: sharing, resuming, slow readers, failures, stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ops_api import stream as stream_module
from ops_api.event_stream import EventStream
from ops_api.stream import QUEUE_EVENTS, Event, Hub, Reader


class Source:
    """A state that changes when told to, and counts how often it was rendered."""

    def __init__(self) -> None:
        self.value = 0
        self.renderings = 0
        self.broken = False

    async def version(self) -> object:
        return self.value

    async def render(self) -> str:
        self.renderings += 1
        if self.broken:
            raise ConnectionError("no database")
        return f'{{"value":{self.value}}}'


@asynccontextmanager
async def published(source: Source, **options: float) -> AsyncIterator[Hub]:
    hub = Hub(source.version, poll_s=options.pop("poll_s", 0.02), pace_s=0.0, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        hub.close()
        await asyncio.wait_for(task, 2)


async def heard(stream: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(60):
        async for chunk in stream:
            if b"event: state" in chunk:
                return chunk.decode()
    raise AssertionError("the stream ended")


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


def event_id(text: str) -> str:
    return text.splitlines()[0].removeprefix("id: ")


async def test_readers_of_one_topic_share_a_rendering() -> None:
    source = Source()
    async with published(source, poll_s=5) as hub:
        streams = [hub.stream("t", source.render) for _ in range(20)]
        first = [await heard(s) for s in streams]
        assert len(set(first)) == 1
        assert source.renderings == 1
        source.value = 1
        hub.touch()
        second = [await heard(s) for s in streams]
        assert len(set(second)) == 1
        assert '"value":1' in second[0]
        assert source.renderings == 2
        for s in streams:
            await s.aclose()  # type: ignore[attr-defined]
        assert hub.readers == 0


async def test_an_unchanged_state_is_not_sent_again() -> None:
    source = Source()
    async with published(source) as hub:
        stream = hub.stream("t", source.render)
        first = await heard(stream)
        hub.touch()
        await asyncio.sleep(0.1)
        source.value = 7
        second = await heard(stream)
        assert '"value":7' in second
        assert event_id(first) != event_id(second)
        await stream.aclose()  # type: ignore[attr-defined]
        resumed = hub.stream("t", source.render, event_id(second))
        assert await anext(resumed) == b"retry: 3000\n\n"
        source.value = 8
        assert '"value":8' in await heard(resumed)
        await resumed.aclose()  # type: ignore[attr-defined]


async def test_nothing_is_rendered_while_nobody_reads() -> None:
    source = Source()
    async with published(source) as hub:
        stream = hub.stream("t", source.render)
        await heard(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        before = source.renderings
        source.value = 1
        hub.touch()
        await asyncio.sleep(0.15)
        assert source.renderings == before


async def test_a_failed_rendering_is_tried_again() -> None:
    source = Source()
    async with published(source) as hub:
        stream = hub.stream("t", source.render)
        await heard(stream)
        source.broken, source.value = True, 1
        await asyncio.sleep(0.1)
        source.broken, source.value = False, 2
        assert '"value":2' in await heard(stream)
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_slow_reader_loses_the_oldest_and_is_bounded() -> None:
    reader = Reader()
    for i in range(QUEUE_EVENTS + 5):
        reader.put(Event(str(i), "{}"))
    assert [e.id for e in reader.queue] == [str(i) for i in range(5, QUEUE_EVENTS + 5)]
    assert reader.dropped == 5


async def test_close_ends_open_streams_and_refuses_new_ones() -> None:
    source = Source()
    async with published(source) as hub:
        stream = hub.stream("t", source.render)
        await heard(stream)
        waiting = asyncio.create_task(anext(stream, b"end"))
        await asyncio.sleep(0.05)
        hub.close()
        assert await asyncio.wait_for(waiting, 1) == b"end"
        assert hub.full
        assert hub.readers == 0


async def test_hints_wake_at_once() -> None:
    source, hints = Source(), asyncio.Queue[str]()

    async def listen() -> AsyncIterator[str]:
        while True:
            yield await hints.get()

    hub = Hub(source.version, listen, poll_s=60, pace_s=0)
    task = asyncio.create_task(hub.run())
    stream = hub.stream("t", source.render)
    await heard(stream)
    source.value = 1
    hints.put_nowait("batch")
    assert '"value":1' in await heard(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    task.cancel()
    await asyncio.wait([task])


async def test_the_number_of_readers_is_limited() -> None:
    source = Source()
    async with published(source, max_readers=2) as hub:
        streams = [hub.stream("t", source.render) for _ in range(2)]
        for s in streams:
            assert not hub.full
            await heard(s)
        assert hub.full
        await streams[0].aclose()  # type: ignore[attr-defined]
        assert not hub.full
        await streams[1].aclose()  # type: ignore[attr-defined]


async def test_polling_goes_on_when_hints_fail() -> None:
    source = Source()

    async def failing() -> AsyncIterator[str]:
        yield ""
        raise ConnectionError("gone")

    hub = Hub(source.version, failing, poll_s=0.02, pace_s=0)
    task = asyncio.create_task(hub.run())
    stream = hub.stream("t", source.render)
    await heard(stream)
    await asyncio.sleep(0.05)
    source.value = 1
    assert '"value":1' in await heard(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    hub.close()
    await asyncio.wait_for(task, 2)


async def test_a_topic_may_follow_a_version_of_its_own() -> None:
    town, alarms = Source(), Source()
    hub = Hub(town.version, versions={"alarms": alarms.version}, poll_s=0.01, pace_s=0)
    task = asyncio.create_task(hub.run())
    stream = hub.stream("t", alarms.render, follows="alarms")
    await heard(stream)
    await until(lambda: alarms.renderings == 2)  # once more, as the hub has not yet seen its version
    town.value = 1
    hub.touch()
    await asyncio.sleep(0.1)
    assert alarms.renderings == 2
    alarms.value = 5
    assert '"value":5' in await heard(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    hub.close()
    await asyncio.wait_for(task, 60)


async def test_an_open_stream_says_how_old_what_it_said_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "HEARTBEAT_S", 0.05)
    source = Source()
    async with published(source) as hub:
        stream = hub.stream("t", source.render)
        await heard(stream)
        assert await anext(stream) == b'event: alive\ndata: {"age_s":0}\n\n'
        source.broken, source.value = True, 1
        async with asyncio.timeout(60):
            while (await anext(stream)) == b'event: alive\ndata: {"age_s":0}\n\n':
                pass
        await stream.aclose()  # type: ignore[attr-defined]


async def test_who_comes_while_nothing_is_known_is_given_no_old_state_as_if_it_were_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "HEARTBEAT_S", 0.05)
    source = Source()
    async with published(source, poll_s=60) as hub:
        first, second = hub.stream("t", source.render), hub.stream("t", source.render)
        await heard(first)
        source.broken = True
        await asyncio.sleep(0.1)
        assert await anext(second) == b"retry: 3000\n\n"
        assert (await anext(second)).startswith(b"event: alive")
        for s in (first, second):
            await s.aclose()  # type: ignore[attr-defined]


async def test_a_reader_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventStream, "send_s", 0.05)
    source = Source()
    async with published(source) as hub:
        response = EventStream(hub.stream("t", source.render))
        sent: list[str] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message["type"])
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def receive() -> MutableMapping[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
        await asyncio.wait_for(response(scope, receive, send), 60)
        assert sent == ["http.response.start", "http.response.body"]
        assert hub.readers == 0
