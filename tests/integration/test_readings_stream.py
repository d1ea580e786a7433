"""Readings as server-sent events: each once and in order, households' none, and resumed where a client left off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from tests.fakes import website
from tests.fakes.reading_rows import stored, stored_on
from tests.fakes.website import Site
from tests.integration.test_web_live import events, upcoming

pytestmark = pytest.mark.asyncio(loop_scope="module")
STREAM = "/api/v1/readings/stream"
COLD = {"surface_temperature_c": -0.4, "air_temperature_c": 0.0, "humidity_pct": 96.5}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for all tests here: each looks at what it has written itself."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def readings(event: dict[str, str]) -> list[dict[str, Any]]:
    assert event["event"] == "readings", event
    found: list[dict[str, Any]] = json.loads(event["data"])
    return found


async def test_a_batch_is_an_event_and_is_not_missed_by_who_comes_back(site: Site) -> None:
    stream, at = events(site, f"{STREAM}?kind=road"), now()
    begin = await upcoming(stream, 15)
    assert begin["event"] == "begin"
    number = await stored(
        site.dsn, "road", ("road-001", at, COLD), ("road-002", at, COLD | {"humidity_pct": "nan"})
    )
    event = await upcoming(stream, 15)
    assert int(event["id"]) == number > int(begin["id"])
    first, second = readings(event)
    received = first.pop("received_at")
    assert first == {"device": "road-001", "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}", "quality": 0, **COLD}
    assert abs(datetime.fromisoformat(received) - at) < timedelta(seconds=60)
    assert second["humidity_pct"] is None
    await stream.aclose()
    await stored(
        site.dsn,
        "weather",
        ("weather-1", at, {"air_temperature_c": 1, "humidity_pct": 80, "wind_speed_m_s": 2}),
    )
    later = await stored(site.dsn, "road", ("road-003", at, COLD))
    again = events(site, f"{STREAM}?kind=road", **{"Last-Event-ID": event["id"]})
    missed = await upcoming(again, 15)
    assert (int(missed["id"]), [r["device"] for r in readings(missed)]) == (later, ["road-003"])
    await again.aclose()


async def test_a_household_s_readings_are_in_no_stream(site: Site) -> None:
    await site.sql("update device set private = true where name = 'bin-0003'")
    bins = events(site, f"{STREAM}?kind=bin")
    assert (await upcoming(bins, 15))["event"] == "begin"
    at, damp = now(), {"temperature_c": 16.0, "humidity_pct": 80.0}
    await stored(site.dsn, "frog", ("frog-0001", at, damp))
    await stored(site.dsn, "bin", ("bin-0003", at, {"fill_pct": 40.0}))
    await stored(site.dsn, "bin", ("bin-0003", at, {"fill_pct": 41.0}), ("bin-0004", at, {"fill_pct": 0.0}))
    told = readings(await upcoming(bins, 15))
    assert [(r["device"], r["fill_pct"]) for r in told] == [("bin-0004", 0.0)]
    assert (await site.http.get(STREAM, params={"kind": "frog"})).status_code == 422
    assert (await site.http.get(STREAM, params={"kind": "bin", "device": "bin-0003"})).status_code == 404
    await bins.aclose()


async def test_one_device_can_be_followed_and_a_batch_that_commits_late_comes_in_its_place(
    site: Site,
) -> None:
    stream, at = events(site, f"{STREAM}?kind=road&device=road-004&device=road-005"), now()
    await upcoming(stream, 15)
    async with await psycopg.AsyncConnection.connect(site.dsn) as slow:
        first = await stored_on(slow, "road", ("road-001", at, COLD), ("road-004", at, COLD))
        second = await stored(site.dsn, "road", ("road-005", at, COLD))
        await stored(site.dsn, "road", ("road-006", at, COLD))
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.6)
        assert not waiting.done()
    found = [await asyncio.wait_for(waiting, 15), await upcoming(stream, 15)]
    assert [int(e["id"]) for e in found] == [first, second]
    assert [[r["device"] for r in readings(e)] for e in found] == [["road-004"], ["road-005"]]
    await stream.aclose()


async def test_who_missed_too_much_is_told_so_and_wrong_questions_are_refused(site: Site) -> None:
    await site.sql(
        "insert into ingest_batch (received_at) select now() - n * interval '1 millisecond' from generate_series(1, 1100) n"
    )
    stream = events(site, f"{STREAM}?kind=road", **{"Last-Event-ID": "1"})
    assert (await upcoming(stream, 15))["event"] == "reset"
    await stream.aclose()
    wrong = {
        "kind=none": 404, "": 422, "kind=road&device=none": 404, "kind=road&device=weather-1": 422, "kind=road&device=frog-0001": 404,
    }  # fmt: skip
    for query, status in wrong.items():
        assert (await site.http.get(f"{STREAM}?{query}")).status_code == status, query
    assert (await site.http.get(f"{STREAM}?kind=road", headers={"Last-Event-ID": "x"})).status_code == 422
