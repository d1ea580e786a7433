"""One behaviour for both: which catalogue is in shadow, the tables it has, and the engine that fills them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from cityops.errors import ConfigurationError, InvariantError
from rules.catalogue.memory_store import MemoryCatalogueStore
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.store import PostgresCatalogueStore
from rules.core.effects import Event, RaiseAlarm
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, RuleStore
from rules.shadow.choice import PostgresShadowChoice
from rules.shadow.lender import ShadowLender
from rules.shadow.memory import MemoryShadowChoice, MemoryShadowTables
from rules.shadow.ports import ShadowChoice, ShadowGoneError, ShadowTables
from rules.shadow.service import ShadowService
from rules.shadow.tables import PostgresShadowTables
from rules.store import PostgresRuleStore
from tests.fakes.rules_bench import Bench, opened, service
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import START, hamlet
from tests.fakes.shadow_town import FIRE, HOTTER, SHIPPED, warm

WHO = ("B. Officer", "fires smoulder")


@dataclass(frozen=True)
class Place:
    """A live store, catalogues, and a shadow beside them. ``dsn``: None in memory."""

    bench: Bench
    catalogues: CatalogueStore
    choice: ShadowChoice
    tables: ShadowTables
    dsn: str | None

    async def shadowed(self, what: str) -> list[tuple[Any, ...]]:
        """Return what the shadow's tables mean, as ``bench.rows`` does of the live ones."""
        if self.dsn is None:
            assert isinstance(self.tables, MemoryShadowTables)
            assert self.tables.mine is not None
            return memory_rows(self.tables.mine, what)
        options = "-c timezone=UTC -c search_path=shadow,public"
        async with await psycopg.AsyncConnection.connect(self.dsn, options=options) as conn:
            return await (await conn.execute(QUERIES[what])).fetchall()

    def service(self, hint: Callable[[], None] = lambda: None) -> ShadowService:
        clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        return ShadowService(self.choice, self.tables, self.catalogues, clock, hint=hint)

    async def both(self) -> tuple[int, int]:
        """Keep the shipped catalogue as the live one, and the other."""
        live = await self.catalogues.put(SHIPPED, "shipped", "cityops", "")
        await self.catalogues.promote(live, "cityops", "", "shipped")
        return live, await self.catalogues.put(HOTTER, "hotter", *WHO)


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for what is in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def place(database: str | None) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(opened(database))
        if database is None:
            assert isinstance(bench.store, MemoryRuleStore)
            catalogues = MemoryCatalogueStore({}, lambda: START)
            choice = MemoryShadowChoice(catalogues)
            yield Place(bench, catalogues, choice, MemoryShadowTables(bench.store, choice), None)
            return
        pool = await stack.enter_async_context(
            AsyncConnectionPool(database, min_size=1, max_size=1, open=False)
        )
        store = PostgresCatalogueStore(pool)
        yield Place(bench, store, PostgresShadowChoice(pool), PostgresShadowTables(pool), database)


async def taken(store: RuleStore) -> None:
    """Take all that is stored through the live engine."""
    worker = service(store)
    while await worker.turn():
        pass


async def shadow_taken(worker: ShadowService) -> None:
    """Let the shadow take all that is stored."""
    while await worker.turn() < 2.0:
        pass


async def test_one_at_a_time_is_in_shadow_and_all_of_it_is_logged(place: Place) -> None:
    live, other = await place.both()
    third = await place.catalogues.put({**HOTTER, "more.toml": ""}, "third", *WHO)
    assert await place.choice.chosen() is None
    assert await place.choice.stop(*WHO) is None
    assert await place.choice.promote(*WHO) is None
    first = await place.choice.start(other, *WHO)
    assert (first.catalogue_id, first.label, first.by, first.reason) == (other, "hotter", *WHO)
    assert await place.choice.chosen() == first
    for number, says in ((live, "is the live one"), (third, "one is at a time"), (99, "no catalogue 99")):
        with pytest.raises(ConfigurationError, match=says):
            await place.choice.start(number, *WHO)
    again = await place.choice.start(other, "C", "anew")
    assert again.start_id > first.start_id
    assert await place.choice.stop("C", "enough") == again
    assert await place.choice.chosen() is None
    found = await place.catalogues.find(other)
    assert found is not None
    assert found.state == "stored"
    done = [(e.what, e.catalogue_id, e.by) for e in await place.catalogues.history(3)]
    assert done == [("shadow_end", other, "C"), ("shadow", other, "C"), ("shadow", other, "B. Officer")]


