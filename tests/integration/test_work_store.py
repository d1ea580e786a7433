"""Work items: both stores do the same, and people work on them by REST, page and command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from rules.core.effects import CloseWork, OpenWork
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, RuleStore
from rules.store import PostgresRuleStore
from tests.fakes.command_line import cityops
from tests.fakes.rules_town import START, hamlet
from tests.fakes.seed_work import DAY, opened, seed
from tests.fakes.website import Site


def gone(at_s: float) -> CloseWork:
    return CloseWork("quality.battery", "bin-1", START + at_s, "New battery.")


class Bench:
    """A store, and the items in it: when each was opened, gone and done, from START."""

    def __init__(self, store: RuleStore, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.store, self._conn, self._cursor = store, conn, 0

    async def write(self, *effects: OpenWork | CloseWork) -> None:
        self._cursor += 1
        before_s = None if self._cursor == 1 else START
        await self.store.commit(
            Change(self._cursor - 1, self._cursor, START, START, (), effects, from_settled_s=before_s)
        )

    async def done(self, at_s: float) -> None:
        if self._conn is not None:
            statement = (
                "update work_item set done_at = to_timestamp(%s), done_by = 'kim' where done_at is null"
            )
            await self._conn.execute(statement, (START + at_s,))
            return
        assert isinstance(self.store, MemoryRuleStore)
        for item in self.store.work.items:
            item.done_at_s = START + at_s if item.done_at_s is None else item.done_at_s

    async def items(self) -> list[tuple[float | None, ...]]:
        if self._conn is not None:
            query = (
                "select extract(epoch from opened_at)::float8, extract(epoch from gone_at)::float8,"
                " extract(epoch from done_at)::float8 from work_item order by work_item_id"
            )
            rows = await (await self._conn.execute(query)).fetchall()
        else:
            assert isinstance(self.store, MemoryRuleStore)
            rows = [(w.opened.at_s, w.gone_at_s, w.done_at_s) for w in self.store.work.items]
        return [tuple(None if t is None else t - START for t in row) for row in rows]


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the store in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryRuleStore(hamlet()), None)
        return
    dsn = database
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        store = PostgresRuleStore(pool)
        await store.resume()
        yield Bench(store, conn)


async def test_one_item_however_often_it_is_said(bench: Bench) -> None:
    await bench.write(opened(0.0))
    await bench.write(opened(DAY), opened(2 * DAY))
    assert await bench.items() == [(0.0, None, None)]
    await bench.write(gone(3 * DAY))
    await bench.write(gone(4 * DAY))
    assert await bench.items() == [(0.0, 3 * DAY, None)]
    await bench.write(opened(5 * DAY))
    assert await bench.items() == [(0.0, None, None)], "it came back: the same item, not another one"


async def test_what_was_done_rests_for_two_days_and_comes_back_where_the_cause_stays(bench: Bench) -> None:
    await bench.write(opened(0.0))
    await bench.done(DAY)
    await bench.write(opened(DAY + 3600.0), gone(DAY + 7200.0), opened(2 * DAY))
    assert await bench.items() == [(0.0, None, DAY)]
    await bench.write(opened(3 * DAY))
    assert await bench.items() == [(0.0, None, DAY), (3 * DAY, None, None)]


async def test_opened_and_gone_in_one_step(bench: Bench) -> None:
    await bench.write(opened(0.0), gone(60.0))
    assert await bench.items() == [(0.0, 60.0, None)]


# ---- people


async def test_rest_from_assign_to_done(site: Site) -> None:
    await seed(site.dsn)
    battery, stuck = await site.get("/api/v1/work-items")
    assert (battery["rule_id"], stuck["device"]) == ("quality.battery", "frog-0001"), (
        "what is due comes first"
    )
    assert battery["inputs"] == {"level": 19.0}
    assert stuck["inputs"] == {}, "what a home's box measured is its household's"
    program = site.with_key("desk:write")
    url = f"/api/v1/work-items/{battery['work_item_id']}"
    assert (await program.post(f"{url}/assign", json={"by": "kim", "to": "lee"})).json()["assignee"] == "lee"
    assert [w["device"] for w in await site.get("/api/v1/work-items", assignee="lee")] == ["bin-1"]
    assert (await program.post(f"{url}/note", json={"by": "lee", "text": "Ladder."})).status_code == 200
    done = (await program.post(f"{url}/done", json={"by": "lee", "note": "Changed."})).json()
    assert done["done_by"] == "lee"
    assert [(e["what"], e["by"], e["via"]) for e in done["log"]] == [
        ("opened", "engine", ""), ("assigned", "kim", "api"), ("note", "lee", "api"), ("done", "lee", "api"),
    ]  # fmt: skip
    again = await program.post(f"{url}/done", json={"by": "kim"})
    assert (again.status_code, "lee has already" in again.json()["detail"]) == (409, True)
    assert (
        await site.with_key("desk:write").post("/api/v1/work-items/99999/done", json={"by": "kim"})
    ).status_code == 404
    assert (await program.post(f"{url}/note", json={"by": " ", "text": "x"})).status_code == 422
    assert [w["device"] for w in await site.get("/api/v1/work-items", state="done")] == ["bin-1"]


async def test_the_page_lists_takes_and_finishes_without_javascript(site: Site) -> None:
    await seed(site.dsn)
    page = (await site.http.get("/work")).text
    assert "2 devices need a look" in page
    assert "bin-1: the battery is low" in page
    [item] = [w for w in await site.get("/api/v1/work-items") if w["device"] == "bin-1"]
    kim = site.as_("devices")
    url = f"/work/{item['work_item_id']}"
    taken = await kim.post(f"{url}/assign", data={"text": ""}, follow_redirects=True)
    assert "With Ada of devices." in taken.text
    for what, text, said in (("note", " ", "the note is empty"), ("assign", "x" * 101, "at most 100")):
        refused = await kim.post(f"{url}/{what}", data={"text": text})
        assert (refused.status_code, said in refused.text) == (422, True), refused.text
    done = await kim.post(f"{url}/done", data={"text": "<b>New</b>"}, follow_redirects=True)
    assert "Done (Ada of devices, web): &lt;b&gt;New&lt;/b&gt;" in done.text
    assert "1 device needs a look" in (await site.http.get("/work?rule=")).text
    assert "bin-1" in (await site.http.get("/work?show=done")).text
    assert (await site.http.get("/work/99999")).status_code == 404
    assert (await kim.post(f"{url}/done")).status_code == 409


def work(dsn: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cityops("work", *words, CITYOPS_DB__DSN=dsn, **environment)


async def test_the_command(db_dsn: str) -> None:
    assert work(db_dsn, "list").stdout == "Nothing to do.\n"
    await seed(db_dsn)
    listed = work(db_dsn, "list")
    assert (listed.returncode, "bin-1: the battery is low  due 2026-01-10" in listed.stdout) == (0, True), (
        listed
    )
    number = str(json.loads(work(db_dsn, "list", "--device", "bin-1", "--json").stdout)[0]["work_item_id"])
    assert "with lee" in work(db_dsn, "assign", number, "--to", "lee", "--by", "kim").stdout
    assert "note by kim: Ladder" in work(db_dsn, "note", number, "Ladder", CITYOPS_OPERATOR="kim").stdout
    done = work(db_dsn, "done", number, "--by", "lee", "--note", "New battery")
    assert (done.returncode, "done by lee: New battery" in done.stdout) == (0, True), done
    for words, said in (
        (("done", number, "--by", "kim"), "lee has already marked work item"),
        (("show", "4711"), "There is no work item 4711"),
        (("list", "--state", "odd"), "'open', 'done', 'all'"),
        (("note", number, " ", "--by", "kim"), "nothing to write down"),
    ):
        failed = work(db_dsn, *words)
        assert (failed.returncode, said in failed.stderr) == (2, True), failed.stderr
