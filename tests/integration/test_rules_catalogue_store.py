"""One behaviour for both stores of catalogues, and the rules that follow them while they run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock, SystemClock
from cityops.errors import ConfigurationError
from ingest.registry_store import store_registry
from rules.catalogue.loader import load, read_files
from rules.catalogue.memory_store import MemoryCatalogueStore
from rules.catalogue.ports import CatalogueStore, InUse, NewOverride
from rules.catalogue.rulebook import StoredRulebook, course
from rules.catalogue.store import PostgresCatalogueStore
from rules.memory_store import MemoryRuleStore
from rules.ports import Change
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START, Reading, batch, hamlet

pytestmark = pytest.mark.storage

SHIPPED = read_files()
COLDER = {
    **SHIPPED,
    "winter_gritting.toml": SHIPPED["winter_gritting.toml"]
    .replace("version = 3", "version = 4")
    .replace("action_c = 1.0", "action_c = 0.5"),
}
NEW = NewOverride(
    "winter.gritting",
    "parameters.action_c",
    "route",
    "r1",
    0.25,
    "A. Tester",
    "a sheltered route",
    START,
    START + 86_400,
)


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def store(database: str | None) -> AsyncIterator[CatalogueStore]:
    if database is None:
        subjects = {"route": {"r1": "r1", "r2": "r2"}, "home": {"1": "OAK"}}
        yield MemoryCatalogueStore(subjects, lambda: START)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(database, min_size=1, max_size=3, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        yield PostgresCatalogueStore(pool)


async def test_a_catalogue_is_kept_once_and_comes_back_as_it_was(store: CatalogueStore) -> None:
    assert await store.live() is None
    number = await store.put(SHIPPED, "shipped", "cityops", "first")
    assert await store.put(dict(reversed(SHIPPED.items())), "again", "somebody", "") == number
    found = await store.find(number)
    assert found is not None
    assert (dict(found.files), found.label, found.state) == (SHIPPED, "shipped", "stored")
    assert await store.find(number + 100) is None


async def test_one_is_live_and_every_change_is_logged(store: CatalogueStore) -> None:
    a = await store.put(SHIPPED, "shipped", "cityops", "first")
    b = await store.put(COLDER, "colder", "B. Officer", "as Lancashire does")
    await store.promote(a, "cityops", "first", "shipped")
    await store.promote(b, "B. Officer", "as Lancashire does")
    live = await store.live()
    assert live is not None
    assert live.catalogue_id == b
    before = await store.find(a)
    assert before is not None
    assert before.state == "retired"
    await store.promote(a, "B. Officer", "too cold", "back")
    live = await store.live()
    assert live is not None
    assert live.catalogue_id == a
    history = await store.history(10)
    assert [(e.catalogue_id, e.what, e.by) for e in history] == [
        (a, "back", "B. Officer"), (b, "promoted", "B. Officer"), (a, "shipped", "cityops"),
        (b, "stored", "B. Officer"), (a, "stored", "cityops"),
    ]  # fmt: skip
    assert [e.label for e in await store.history(1)] == ["shipped"]


async def test_an_override_starts_where_the_engine_learns_of_it(store: CatalogueStore) -> None:
    added = await store.add_override(NEW)
    assert (added.shown, added.is_taken, added.override.value) == ("r1", False, 0.25)
    assert added.override.starts_s == START
    [taken] = await store.take(START + 90.0)
    assert taken.starts_s == START + 120.0
    assert await store.take(START + 9000.0) == (taken,)  # it knows of it: nothing moves any more
    ended = await store.withdraw(taken.override_id, "B. Officer", START + 600.0)
    assert ended is not None
    assert (ended.override.withdrawn_s, ended.withdrawn_by) == (START + 600.0, "B. Officer")
    assert await store.withdraw(taken.override_id, "C", START + 700.0) is None
    [taken] = await store.take(START + 9000.0)
    assert (taken.withdrawn_s, taken.until_s) == (START + 9060.0, START + 9060.0)
    assert await store.take(START + 12_000.0) == (taken,)


async def test_one_that_is_over_before_the_engine_learns_of_it_is_never_used(store: CatalogueStore) -> None:
    await store.add_override(NEW)
    assert await store.take(START + 2 * 86_400.0) == ()
    [kept] = await store.overrides()
    assert not kept.is_taken


async def test_before_the_first_reading_nothing_is_moved(store: CatalogueStore) -> None:
    await store.add_override(NEW)
    [taken] = await store.take(None)
    assert taken.starts_s == START


async def test_a_home_is_named_by_its_number(store: CatalogueStore) -> None:
    added = await store.add_override(
        replace(
            NEW,
            rule_id="damp.surface_humidity",
            path="parameters.raise_pct",
            value=85,
            scope_kind="home",
            scope="1",
        )
    )
    assert (added.shown, added.override.scope) == ("1", "OAK")
    with pytest.raises(ConfigurationError, match="there is no route 'r9'"):
        await store.add_override(replace(NEW, scope="r9"))


async def test_the_shipped_catalogue_is_live_until_a_person_chooses_another(store: CatalogueStore) -> None:
    assert await StoredRulebook(store, SHIPPED).start() == load()
    newer = {
        **SHIPPED,
        "winter_ice.toml": SHIPPED["winter_ice.toml"].replace(
            "raise_after_s = 600.0", "raise_after_s = 900.0"
        ),
    }
    upgraded = StoredRulebook(store, newer)
    assert (await upgraded.start()) != load()
    chosen = await store.put(COLDER, "colder", "B. Officer", "")
    await store.promote(chosen, "B. Officer", "because")
    assert (await StoredRulebook(store, SHIPPED).start()).gritting.parameters.action_c == 0.5
    in_use = await upgraded.in_use(None)
    assert (in_use.catalogue_id, in_use.catalogue.gritting.version) == (chosen, 7)


async def test_one_that_cannot_be_read_is_not_taken_by_rules_that_run(store: CatalogueStore) -> None:
    running = StoredRulebook(store, SHIPPED)
    await running.start()
    wrong = {
        **SHIPPED,
        "winter_gritting.toml": SHIPPED["winter_gritting.toml"].replace("action_c = 1.0", "action_c = 'no'"),
    }
    number = await store.put(wrong, "wrong", "another version", "")
    await store.promote(number, "another version", "")
    assert (await running.in_use(None)).catalogue == load()
    with pytest.raises(
        ConfigurationError, match=r"catalogue \d+/winter_gritting.toml:8: .*promote --shipped"
    ):
        await StoredRulebook(store, SHIPPED).start()


async def test_a_rule_that_a_new_version_brings_is_added_to_a_catalogue_that_a_person_chose(
    store: CatalogueStore,
) -> None:
    before = await store.put(SHIPPED, "before", "B. Officer", "")
    await store.promote(before, "B. Officer", "first")
    unknown = ("escalation_default.toml", "quality_clock.toml")
    older = {name: text for name, text in COLDER.items() if name not in unknown}
    lacking = await store.put(older, "colder", "B. Officer", "")
    await store.promote(lacking, "B. Officer", "as Lancashire does")
    upgraded = StoredRulebook(store, SHIPPED)
    catalogue = await upgraded.start()
    assert (catalogue.gritting.parameters.action_c, catalogue.clock) == (0.5, load().clock)
    live = await store.live()
    assert live is not None
    assert dict(live.files) == COLDER
    assert (await upgraded.in_use(None)).catalogue_id == live.catalogue_id
    newest = (await store.history(1))[0]
    assert (newest.what, newest.by) == ("completed", "cityops")
    assert ", ".join(unknown) in newest.reason
    # It stays the person's choice, also with the next version, and --back leads to the one before.
    again = StoredRulebook(store, {**SHIPPED, "bins_round.toml": SHIPPED["bins_round.toml"] + "# newer"})
    assert (await again.start()).gritting.parameters.action_c == 0.5
    assert course(await store.history(100)) == [live.catalogue_id, before]
    assert not await store.promote(before, "cityops", "too late", "completed", instead_of=lacking)


@dataclass
class Night:
    """Roads that go down to 0.8 °C, wet, and what the rules said of them."""

    pg: psycopg.AsyncConnection[Any]
    batches: int = 0

    async def go(self, hours: float) -> None:
        for _ in range(int(hours * 6)):
            at_s = self.batches * 600.0
            values = {
                "surface_temperature_c": 0.8,
                "air_temperature_c": 1.5,
                "humidity_pct": 97.0,
                "water_film_mm": 0.5,
            }
            rows: list[Reading] = [("road", f"road-{i}", at_s + i, values) for i in range(2)]
            await insert_batch(self.pg, rows, self.batches + 1)
            self.batches += 1

    async def decisions(self) -> list[tuple[Any, ...]]:
        found = await self.pg.execute(
            "select subject, outcome, catalogue_id, (inputs->>'action_c')::float from decision order by decision_id"
        )
        return await found.fetchall()


async def turn_until_done(service: RulesService, pg: psycopg.AsyncConnection[Any]) -> None:
    last = "select coalesce((select xid from rule_cursor), '0') = (select max(xid) from ingest_batch)"
    async with asyncio.timeout(60):
        while (await (await pg.execute(last)).fetchone()) != (True,):
            if not await service.turn():
                await asyncio.sleep(0.02)


async def test_rules_that_run_take_what_is_promoted_and_overridden(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store_registry(pg, hamlet())
    night, clock = Night(pg), ManualClock(SystemClock().now())
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=3, open=False) as pool:
        store = PostgresCatalogueStore(pool)
        rulebook = StoredRulebook(store, SHIPPED)
        service = RulesService(
            PostgresRuleStore(pool), HintWaker(), clock, await rulebook.start(), rulebook=rulebook
        )
        await night.go(1.0)
        await turn_until_done(service, pg)
        first = await night.decisions()
        assert {(s, o, a) for s, o, _, a in first} == {("r1", "treat", 1.0), ("r2", "treat", 1.0)}
        await store.add_override(replace(NEW, value=-5.0))
        number = await store.put(COLDER, "colder", "B. Officer", "")
        await store.promote(number, "B. Officer", "as Lancashire does")
        clock.advance(60.0)
        await night.go(4.0)
        await turn_until_done(service, pg)
        later = (await night.decisions())[len(first) :]
    shipped = {c for _, _, c, _ in first}
    assert len(shipped) == 1
    assert {(c, a) for _, _, c, a in later} <= {(number, 0.5), (number, -5.0)}
    assert ("r1", "monitor", number, -5.0) in later, "the road is icy by then: watched, not salted"
    cursor = await (await pg.execute("select catalogue_id from rule_cursor")).fetchall()
    assert cursor == [(number,)], "the one that it goes by"


@dataclass
class _Watched(MemoryRuleStore):
    """Remembers how the cursor was moved."""

    moves: list[tuple[int, int]] = field(default_factory=list)

    async def commit(self, change: Change) -> None:
        await super().commit(change)
        self.moves.append((change.from_cursor, change.to_cursor))


@dataclass
class _Another:
    """A rulebook whose second look finds another catalogue; meanwhile something happens."""

    meanwhile: Callable[[], Awaitable[object]]
    looks: int = 0

    async def in_use(self, settled_s: float | None) -> InUse:
        self.looks += 1
        if self.looks == 2:
            await self.meanwhile()
        return InUse(self.looks, load())


async def test_another_catalogue_while_a_second_process_goes_on_takes_no_batch_twice() -> None:
    store, clock = _Watched(hamlet()), ManualClock(SystemClock().now())

    def add(minutes: float) -> None:
        rows: list[Reading] = [
            ("frog", "frog-0", minutes * 60.0, {"temperature_c": 18.0, "humidity_pct": 60.0})
        ]
        store.add_batch(START + minutes * 60.0, batch(rows))

    other = RulesService(store, HintWaker(), clock, load())
    service = RulesService(store, HintWaker(), clock, load(), rulebook=_Another(other.turn))
    add(0.0)
    assert await service.turn()
    clock.advance(60.0)
    add(5.0)
    assert await service.turn()
    while await service.turn():
        pass
    assert store.moves == [(0, 1), (1, 2)]