async def test_promoted_it_is_live_and_no_longer_in_shadow(place: Place) -> None:
    live, other = await place.both()
    chosen = await place.choice.start(other, *WHO)
    assert await place.choice.promote("C", "three quiet weeks") == chosen
    assert await place.choice.chosen() is None
    now, before = await place.catalogues.live(), await place.catalogues.find(live)
    assert now is not None
    assert before is not None
    assert (now.catalogue_id, before.state) == (other, "retired")
    [event] = await place.catalogues.history(1)
    assert (event.what, event.by, event.reason) == ("promoted", "C", "three quiet weeks")
    await place.choice.start(live, *WHO)
    await place.choice.stop(*WHO)
    back = await place.catalogues.find(live)
    assert back is not None
    assert back.state == "retired", "it was live once"


async def test_it_begins_where_the_live_engine_stands_and_once(place: Place) -> None:
    _, other = await place.both()
    await place.bench.add(warm(0.0, first_c=80.0))
    await taken(place.bench.store)
    assert await place.tables.standing() is None
    chosen = await place.choice.start(other, *WHO)
    standing = await place.tables.begin(chosen.start_id)
    live = await place.bench.store.resume()
    assert (standing.start_id, standing.from_s, standing.error) == (
        chosen.start_id, live.state.settled_s, None,
    )  # fmt: skip
    mine = place.tables.rules(chosen.start_id)
    shadow = await mine.resume()
    assert (shadow.cursor, shadow.state) == (live.cursor, live.state)
    assert [a.key for a in shadow.open_alarms] == [a.key for a in live.open_alarms]
    assert shadow.open_alarms, "the live engine has a bin on fire"
    settled_s = live.state.settled_s
    raised = RaiseAlarm("bins.full", 1, "bin", "b1", "warning", START, "Bin 1: full", "Full.", {})
    change = Change(live.cursor, live.cursor, settled_s, settled_s, (), (raised,), from_settled_s=settled_s)
    await mine.commit(change)
    assert await place.tables.begin(chosen.start_id) == standing
    assert len(await place.shadowed("alarms")) == 2, "begun once, it goes on"
    assert len(await place.bench.rows("alarms")) == 1
    anew = await place.choice.start(other, *WHO)
    await place.tables.begin(anew.start_id)
    assert len(await place.shadowed("alarms")) == 1
    for work in (mine.commit(change), mine.fetch(0, 1)):
        with pytest.raises(ShadowGoneError):
            await work
    await place.tables.clear()
    assert await place.tables.standing() is not None, "it is still in shadow"
    await place.choice.stop(*WHO)
    await place.tables.clear()
    assert await place.tables.standing() is None
    await place.tables.clear()


async def test_what_the_shadow_raises_nobody_else_sees(place: Place) -> None:
    _, other = await place.both()
    hints: list[None] = []
    worker = place.service(hint=lambda: hints.append(None))
    assert await worker.turn() == 2.0, "nothing is in shadow"
    hints.clear()  # it dropped what an earlier one may have left
    await worker.turn()
    assert hints == [], "while nothing is in shadow the live rules are not woken"
    await place.bench.add(warm(0.0))
    await taken(place.bench.store)
    await place.choice.start(other, *WHO)
    await shadow_taken(worker)
    assert await place.shadowed("alarms") == [], "it begins where the live engine stands"
    assert hints, "what came while it wrote can be read now"
    await place.bench.add(warm(30.0))
    await place.bench.add(warm(60.0))
    await taken(place.bench.store)
    await shadow_taken(worker)
    [(rule_id, subject, _, cleared_s)] = await place.shadowed("alarms")
    assert ((rule_id, subject), cleared_s) == (FIRE, None)
    assert [row[4] for row in await place.shadowed("log")] == ["raised"]
    for what in ("alarms", "members", "log"):
        assert await place.bench.rows(what) == []
    again = place.service()  # as after a restart of the process
    await place.bench.add(warm(90.0))
    await shadow_taken(again)
    assert len(await place.shadowed("alarms")) == 1
    await place.choice.stop(*WHO)
    assert await again.turn() == 2.0
    assert await place.tables.standing() is None


