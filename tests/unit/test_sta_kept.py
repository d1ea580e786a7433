"""Answers of SensorThings that are kept for a second: whose, for whom, until when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ops_api.sensorthings.kept import KeepThings

NOTHING: tuple[tuple[bytes, bytes], ...] = ()
HOST = ((b"host", b"a"),)


class Front:
    """What is kept, before an application that counts what it was asked."""

    def __init__(self, status: int = 200, keep_s: float = 60.0) -> None:
        self.asked: list[dict[bytes, bytes]] = []
        self.status = status
        self.gate = asyncio.Event()
        self.gate.set()
        self._kept = KeepThings(self._app, keep_s)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(dict(scope["headers"]))
        number = len(self.asked)
        await self.gate.wait()
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % number})

    async def ask(
        self,
        path: str = "/sta/v1.1/Things",
        query: bytes = b"",
        method: str = "GET",
        headers: Any = NOTHING,
        host: Any = HOST,
    ) -> bytes:
        found: list[bytes] = []
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query, "scheme": "http",
            "headers": [*host, *headers],
        }  # fmt: skip

        async def send(message: Any) -> None:
            found.append(message.get("body", b""))

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        await self._kept(scope, receive, send)
        return b"".join(found)


async def test_who_shows_nothing_of_themselves_is_told_what_was_told_before() -> None:
    front = Front()
    assert [await front.ask() for _ in range(3)] == [b"1", b"1", b"1"]
    assert await front.ask(query=b"$top=1") == b"2"
    assert await front.ask(headers=[(b"accept-encoding", b"gzip, br")]) == b"3"
    assert await front.ask(headers=[(b"host", b"b")]) == b"4"  # its links name another host
    assert await front.ask("/api/v1/devices") == b"5"
    assert await front.ask("/api/v1/devices") == b"6"
    assert front.asked[2] == {b"host": b"a", b"accept-encoding": b"gzip"}
    assert await front.ask(host=()) == b"7"  # HTTP/1.0: links name the server's own address
    assert front.asked[6] == {}


@pytest.mark.parametrize("shown", [b"cookie", b"authorization", b"x-api-key"])
async def test_who_shows_who_they_are_is_told_their_own(shown: bytes) -> None:
    front = Front()
    assert [await front.ask(headers=[(shown, b"x")]) for _ in range(2)] == [b"1", b"2"]
    assert await front.ask() == b"3"
    assert await front.ask(headers=[(shown, b"x")]) == b"4"


async def test_what_was_changed_is_seen_at_once_and_who_may_not_change_ends_nothing() -> None:
    front = Front()
    await front.ask()
    for front.status in (401, 403, 405, 413, 429):
        await front.ask(method="POST")
    front.status = 404
    await front.ask("/sta/v1.1x", method="POST")
    front.status = 200
    assert await front.ask() == b"1"
    await front.ask(method="POST")
    assert await front.ask() == b"9"
    # Begun before the change, done after it: told to who waits for it, and to nobody later.
    front.gate.clear()
    slow = asyncio.create_task(front.ask(query=b"a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    changing = asyncio.create_task(front.ask(method="PATCH"))
    front.gate.set()
    await changing
    await slow
    before = len(front.asked)
    await front.ask(query=b"a")
    assert len(front.asked) == before + 1


async def test_many_who_ask_at_once_are_told_what_is_made_once() -> None:
    front = Front()
    front.gate.clear()
    asking = [asyncio.create_task(front.ask()) for _ in range(50)]
    await asyncio.sleep(0.01)
    asking[0].cancel()  # the first to ask goes away: the others are told all the same
    front.gate.set()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert told[1:] == [b"1"] * 49
    assert len(front.asked) == 1


async def test_refusals_are_not_kept_nor_anything_where_nothing_shall_be() -> None:
    for front in (Front(status=400), Front(keep_s=0.0)):
        assert [await front.ask() for _ in range(2)] == [b"1", b"2"]


async def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from ops_api.sensorthings import kept

    front = Front()
    monkeypatch.setattr(kept, "ENTRIES_MOST", 2)
    for query in (b"a", b"b", b"c"):
        await front.ask(query=query)
    assert (await front.ask(query=b"c"), await front.ask(query=b"a")) == (b"3", b"4")
