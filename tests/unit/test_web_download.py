"""Downloads whose readers are too slow give their place back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest

from ops_api.routers.download import Download

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


async def never() -> MutableMapping[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def endless(place: asyncio.Semaphore) -> AsyncIterator[bytes]:
    async with place:
        while True:
            yield b"x"


@pytest.mark.parametrize(
    ("piece_s", "whole_s"), [(0.05, 600.0), (600.0, 0.05)], ids=["one piece", "all of it"]
)
async def test_a_slow_reader_of_a_download_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch, piece_s: float, whole_s: float
) -> None:
    monkeypatch.setattr(Download, "piece_s", piece_s)
    monkeypatch.setattr(Download, "whole_s", whole_s)
    place, sent = asyncio.Semaphore(1), 0

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal sent
        sent += 1
        if sent == 3 and piece_s < whole_s:
            await asyncio.Event().wait()
        await asyncio.sleep(0.001)

    await asyncio.wait_for(Download(endless(place))(SCOPE, never, send), 60)
    assert sent >= 3
    assert not place.locked()


async def test_a_reader_who_keeps_up_gets_all_of_it() -> None:
    got: list[MutableMapping[str, Any]] = []

    async def pieces() -> AsyncIterator[bytes]:
        for n in range(3):
            yield b"%d" % n

    async def send(message: MutableMapping[str, Any]) -> None:
        got.append(message)

    await Download(pieces())(SCOPE, never, send)
    assert b"".join(m.get("body", b"") for m in got) == b"012"
    assert got[-1]["more_body"] is False


def test_the_files_of_a_household_are_such_downloads() -> None:
    from ops_api.routers import home_data, home_evidence

    assert home_data.Download is home_evidence.Download is Download
