"""From a kept plan to the book of acts, on PostgreSQL: lorries drive it, crews say what they find, once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.errors import TransientError
from devices.registry import Registry
from firmware_sim.world.collection import CrewAct
from ingest.registry_store import store_registry
from ops_api.crews_book import CrewsBook, request_of
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.chain import broken
from rules.rounds.store import PostgresRounds
from tests.fakes.sim_rounds import PLANNED_S, crews_of, fleet_of, kept, plan_of, playing, town

pytestmark = pytest.mark.storage


@pytest.fixture(scope="module")
def registry() -> Registry:
    return town()


@pytest.fixture
async def pool(db_dsn: str, registry: Registry) -> AsyncIterator[AsyncConnectionPool]:
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await store_registry(conn, registry)
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool:
        await pool.open()
        yield pool


async def test_a_kept_plan_is_driven_and_written_down_and_a_second_one_taken_over(
    pool: AsyncConnectionPool, registry: Registry
) -> None:
    fleet, book, acts = fleet_of(registry), PostgresRounds(pool), PostgresActs(pool)
    play = playing(registry)
    crews = crews_of(play, book, registry)
    desk = CrewsBook(acts, crews.version_of)
    first = await kept(book, plan_of(registry, fleet, registry.bins[:16]), fleet)
    await crews.step()
    play.until(6.6)
    said = play.world.crew_acts()
    assert said
    await desk.take(said)

    done = {a.bin_id for a in said}
    left = [b for b in registry.bins if b.bin_id not in done]
    second = await kept(book, plan_of(registry, fleet, left), fleet, PLANNED_S + 4800.0)
    await crews.step()
    play.until(15.0)
    every = play.world.crew_acts()
    await desk.take(every)  # what was said before is known by its request
    written = await acts.chain()
    assert [a.request_id for a in written] == [request_of(a) for a in every]
    assert broken(written) == ()
    assert {a.ref.removeprefix("bin:") for a in written} == {b.bin_id for b in registry.bins}
    assert {(a.role, a.via, a.by, a.lorry) for a in written} == {
        ("crew", "crew page", f"crew of lorry-{n}", f"lorry-{n}") for n in (1, 2)
    }
    versions = [a.plan_version for a in written]
    assert set(versions) == {first.version, second.version}
    assert versions[: len(said)] == [first.version] * len(said)
    assert versions == sorted(versions, key=lambda v: v or 0), "the second takes the first one's place"


async def test_what_a_crew_says_of_a_bin_that_is_gone_stops_nothing_and_a_lost_database_is_told(
    pool: AsyncConnectionPool, registry: Registry
) -> None:
    acts = PostgresActs(pool)
    desk = CrewsBook(acts, lambda *_: None)
    gone = CrewAct(PLANNED_S, "lorry-1", "bin-9999", 1)
    blocked = CrewAct(PLANNED_S + 60.0, "lorry-1", registry.bins[0].bin_id, 2)
    await desk.take([gone, blocked])
    (one,) = await acts.chain()
    assert (one.what, one.plan_version) == ("blocked", None)
    assert one.reason
    await pool.close()
    with pytest.raises(TransientError):
        await desk.take([blocked])