async def test_a_failure_pauses_it_and_is_told_without_the_words(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, other = await place.both()
    chosen = await place.choice.start(other, *WHO)

    async def broken(*_: object) -> None:
        raise ValueError("OAK is a resident's secret")

    worker = place.service()
    await place.tables.begin(chosen.start_id)
    mine = place.tables.rules(chosen.start_id)
    with monkeypatch.context() as patch:
        patch.setattr(type(mine), "fetch", broken)
        assert await worker.turn() == 2.0
    standing = await place.tables.standing()
    assert standing is not None
    assert standing.error is not None
    assert standing.error.startswith("ValueError in test_shadow_store.py, line ")
    assert "OAK" not in standing.error
    await place.bench.add(warm(0.0))
    await shadow_taken(worker)
    assert await place.shadowed("alarms") == [], "it is paused"
    await place.choice.start(other, *WHO)
    await shadow_taken(worker)
    assert [row[:2] for row in await place.shadowed("alarms")] == [FIRE]


async def test_a_catalogue_that_cant_be_read_pauses_with_its_line(place: Place) -> None:
    await place.both()
    wrong = {**HOTTER, "bins_fire.toml": HOTTER["bins_fire.toml"].replace("55.0", "'hot'")}
    await place.choice.start(await place.catalogues.put(wrong, "wrong", *WHO), *WHO)
    assert await place.service().turn() == 2.0
    standing = await place.tables.standing()
    assert standing is not None
    assert standing.error is not None
    assert "bins_fire.toml:8: parameters.hot_c" in standing.error


async def test_whatever_fails_the_task_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogues = MemoryCatalogueStore({}, lambda: START)
    choice = MemoryShadowChoice(catalogues)
    asked = asyncio.Event()

    async def broken() -> None:
        asked.set()
        raise RuntimeError("nobody has thought of this")

    monkeypatch.setattr(choice, "chosen", broken)
    tables = MemoryShadowTables(MemoryRuleStore(hamlet()), choice)
    worker = ShadowService(choice, tables, catalogues, ManualClock(datetime(2026, 3, 1, tzinfo=UTC)))
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(60):
        await asked.wait()
        await asyncio.sleep(0)
        assert not running.done(), "an error that ends it would end the live rules, too"
        stop.set()
        await running


async def begun(dsn: str) -> int:
    """Begin a shadow in a database and return the number of its start."""
    async with AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresCatalogueStore(pool)
        await store.promote(await store.put(SHIPPED, "shipped", "cityops", ""), "cityops", "", "shipped")
        chosen = await PostgresShadowChoice(pool).start(await store.put(HOTTER, "hotter", *WHO), *WHO)
        await PostgresShadowTables(pool).begin(chosen.start_id)
    return chosen.start_id


async def test_nothing_gets_through_to_the_live_tables(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    start_id = await begun(db_dsn)
    change = Change(0, 0, None, None, (), (Event("bin_emptied", "bin", "b0", START, {}),))
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresRuleStore(ShadowLender(pool, start_id), "shadow", tells=False)
        await store.resume()
        # A table of the engine's that the shadow has no copy of: the name means the live one.
        await pg.execute("drop table shadow.event")
        with pytest.raises(InvariantError, match="rolled back"):
            await store.commit(change)
        await pg.execute("drop schema shadow cascade")
        with pytest.raises(ShadowGoneError):
            await store.commit(change)
        with pytest.raises(ShadowGoneError):
            await store.resume()
    for table in ("event", "rule_cursor"):
        row = await (await pg.execute(f"select count(*) from public.{table}")).fetchone()  # type: ignore[call-overload]
        assert row == (0,), table


async def test_nor_into_a_part_of_one(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    start_id = await begun(db_dsn)
    await pg.execute("create table parted (x integer) partition by range (x)")
    await pg.execute("create table part partition of parted for values from (0) to (10)")
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=1, open=False) as pool:
        await pool.open()
        with pytest.raises(InvariantError, match="rolled back"):
            async with ShadowLender(pool, start_id).connection() as conn:
                await conn.execute("insert into public.parted values (1)")
    assert await (await pg.execute("select count(*) from parted")).fetchone() == (0,)


async def test_tables_that_no_longer_fit_are_made_again(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    start_id = await begun(db_dsn)
    await pg.execute("insert into shadow.rule_state values ('bin', 'b0', 1, '{}')")
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=1, open=False) as pool:
        tables = PostgresShadowTables(pool)
        await tables.begin(start_id)
        kept = "select count(*) from shadow.rule_state"
        assert await (await pg.execute(kept)).fetchone() == (1,)
        await pg.execute("alter table alarm add column more text")
        await tables.begin(start_id)
        assert await (await pg.execute(kept)).fetchone() == (0,)
        await pg.execute(
            "drop schema shadow cascade; create schema shadow; create table shadow.mine (x integer)"
        )
        with pytest.raises(ConfigurationError, match="did not make"):
            await tables.begin(start_id)
        await tables.clear()
        await pg.execute("select from shadow.mine")
