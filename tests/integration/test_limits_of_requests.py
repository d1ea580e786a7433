"""Nobody gets more of the server than is meant: time, depth, length, statements."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from cityops.db.pool import open_pool
from cityops.settings import DbSettings
from ops_api.queries import Db, TooSlowError
from ops_api.routers.problems import TOO_LONG
from ops_api.routers.time_limit import LONG, LimitTime
from tests.fakes import website
from tests.fakes.website import Site


def slow_app(cancelled: list[str]) -> FastAPI:
    app = FastAPI()

    async def wait(name: str, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            cancelled.append(name)
            raise
        return name

    @app.get("/api/v1/slow")
    async def slow() -> str:
        return await wait("slow", 5)

    @app.get("/api/v1/quick")
    async def quick() -> str:
        return await wait("quick", 0)

    @app.get("/api/v1/long", dependencies=[LONG])
    async def long() -> str:
        return await wait("long", 0.6)

    @app.get("/api/v1/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> Any:
            for n in range(4):
                await asyncio.sleep(0.2)
                yield str(n)

        return StreamingResponse(pieces())

    @app.post("/api/v1/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    return app


@contextlib.asynccontextmanager
async def asking(app: FastAPI, answer_s: float) -> Any:
    app.add_middleware(LimitTime, answer_s=answer_s)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as http:
        yield http


async def test_an_answer_that_takes_too_long_is_given_up_and_its_work_cancelled() -> None:
    cancelled: list[str] = []
    async with asking(slow_app(cancelled), 0.3) as http:
        slow = await http.get("/api/v1/slow")
        assert (slow.status_code, slow.headers["retry-after"]) == (503, "60")
        assert slow.headers["content-type"] == "application/problem+json"
        assert cancelled == ["slow"]
        assert (await http.get("/api/v1/quick")).status_code == 200


async def test_what_says_it_takes_long_and_what_streams_may() -> None:
    async with asking(slow_app([]), 0.3) as http:
        assert (await http.get("/api/v1/long")).json() == "long"
        assert (await http.get("/api/v1/stream")).text == "0123"


async def test_a_body_that_comes_slowly_takes_nothing_of_the_answers_time() -> None:
    async def pieces() -> Any:
        for _ in range(4):
            await asyncio.sleep(0.15)
            yield b"abcde"

    async with asking(slow_app([]), 0.4) as http:
        assert (await http.post("/api/v1/body", content=pieces())).json() == 20


@pytest.mark.parametrize("levels", [33, 5_000, 30_000])
async def test_what_nests_too_deep_is_refused_before_it_is_parsed(site: Site, levels: int) -> None:
    deep = b"[" * levels + b"]" * levels
    headers = {"content-type": "application/json", "authorization": f"Bearer {website.OFFICERS_PASSWORD}"}
    for path in ("/api/v1/join", "/api/v1/alarms/bulk", "/api/v1/weather-forecasts?by=me"):
        answer = await site.http.post(path, content=deep, headers=headers)
        assert answer.status_code == 400, (path, answer.status_code, answer.text[:200])
        assert answer.json()["detail"] == "That is nested too deep: at most 32 levels are taken."


async def test_brackets_in_text_are_no_depth(site: Site) -> None:
    answer = await site.http.post("/api/v1/join", json={"code": "[" * 50})
    assert answer.status_code in (401, 403, 404, 422), answer.text


@pytest.mark.parametrize(
    "path", ["/api/v1/devices?limit=" + "1" * 9000, "/winter?" + "a=b&" * 3000, "/" + "x" * 9000]
)
async def test_an_address_that_is_too_long_is_refused(site: Site, path: str) -> None:
    async with httpx.AsyncClient(base_url=site.url) as http:
        assert (await http.get(path)).status_code == 414


async def test_the_database_gives_up_what_takes_too_long(db_dsn: str) -> None:
    pool = await open_pool(DbSettings(dsn=db_dsn), application_name="slow", statement_s=0.3)
    try:
        async with pool.connection() as connection:
            with pytest.raises(psycopg.errors.QueryCanceled):
                await connection.execute("select pg_sleep(20)")
        with pytest.raises(TooSlowError):
            async with Db(pool).transaction() as t:
                await t.fetch(psycopg.sql.SQL("select pg_sleep(20)"), {})
    finally:
        await pool.close()


async def test_a_page_whose_table_is_locked_is_told_in_time_and_gives_the_connection_back(
    site: Site,
) -> None:
    """A lock that is not given is what a statement that runs for minutes is to a page."""
    async with website.running(site.dsn, site.town, site.now, statement_s=0.5) as impatient:
        async with await psycopg.AsyncConnection.connect(site.dsn) as locking:
            await locking.execute("lock table alarm in access exclusive mode")
            answers = await asyncio.gather(*(impatient.http.get("/api/v1/alarms") for _ in range(12)))
        assert {a.status_code for a in answers} == {503}
        assert {a.json()["detail"] for a in answers} == {TOO_LONG}
        assert (await impatient.http.get("/api/v1/alarms")).status_code == 200
