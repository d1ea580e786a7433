"""Places for bulk exports: so many at once, not all of them one's, so many a day, and no reader who hardly reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from ops_api.access.model import NOBODY
from ops_api.rest.places import NoPlaceError, Places
from ops_api.routers import exports
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


async def test_a_reader_who_hardly_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, given = [0.0], []
    monkeypatch.setattr(exports.time, "monotonic", lambda: clock[0])

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
