"""What gritters spread is written with the engine's memory of it, stays when that forgets, and says what a late report changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass
from rules.core.treatment_log import PassLine, standing
from rules.memory_store import MemoryRuleStore
from rules.winter.kept import lines_of
from tests.fakes.rules_bench import Bench, opened, service
from tests.fakes.rules_town import START, Reading, gritter_fix

KEPT_MIN = 48 * 60
"""So long the rules remember a pass."""


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    async with opened(database) as found:
        yield found


def fixes(*minutes: float) -> list[Reading]:
    return [("gritter", "gritter-0", 60.0 * m, gritter_fix(m / 60.0)) for m in minutes]


async def log_of(bench: Bench, database: str | None) -> list[PassLine]:
    if database is None:
        assert isinstance(bench.store, MemoryRuleStore)
        return list(bench.store.passes)
    async with await psycopg.AsyncConnection.connect(database) as conn:
        return await lines_of(conn, START - 1.0, START + 3 * 86_400.0)


async def remembered(bench: Bench) -> dict[str, TreatedMemory]:
    return (await bench.store.resume()).state.treated


async def test_the_log_outlives_the_memory_and_tells_what_was_taken_back(
    bench: Bench, database: str | None
) -> None:
    rules = service(bench.store)
    await bench.add(fixes(0, 1, 2, 5, 6, 7, 8))
    await rules.turn()
    first = standing(await log_of(bench, database))
    assert first == await remembered(bench)
    assert first.keys() >= {"s0", "s1", "s2"}
    await bench.add(fixes(3.5))  # between 2 and 5: what was concluded from these two is taken back
    await rules.turn()
    second = await log_of(bench, database)
    assert [p.what for p in second].count("taken_back") >= 1
    assert standing(second) == await remembered(bench) != first
    await bench.add(fixes(*(KEPT_MIN + m for m in (20, 21, 22, 23, 24, 25, 26, 27, 28))))
    await rules.turn()
    third = standing(await log_of(bench, database))
    memory = await remembered(bench)
    assert {s: m.passes for s, m in third.items()} != {s: m.passes for s, m in memory.items()}
    old, new = _passes(third), _passes(memory)
    assert new < old
    assert {p for p in old if p.at_s < START + 60.0 * KEPT_MIN} == _passes(standing(second))


def _passes(found: dict[str, TreatedMemory]) -> set[Pass]:
    return {p for memory in found.values() for p in memory.passes}
