"""A catalogue in shadow beside rules that run as they do in service: seen, silent, killed, made live."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cityops.clock import ManualClock
from cityops.embedded.process import free_port
from ingest.registry_store import store_registry
from rules.catalogue.loader import load, parse
from rules.memory_store import MemoryRuleStore
from rules.service import RulesService
from rules.waker import HintWaker
from tests.fakes import website
from tests.fakes.console import Console, said
from tests.fakes.rules_batches import RECEIVED_FROM, insert_batch
from tests.fakes.rules_bench import frosty
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import Reading, batch, hamlet
from tests.fakes.shadow_town import HOTTER, folder, warm

ROOT = Path(__file__).parents[2]
BEFORE, BATCHES = 3, 70
"""Batches that the live rules judge before the shadow begins, and all of the night."""
SAYS = "Call the fire service"
WHO = ("--by", "B. Officer", "--reason", "fires smoulder")
PAGES = ("/ops", "/alarms", "/bins", "/winter", "/work", "/notifications", "/health", "/rules", "/metrics")


def night(number: int) -> list[Reading]:
    """Return what is heard in ten minutes of a frosty night: a bin is warm, the roads cool."""
    minutes = 10.0 * number
    return sorted([*warm(minutes), *(r for r in frosty(minutes) if r[0] != "bin")], key=lambda r: r[2])


@asynccontextmanager
async def running(dsn: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the rules as a process of their own; killed at the end, if not before."""
    environment = {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_RULES__LATENESS_S": "0",
        "CITYOPS_RULES__POLL_S": "0.2",
        "CITYOPS_RULES__HEALTH_PORT": str(port),
        "CITYOPS_RULES__ROAD_FORECAST": "false",  # a night in a second: compared with one pass without forecasts
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops_api", "rules", "run", cwd=ROOT, env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await true():
            await asyncio.sleep(0.05)


class Tables:
    """What is in the database."""

    def __init__(self, pg: psycopg.AsyncConnection[Any]) -> None:
        self._pg = pg

    async def one(self, statement: str) -> Any:
        row = await (await self._pg.execute(statement)).fetchone()  # type: ignore[call-overload]
        return None if row is None else row[0]

    async def is_true(self, statement: str) -> bool:
        """Whether it is; a table that is not there yet says no."""
        try:
            return (await self.one(statement)) is True
        except psycopg.errors.UndefinedTable:
            return False

    async def both_judged(self) -> None:
        """Wait until live rules and shadow have seen every batch."""
        for cursor in ("public.rule_cursor", "shadow.rule_cursor"):
            last = f"select (select xid from {cursor}) = (select max(xid) from public.ingest_batch)"
            await until(lambda last=last: self.is_true(last))

    async def that_say(self, text: str) -> list[str]:
        """Return the live tables of which any row has the text; catalogues, which hold the rules, aside."""
        names = await (
            await self._pg.execute(
                "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace"
                " and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like 'catalogue%'"
            )
        ).fetchall()
        found = [
            n
            for (n,) in names
            if await self.one(f"select exists (select from public.{n} t where t::text like '%{text}%')")
        ]
        assert len(names) > 30, "there are tables to look at"
        return found

    async def rows(self, schema: str, what: str) -> list[Any]:
        await self._pg.execute(f"set search_path = {schema}, public")  # type: ignore[call-overload]
        found = await (await self._pg.execute(QUERIES[what])).fetchall()
        await self._pg.execute("set search_path = public")
        return found


async def undisturbed() -> MemoryRuleStore:
    """Return what one pass decides: the first batches by the live catalogue, the others by that in shadow."""
    store = MemoryRuleStore(hamlet())
    for catalogue, numbers in ((load(), range(BEFORE)), (parse(HOTTER, "hotter"), range(BEFORE, BATCHES))):
        for number in numbers:
            store.add_batch(RECEIVED_FROM.timestamp() + number, batch(night(number)))
        worker = RulesService(store, HintWaker(), ManualClock(datetime(2026, 3, 1, tzinfo=UTC)), catalogue)
        while await worker.turn():
            pass
    return store


def effects_of(metrics: str) -> dict[str, float]:
    found = re.findall(r'^cityops_rules_effects_total\{effect="(\w+)"\} (\S+)$', metrics, re.MULTILINE)
    return {name: float(value) for name, value in found}


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("quick_start")
async def test_a_shadow_from_start_to_promotion(
    db_dsn: str,
    pg: psycopg.AsyncConnection[Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store_registry(pg, hamlet())
    tables, cityops, port = Tables(pg), Console(capsys, monkeypatch), free_port()
    hotter = folder(tmp_path)
    for number in range(BEFORE):
        await insert_batch(pg, night(number), number)
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as ear:
        await ear.execute("listen cityops_rules")
        async with running(db_dsn, port) as process:
            seen = "select (select xid from rule_cursor) = (select max(xid) from ingest_batch)"
            await until(lambda: tables.is_true(seen))
            assert "(hotter) is in shadow" in said(
                await cityops(db_dsn, "shadow", "start", str(hotter), *WHO)
            )
            await until(lambda: tables.is_true("select exists (select from shadow.rule_cursor)"))
            for number in range(BEFORE, BATCHES):
                await insert_batch(pg, night(number), number)
            begun = "select (select xid from shadow.rule_cursor) > (select xid from ingest_batch order by batch_id offset 2 limit 1)"
            await until(lambda: tables.is_true(begun))
            os.kill(process.pid, signal.SIGKILL)
        async with running(db_dsn, port):
            await tables.both_judged()
            await nothing_leaks(tables, db_dsn, port)
            heard = [json.loads(n.payload) async for n in ear.notifies(timeout=0.5)]
            alarms = {number for payload in heard for number in payload["alarms"]}
            assert alarms == {a for (a,) in await (await pg.execute("select alarm_id from alarm")).fetchall()}
            await it_is_what_one_pass_decides(tables)
            await it_is_seen(cityops, db_dsn, tmp_path)
            await promoted(tables, cityops, db_dsn, pg)


async def nothing_leaks(tables: Tables, dsn: str, port: int) -> None:
    """The fire is in shadow, and nowhere else: in no table, page, document, metric."""
    assert await tables.one("select count(*) from shadow.alarm where rule_id = 'bins.fire'") == 1
    for text in (SAYS, "bins.fire"):
        assert await tables.that_say(text) == []
    assert await tables.one("select count(*) from public.notification") == 0
    assert await tables.one("select count(*) from board.alarm where rule_id = 'bins.fire'") == 0
    async with website.running(dsn, hamlet(), datetime.now(UTC)) as site:
        site.sign_in("operations")  # who may see most of what is not a household's
        for page in (*PAGES, *await documents(site)):
            response = await site.http.get(page)
            # 401: only who lives somewhere has homes; 403: the audit is administrators'; 404: no pack was made, so no key; 400, 422: it asks for something.
            assert response.status_code in (200, 400, 401, 403, 404, 422), page
            assert SAYS not in response.text, page
        [would_be] = [
            a for a in await site.get("/api/v1/shadow/alarms", hours=168) if a["rule_id"] == "bins.fire"
        ]
        assert SAYS in would_be["reason"]
        assert SAYS in (await site.http.get("/rules/shadow")).text
        assert "runs in shadow" in (await site.http.get("/rules")).text
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        metrics = (await http.get("/metrics")).text
    assert "cityops_rules_shadow_running 1.0" in metrics
    # The live rules were killed on the way: they have counted no more than what they wrote.
    effects = effects_of(metrics)
    assert effects.get("alarm_raised", 0.0) <= await tables.one("select count(*) from public.alarm")
    assert effects.get("decision", 0.0) <= await tables.one("select count(*) from public.decision")


async def documents(site: website.Site) -> list[str]:
    """Return every document of the REST interface that needs no name; those of the shadow aside."""
    paths = (await site.get("/api/v1/openapi.json"))["paths"]
    found = [p for p, m in paths.items() if "get" in m and not re.search(r"\{|stream|/shadow", p)]
    assert {"/api/v1/alarms", "/api/v1/notifications"} <= set(found)
    return found


def text(row: object) -> str:
    return json.dumps(row, sort_keys=True)


async def it_is_what_one_pass_decides(tables: Tables) -> None:
    calm = await undisturbed()
    from_s = await tables.one("select extract(epoch from from_at)::float8 from shadow.run")
    for what, at in (
        ("alarms", 2),
        ("standing", 4),
        ("members", 5),
        ("log", 2),
        ("decisions", 3),
        ("events", 2),
    ):
        found = [row for row in await tables.rows("shadow", what) if row[at] > from_s]
        expected = [row for row in memory_rows(calm, what) if row[at] > from_s]
        assert sorted(map(text, found)) == sorted(map(text, expected)), what
    assert len(await tables.rows("shadow", "decisions")) > 3
    doubled = (
        "select count(*) from (select from public.{0} group by rule_id, subject, {1} having count(*) > 1) x"
    )
    for table, at_column in (("alarm", "raised_at"), ("decision", "decided_at")):
        assert await tables.one(doubled.format(table, at_column)) == 0


async def it_is_seen(cityops: Console, dsn: str, tmp_path: Path) -> None:
    status = json.loads(said(await cityops(dsn, "shadow", "status", "--json")))
    assert (status["label"], status["state"], status["batches_behind"]) == ("hotter", "running", 0)
    target = tmp_path / "shadow.jsonl"
    done = await cityops(dsn, "shadow", "diff", "--export", str(target), "--fail-on-difference")
    assert done.returncode == 4, done.stderr
    assert "bins.fire" in done.stdout
    assert "Bin 0" in done.stdout
    assert "raised now" in done.stdout
    records = [json.loads(line) for line in target.read_text().splitlines()]
    differences = {(r["rule_id"], r["change"]) for r in records if r["record"] == "difference"}
    assert ("bins.fire", "only_after") in differences
    assert {rule for rule, _ in differences} <= {"bins.fire", "bins.round"}  # what burns is on no round
    refused = await cityops(dsn, "shadow", "start", "1", *WHO)
    assert (refused.returncode, "is the live one" in refused.stderr) == (2, True), refused.stderr
    assert (await cityops(dsn, "shadow", "stop", "--by", " ", "--reason", "x")).returncode == 2


async def promoted(tables: Tables, cityops: Console, dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    """One command makes it live while the rules run: they raise the fire, and the shadow is gone."""
    assert "(hotter) is live" in said(await cityops(dsn, "promote", "shadow", *WHO))
    assert said(await cityops(dsn, "shadow", "status")) == "No catalogue runs in shadow.\n"
    # A device that they do not know makes them look at registry and catalogue at once, not in half a minute.
    await pg.execute(
        "insert into device (name, kind, shard, cadence_s, installed_at) values ('bin-9', 'bin', 0, 1800, '2025-01-01')"
    )
    stranger = ("bin", "bin-9", 600.0 * BATCHES + 9, {"distance_mm": 700.0, "temperature_c": 8.0})
    await insert_batch(pg, [*night(BATCHES), stranger], BATCHES)
    live = (
        "select exists (select from alarm join catalogue_version using (catalogue_id)"
        " where rule_id = 'bins.fire' and label = 'hotter' and state = 'live')"
    )
    await until(lambda: tables.is_true(live))
    await until(lambda: tables.is_true("select to_regnamespace('shadow') is null"))
    history = said(await cityops(dsn, "history", "--limit", "2"))
    assert re.findall(r"  (\w+) +catalogue \d+ \(hotter\) by B\. Officer: fires smoulder", history) == [
        "promoted", "shadow",
    ]  # fmt: skip
    assert (await cityops(dsn, "promote", "shadow", *WHO)).returncode == 2
