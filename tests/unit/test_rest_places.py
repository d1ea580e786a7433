"""Places for bulk exports: so many at once, not all of them one's, so many a day, and no reader who hardly reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from devices.contract.kind import discover
from ops_api.access.model import NOBODY
from ops_api.rest.core.slices import Source
from ops_api.rest.export import Order
from ops_api.rest.places import NoPlaceError, Places
from ops_api.routers import exports
from ops_api.routers.context import Exports
from tests.fakes.principals import principal, program

NOW = datetime(2026, 1, 9, 23, 59, tzinfo=UTC)


def test_one_network_never_has_the_last_place() -> None:
    places = Places(at_once=3, per_day=100)
    mine = [places.take(NOBODY, "203.0.113.7", NOW) for _ in range(2)]
    with pytest.raises(NoPlaceError, match="Other exports"):
        places.take(NOBODY, "203.0.113.7", NOW)
    places.take(NOBODY, "198.51.100.7", NOW)
    with pytest.raises(NoPlaceError, match="Other exports"):
        places.take(program("export"), "198.51.100.8", NOW)
    places.give(mine[0])
    places.take(program("export"), "198.51.100.8", NOW)


def test_where_there_is_one_place_anybody_has_it() -> None:
    places = Places(at_once=1)
    for _ in range(20):
        places.give(places.take(NOBODY, "203.0.113.7", NOW))
    with pytest.raises(NoPlaceError) as refused:
        places.take(NOBODY, "203.0.113.7", NOW)
    assert refused.value.retry_s == 61
    places.take(NOBODY, "203.0.113.7", NOW + timedelta(minutes=1))


def test_a_known_program_has_ten_times_as_many_and_staff_have_not() -> None:
    for who, most in (
        (program("export"), 20),
        (program("export", role="open_data"), 20),
        (program("open:read", "desk:read"), 2),
        (principal("admin"), 2),
    ):
        places = Places(per_day=2)
        for _ in range(most):
            places.give(places.take(who, "", NOW))
        with pytest.raises(NoPlaceError):
            places.take(who, "", NOW)
        places.take(replace(who, id="another"), "", NOW)


async def test_who_gets_no_place_asks_the_database_nothing_and_what_is_not_there_counts_not() -> None:
    asked = []

    class Exporter:
        async def sources(self, order: Order) -> list[Source]:
            asked.append(order)
            return []

    made: Any = Exports(cast("Any", Exporter()), Places(at_once=1, per_day=2))
    order = Order(kind=discover()["road"], since=NOW, until=NOW, devices=["road-0"])
    request = Request({"type": "http", "headers": [], "client": ("203.0.113.7", 1), "state": {}})
    for _ in range(5):
        with pytest.raises(HTTPException) as wrong:
            await exports._answer(request, made, order, NOW)
        assert wrong.value.status_code == 404
    place = made.places.take(NOBODY, "203.0.113.7", NOW)
    with pytest.raises(HTTPException) as full:
        await exports._answer(request, made, order, NOW)
    assert (full.value.status_code, len(asked)) == (429, 5)
    made.places.give(place)
    made.places.take(NOBODY, "203.0.113.7", NOW)  # two a day, none of which the five were


async def test_a_reader_who_hardly_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, given = [0.0], []
    monkeypatch.setattr("ops_api.routers.exports.time.monotonic", lambda: clock[0])

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 64 * 1024

    async def taken(rate: float) -> int:
        count = 0

        async def send(message: Any) -> None:
            nonlocal count
            count += len(message.get("body", b""))
            clock[0] += len(message.get("body", b"")) / rate
            if count >= 8 << 20:
                raise OSError("it has gone")

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        answer = exports.ExportDownload(pieces())
        answer.done = lambda: given.append(rate)
        with suppress(ClientDisconnect):
            await answer({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)
        return count

    assert await taken(10_000) < 1 << 20
    assert await taken(20_000) == 8 << 20
    assert given == [10_000, 20_000]
