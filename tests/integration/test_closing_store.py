"""One behaviour for closures of roads and notes of what one would do, on PostgreSQL and in memory."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ingest.registry_store import store_registry
from rules.closing.memory import MemoryClosures, MemoryWhatIfs
from rules.closing.ports import ClosureBook, ClosureRefusedError, NewWhatIf, NoSuchWhatIfError, WhatIfBook
from rules.closing.store import PostgresClosures, PostgresWhatIfs
from rules.core.closing.model import NewClosure, Opening
from rules.winter.fleet.memory import MemoryPlans
from rules.winter.fleet.ports import Marks
from rules.winter.fleet.store import PostgresPlans
from tests.fakes.cab_desk import NOW, small_town

ADA = {"by": "Ada", "role": "duty officer", "via": "cli"}


@dataclass
class Bench:
    closures: ClosureBook
    notes: WhatIfBook
    conn: psycopg.AsyncConnection[Any] | None
    pool: Any = None


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the books in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    town, dsn = small_town(), database
    if dsn is None:
        yield Bench(MemoryClosures({s.segment_id for s in town.segments}), MemoryWhatIfs(), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        await pool.open()
        await store_registry(conn, town)
        yield Bench(PostgresClosures(pool), PostgresWhatIfs(pool), conn, pool)


def closing(*segments: str, until_s: float | None = NOW + 3600.0, **more: Any) -> NewClosure:
    fields: dict[str, Any] = {
        "segments": segments,
        "from_s": NOW,
        "until_s": until_s,
        "reason": "burst main",
        "at_s": NOW,
    }
    return NewClosure(**(fields | ADA | more))


async def test_roads_are_closed_and_opened(bench: Bench) -> None:
    """In one database, as making one is what takes time."""
    book = bench.closures
    assert await book.between(NOW, math.inf) == []
    with pytest.raises(ClosureRefusedError, match="there is no stretch nowhere"):
        await book.close(closing("s1", "nowhere"))

    first = await book.close(closing("s1", "s2", request_id="k1"))
    assert await book.close(closing("s3", request_id="k1")) == first
    second = await book.close(closing("s2", until_s=None, from_s=NOW + 600.0))
    assert (first.closure_id, second.closure_id, second.until_s, second.by) == (1, 2, None, "Ada")
    assert await book.between(NOW, NOW + 60.0) == [first]
    assert await book.between(NOW + 7200.0, math.inf) == [second]
    assert await book.between(NOW - 60.0, NOW) == []

    with pytest.raises(ClosureRefusedError, match="not closed: s4"):
        await book.open(Opening(segments=("s1", "s4"), at_s=NOW + 60.0, **ADA))
    [opened] = await book.open(Opening(segments=("s1",), at_s=NOW + 60.0, reason="mended", **ADA))
    assert (opened.closure_id, opened.opened[0].reason) == (1, "mended")
    assert (opened.ends_s("s1"), opened.ends_s("s2")) == (NOW + 60.0, NOW + 3600.0)
    both = await book.open(Opening(segments=("s2",), at_s=NOW + 900.0, **ADA))
    assert [c.closure_id for c in both] == [1, 2]
    assert await book.between(NOW + 900.0, math.inf) == []
    with pytest.raises(ClosureRefusedError, match="not closed"):
        await book.open(Opening(segments=("s2",), at_s=NOW + 900.0, **ADA))

    if bench.conn is not None:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="appended only"):
            await bench.conn.execute("update road_closure set reason = 'other'")
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="appended only"):
            await bench.conn.execute("truncate road_opening")
        assert await PostgresPlans(bench.pool).marks() == Marks(0, 0, closures=5)
    assert await MemoryPlans().marks() == Marks(0, 0)


async def test_notes_are_kept_with_an_address(bench: Bench) -> None:
    with pytest.raises(NoSuchWhatIfError):
        await bench.notes.what_if(1)
    new = NewWhatIf(at_s=NOW, note="fair", document={"closed": ["s1"], "x": 1.5}, request_id="k", **ADA)
    kept = await bench.notes.keep(new)
    assert await bench.notes.keep(new) == kept
    assert (kept.what_if_id, kept.document) == (1, {"closed": ["s1"], "x": 1.5})
    assert await bench.notes.what_if(kept.what_if_id) == kept
    other = await bench.notes.keep(NewWhatIf(at_s=NOW, note="", document={}, **ADA))
    assert await bench.notes.newest(1) == [other]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"segments": ()}, "names no stretch"),
        ({"reason": " "}, "needs a reason"),
        ({"until_s": NOW}, "ends after it begins"),
    ],
)
def test_what_closes_nothing_is_refused(wrong: dict[str, Any], words: str) -> None:
    fields: dict[str, Any] = {"segments": ("s1",), "from_s": NOW, "until_s": None, "reason": "x", "at_s": NOW}
    with pytest.raises(ValueError, match=words):
        NewClosure(**(fields | ADA | wrong))
