"""Webhooks: who may send, what is answered, and that an answer of 2xx means committed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.fakes import lorawan as fake
from tests.fakes.website import Site

TOKEN = "a-token-of-the-tests-alone"
HOOK = replace(fake.TTN, name="hook", transport="webhook", settings={})
HEAD = {"X-Webhook-Token": TOKEN, "Content-Type": "application/json"}


async def prepared(site: Site, source: Any = HOOK) -> None:
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as pg:
        await fake.add_source(pg, source, hashlib.sha256(TOKEN.encode()).digest())


async def ask(site: Site, query: str) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as pg:
        return await (await pg.execute(query.encode())).fetchall()


async def test_an_event_is_kept_once_and_said_to_be(site: Site) -> None:
    await prepared(site)
    for wanted in ("kept", "again"):
        answer = await site.http.post("/lorawan/hook", content=fake.ttn_up(), headers=HEAD)
        assert (answer.status_code, answer.json()) == (200, {"event": wanted})
    [(state, kind, eui, f_cnt)] = await ask(
        site, "select state, event_kind, dev_eui, f_cnt from lorawan_inbox"
    )
    assert (state, kind, eui, f_cnt) == ("waiting", "uplink", fake.EUI, 1)
    assert await ask(site, "select received, duplicates from lorawan_source") == [(1, 1)]


async def test_chirpstack_names_its_events_in_the_address(site: Site) -> None:
    await prepared(site, replace(fake.CHIRP, name="hook", transport="webhook", settings={}))
    status = (
        b'{"deduplicationId":"a","time":"2026-11-20T12:00:00Z","deviceInfo":{"devEui":"24e124136b502217"}}'
    )
    answer = await site.http.post("/lorawan/hook?event=status", content=status, headers=HEAD)
    assert answer.status_code == 200
    assert await ask(site, "select event_kind from lorawan_inbox") == [("status",)]


async def test_who_has_not_the_token_is_refused(site: Site) -> None:
    await prepared(site)
    await ask(
        site,
        "insert into lorawan_source (name, protocol, transport, created_by) values ('m', 'ttn_v3', 'mqtt', 'x') returning 1",
    )
    for path, headers in (
        ("/lorawan/hook", {}),
        ("/lorawan/hook", {"X-Webhook-Token": TOKEN + "x"}),
        ("/lorawan/other", HEAD),
        ("/lorawan/m", HEAD),
        ("/lorawan/m", {"X-Webhook-Token": ""}),
    ):
        answer = await site.http.post(path, content=fake.ttn_up(), headers=headers)
        assert answer.status_code == 401, path
        assert "X-Webhook-Token" in answer.json()["detail"]
    assert await ask(site, "select count(*) from lorawan_inbox") == [(0,)]


async def test_wrong_tokens_are_counted_and_right_ones_are_not(site: Site) -> None:
    await prepared(site)
    right = [site.http.post("/lorawan/hook", content=fake.ttn_up(f_cnt=n), headers=HEAD) for n in range(100)]
    assert {answer.status_code for answer in await asyncio.gather(*right)} == {200}
    begun = time.monotonic()
    wrong = [site.http.post("/lorawan/hook", content=b"{}") for _ in range(100)]
    codes = [answer.status_code for answer in await asyncio.gather(*wrong)]
    assert 429 in codes
    assert 60 <= codes.count(401) <= 61 + (time.monotonic() - begun), "60 at once, then one each second"


async def test_what_can_not_be_read_is_kept_with_why(site: Site) -> None:
    await prepared(site)
    answer = await site.http.post("/lorawan/hook", content=b"not json at all", headers=HEAD)
    assert answer.status_code == 200
    [(state, code, body)] = await ask(site, "select state, reason_code, body from lorawan_inbox")
    assert (state, code, bytes(body)) == ("dead", "not_read", b"not json at all")


async def test_too_large_is_not_taken(site: Site) -> None:
    await prepared(site)
    most = 256 * 2**10
    assert (await site.http.post("/lorawan/hook", content=b" " * most, headers=HEAD)).status_code == 200
    assert (await site.http.post("/lorawan/hook", content=b" " * (most + 1), headers=HEAD)).status_code == 413


async def test_a_source_that_is_off_is_closed(site: Site) -> None:
    await prepared(site)
    await ask(site, "update lorawan_source set enabled = false returning 1")
    assert (await site.http.post("/lorawan/hook", content=fake.ttn_up(), headers=HEAD)).status_code == 401


async def test_without_the_database_nothing_is_said_to_be_kept(site: Site, pg_server: str) -> None:
    await prepared(site)
    [(name,)] = await ask(site, "select current_database()")
    async with await psycopg.AsyncConnection.connect(pg_server, autocommit=True) as outside:
        try:
            await outside.execute(f'alter database "{name}" with allow_connections false'.encode())
            await outside.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
            )
            answer = await site.http.post("/lorawan/hook", content=fake.ttn_up(), headers=HEAD, timeout=60)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
        finally:
            await outside.execute(f'alter database "{name}" with allow_connections true'.encode())


@pytest.mark.parametrize("table", ["lorawan_source", "lorawan_session"])
async def test_the_websites_role_reads_no_token(site: Site, table: str) -> None:
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as pg:
        await pg.execute("set role cityops_api")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await pg.execute(f"select * from {table}".encode())
        await pg.execute("select * from lorawan_source_shown")
