"""One behaviour of the book of collection acts on PostgreSQL and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ingest.registry_store import store_registry
from rules import collection_rows
from rules.collection_acts.memory import MemoryActs
from rules.collection_acts.ports import RefusedActError, RequestUsedError, UnusableTextError
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.chain import broken
from rules.core.collection_acts.record import NewAct
from rules.reading_query import fetch_readings, parse_batch
from tests.fakes.rules_town import START, hamlet

pytestmark = pytest.mark.storage
FIELDS = ("act", "what", "at_s")
BIN = hamlet().bins[0].bin_id
CREW = {"by": "Crew 3", "role": "crew", "via": "crew page"}


def said(what: str, ref: str = f"bin:{BIN}", at_s: float = START, **more: Any) -> NewAct:
    given = {**CREW, "request_id": None, **more}
    return NewAct(ref=ref, what=what, at_s=at_s, **given)  # type: ignore[arg-type]


class Bench:
    def __init__(self, acts: MemoryActs | PostgresActs, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.acts, self.conn = acts, conn

    async def engine_at(self, at_s: float) -> None:
        if isinstance(self.acts, MemoryActs):
            self.acts.event_s = at_s
            return
        assert self.conn is not None
        await self.conn.execute(
            "insert into rule_cursor (service, event_time) values ('rules', to_timestamp(%s))"
            " on conflict (service) do update set event_time = excluded.event_time", (at_s,),
        )  # fmt: skip

    async def batches(self) -> list[tuple[str, float, float, float]]:
        """Return name, event time, code and time of what reaches the engine."""
        if isinstance(self.acts, MemoryActs):
            codes = {"collected": 1.0, "full": 5.0, "withdrawn": 8.0}
            return [(a.ref, counts, codes[a.what], a.at_s) for a, counts in self.acts.batches]
        assert self.conn is not None
        rows = await (
            await self.conn.execute("select received_at, kinds::text from ingest_batch order by batch_id")
        ).fetchall()
        found: list[tuple[str, float, float, float]] = []
        for received_at, kinds in rows:
            batch = parse_batch(received_at, kinds)
            assert set(batch.kinds) == {"collection"}
            assert batch.kinds["collection"].rows == 1
            readings = (await fetch_readings(self.conn, [batch]))["collection"]
            rest = await (
                await self.conn.execute(
                    "select what, extract(epoch from at)::float8 from collection_act where received_at = %s", (received_at,)
                )
            ).fetchone()  # fmt: skip
            assert rest is not None
            found.append((readings.device[0], float(readings.ts_s[0]), float(rest[0]), rest[1]))
        return found


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest, db_dsn: str) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield Bench(MemoryActs({BIN: {"label": "x"}}), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=2, max_size=4, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        yield Bench(PostgresActs(pool), conn)


async def test_a_day_of_acts(bench: Bench) -> None:
    acts = bench.acts
    # The engine has never run: what is said is kept, and there is nobody to tell.
    first = await acts.append(
        said("full", by="a resident", role="resident", request_id="k1", reference="BCDF-2345")
    )
    assert (first.act_id, first.seen["bin"]["label"] != "", await bench.batches()) == (1, True, [])
    assert (
        await acts.append(said("full", by="x", role="resident", request_id="k1", reference="ZZZZ-2222"))
        == first
    )
    with pytest.raises(RequestUsedError):
        await acts.append(said("damaged", role="resident", request_id="k1"))
    found = await acts.by_reference("BCDF-2345")
    assert found is not None
    assert (found.what, found.by) == ("full", "a resident")
    assert await acts.by_reference("BCDF-2346") is None

    await bench.engine_at(START + 500.0)
    done = await acts.append(
        said("collected", at_s=START + 400.1236, lorry="lorry-1", plan_version=3, seen={"photo_sha256": "ab"})
    )
    assert (done.act_id, done.at_s, done.lorry, done.plan_version) == (2, START + 400.124, "lorry-1", 3)
    undone = await acts.append(said("withdrawn", at_s=START + 600.0, withdraws=2, reason="the wrong bin"))
    assert await bench.batches() == [
        (f"bin:{BIN}", START + 500.0, 1.0, START + 400.124),
        (f"bin:{BIN}", START + 500.0, 8.0, START + 600.0),
    ]
    if bench.conn is not None:
        received = await (
            await bench.conn.execute("select received_at from ingest_batch order by batch_id")
        ).fetchall()
        columns = await collection_rows.of_batches(bench.conn, [r[0] for r in received], FIELDS)
        # What withdraws has the number of what it withdraws.
        assert columns[2:] == [
            (f"bin:{BIN}",) * 2,
            (0, 0),
            (2.0, 2.0),
            (1.0, 8.0),
            (START + 400.124, START + 600.0),
        ]
        with psycopg.connect(bench.conn.info.dsn, password=bench.conn.info.password) as plain:
            rows = collection_rows.of_time(plain, START, START + 501.0, FIELDS)
            assert collection_rows.of_time(plain, START, START + 500.0, FIELDS) is None
        assert rows is not None
        assert (rows.device, rows.fields["act"].tolist(), rows.ts_s.tolist()) == (
            [f"bin:{BIN}"] * 2,
            [2.0, 2.0],
            [START + 500.0] * 2,
        )
    # A household is nothing to the engine.
    await acts.append(said("not_out", ref="uprn:12"))
    assert len(await bench.batches()) == 2
    assert [a.act_id for a in await acts.of_ref(f"bin:{BIN}", START, START + 1e4)] == [1]
    assert [a.what for a in await acts.of_ref("uprn:12", START, START + 1.0)] == ["not_out"]
    assert await acts.of_ref("uprn:12", START + 1.0, START + 2.0) == ()
    assert [a.act_id for a in await acts.newest("collected", 5)] == [2]
    # Of a day's rounds: what crews said, and not what was taken back.
    assert [a.what for a in await acts.of_lorries(START, START + 1e4)] == ["not_out"]
    assert await acts.of_lorries(START + 1.0, START + 1e4) == ()
    chain = await acts.chain()
    assert [a.act_id for a in chain] == [1, 2, 3, 4]
    assert broken(chain) == ()
    changed = [*chain[:1], msgspec.structs.replace(chain[1], reason="forged"), *chain[2:]]
    assert broken(changed) == (2,)
    assert broken([chain[0], *chain[2:]]) == (3,)
    assert undone.withdraws == 2


async def test_what_cannot_be_written(bench: Bench) -> None:
    for wrong in (
        said("full", ref="bin:nowhere"),
        said("full", ref="lamp:1"),
        said("missed"),
        said("withdrawn"),
        said("withdrawn", withdraws=1),
        said("collected", by=" "),
        said("collected", reason="x" * 501),
    ):
        with pytest.raises(RefusedActError):
            await bench.acts.append(wrong)
    assert await bench.acts.chain() == ()


async def test_a_missed_collection_is_open_until_the_lorry_was_there_or_it_is_withdrawn(bench: Bench) -> None:
    acts = bench.acts
    seen = {"open": True}
    one = await acts.append(said("missed", ref="uprn:1", seen=seen))
    await acts.append(said("missed", ref="uprn:2", seen=seen))
    await acts.append(said("missed", ref="uprn:3", seen={"open": False}))
    assert [r.uprn for r in await acts.open_missed(START)] == [1, 2]
    await acts.append(said("withdrawn", ref="uprn:1", withdraws=one.act_id, at_s=START + 5))
    back = await acts.append(said("collected", ref="uprn:2", at_s=START + 9))
    assert await acts.open_missed(START) == ()
    # The crew tapped the wrong house.
    await acts.append(said("withdrawn", ref="uprn:2", withdraws=back.act_id, at_s=START + 10))
    assert [r.uprn for r in await acts.open_missed(START)] == [2]
    assert await acts.open_missed(START + 1) == ()


async def test_many_at_once_are_numbered_without_gaps(bench: Bench) -> None:
    await bench.engine_at(START)
    await asyncio.gather(*(bench.acts.append(said("full", at_s=START + n)) for n in range(12)))
    chain = await bench.acts.chain()
    assert [a.act_id for a in chain] == list(range(1, 13))
    assert broken(chain) == ()
    assert len(await bench.batches()) == 12


async def test_the_table_can_only_be_added_to(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> None:
    async with AsyncConnectionPool(db_dsn, min_size=1, open=False) as pool:
        acts = PostgresActs(pool)
        await acts.append(said("not_out", ref="uprn:5"))
        with pytest.raises(UnusableTextError):
            await acts.append(said("not_out", ref="uprn:5", reason="a\x00b"))
    for statement in (
        "delete from collection_act",
        "update collection_act set by = 'x'",
        "truncate collection_act cascade",  # photos name acts
    ):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            await pg.execute(statement)  # type: ignore[arg-type]
