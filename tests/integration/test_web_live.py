"""Live streams over a real connection: first state, change, resume, stop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.fakes import seed_web
from tests.fakes.website import PLAIN, Site


async def events(site: Site, path: str, **headers: str) -> AsyncIterator[dict[str, str]]:
    """Yield the events of a stream as dictionaries; comments and bare retries are left out."""
    timeout = httpx.Timeout(10, read=20)
    async with (
        httpx.AsyncClient(
            verify=PLAIN, base_url=site.url, timeout=timeout, cookies=dict(site.http.cookies)
        ) as http,
        http.stream("GET", path, headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        event: dict[str, str] = {}
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if line:
                event[name] = value
            elif event.get("event") in ("state", "alarm", "begin", "reset"):
                yield event
                event = {}
            else:
                event = {}


async def upcoming(stream: AsyncIterator[dict[str, str]], within_s: float = 6) -> dict[str, str]:
    async with asyncio.timeout(within_s):
        return await anext(stream)


def document(event: dict[str, str]) -> Any:
    return json.loads(event["data"])


async def test_a_change_reaches_an_open_page_within_a_second_of_its_notification(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    stream = events(site, f"/live/home/stream?code={seed_web.DAMP_HOME}")
    first = await upcoming(stream)
    assert first["event"] == "state"
    assert first["retry"] == "3000"
    assert "is at high risk of damp" in document(first)["fragments"]["now"]
    await site.sql(
        'update subject_state set state = state || \'{"risk": "low"}\' where subject = %s', seed_web.DAMP_HOME
    )
    started = time.monotonic()
    await site.sql('select pg_notify(\'cityops_rules\', \'{"kinds":["home"],"alarms":[]}\')')
    second = await upcoming(stream)
    assert "is at low risk of damp" in document(second)["fragments"]["now"]
    assert second["id"] != first["id"]
    assert time.monotonic() - started < 2
    await stream.aclose()


async def test_polling_finds_a_change_that_nobody_announced(site: Site) -> None:
    stream = events(site, "/api/v1/stream?topic=alarms")
    before = document(await upcoming(stream))
    await site.sql("update alarm set cleared_at = now() where rule_id = 'bins.fire'")
    await site.sql("update rule_cursor set updated_at = clock_timestamp()")
    # What was asked for before the change may still come first.
    while len(after := document(await upcoming(stream))) == len(before):
        pass
    assert len(after) == len(before) - 1
    await stream.aclose()


async def test_what_this_site_writes_is_live_at_once(site: Site) -> None:
    await site.join(seed_web.DRY_HOME)
    stream = events(site, f"/live/home/stream?code={seed_web.DRY_HOME}")
    await upcoming(stream)
    await site.http.post(f"/home/{seed_web.DRY_HOME}/diary", data={"activity": "cooking"})
    assert "Cooking" in document(await upcoming(stream, 3))["fragments"]["entries"]
    await stream.aclose()


async def test_who_comes_back_with_the_last_id_hears_only_of_changes(site: Site) -> None:
    path = "/api/v1/stream?topic=winter"
    stream = events(site, path)
    first = await upcoming(stream)
    await stream.aclose()
    again = events(site, path, **{"Last-Event-ID": first["id"]})
    waiting = asyncio.create_task(anext(again))
    await asyncio.sleep(1)
    assert not waiting.done()
    await site.sql(
        "update subject_state set state = state || '{\"outcome\": \"no_action\"}' where subject = 'route-1'"
    )
    await site.sql("select pg_notify('cityops_rules', '{}')")
    changed = await asyncio.wait_for(waiting, 6)
    assert document(changed)[0]["state"]["outcome"] == "no_action"
    await again.aclose()
    stale = events(site, path, **{"Last-Event-ID": "0000"})
    assert (await upcoming(stale))["id"] == changed["id"]
    await stale.aclose()


async def test_every_topic_streams_and_polls(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    site.sign_in("operations")  # who is told of alarms is not for everybody
    for topic in ("alarms", "winter", "bins", "status", "notifications", f"home:{seed_web.DAMP_HOME}"):
        stream = events(site, f"/api/v1/stream?topic={topic}")
        assert document(await upcoming(stream))
        await stream.aclose()
    for page in ("winter", "bins", "ops", "notifications", f"home?code={seed_web.DAMP_HOME}"):
        path, _, query = page.partition("?")
        stream = events(site, f"/live/{path}/stream?{query}")
        streamed = document(await upcoming(stream))
        polled = await site.get(f"/live/{path}?{query}")
        assert streamed.keys() == polled.keys()
        assert streamed["fragments"].keys() == polled["fragments"].keys()
        await stream.aclose()


async def test_readers_are_counted_and_forgotten(site: Site) -> None:
    streams = [events(site, "/live/ops/stream") for _ in range(5)]
    await asyncio.gather(*(upcoming(s) for s in streams))
    assert "cityops_api_streams 5.0" in (await site.http.get("/metrics")).text
    for stream in streams:
        await stream.aclose()
    async with asyncio.timeout(5):
        while "cityops_api_streams 0.0" not in (await site.http.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def test_the_site_stops_within_three_seconds_with_streams_open(site: Site) -> None:
    streams = [events(site, path) for path in ("/live/ops/stream", "/api/v1/stream?topic=status")]
    for stream in streams:
        await upcoming(stream)
    started = time.monotonic()
    site.stop.set()
    await asyncio.wait_for(asyncio.shield(site.running), 5)
    assert time.monotonic() - started < 3
    for stream in streams:
        async with asyncio.timeout(5):
            rest = [e async for e in stream]  # it ends; what changed just then may still be told
            assert {e["event"] for e in rest} <= {"state"}
