"""kill -9 of ``cityops rules run`` at random moments: the tables are those of one undisturbed pass."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from ingest.registry_store import store_registry
from ops_api.rules_lag import SETTLE, settled
from rules.catalogue.loader import load
from rules.memory_store import MemoryRuleStore
from rules.ports import Fetched
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import hamlet, random_evening

pytestmark = [pytest.mark.storage, pytest.mark.usefixtures("quick_start"), pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PER_BATCH = 6
HOURS = 7.0
BY_THE_WALL_CLOCK = ("winter.order_unanswered", "platform.")
"""Rules beside the engine: whether officers answered, and whether the rules keep up (a busy machine that is killed often may not)."""
WAIT_S = 120.0
LATENESS_S = 120.0


class FromDatabase(MemoryRuleStore):
    """Keeps what is written in memory, and reads the batches of a database."""

    source: PostgresRuleStore

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        return await self.source.fetch(cursor, limit)


def start(dsn: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_RULES__BATCH_LIMIT": "2",
        "CITYOPS_RULES__LATENESS_S": str(LATENESS_S),
        "CITYOPS_RULES__POLL_S": "0.2",
        "CITYOPS_RULES__HEALTH_PORT": "0",
        "CITYOPS_RULES__ROAD_FORECAST": "false",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "ops_api", "rules", "run"], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def progress(pg: psycopg.AsyncConnection[Any]) -> float:
    """Return the share of the batches that the rules have taken."""
    row = await (
        await pg.execute(
            "select count(*) filter (where xid <= (select coalesce(max(xid::text::bigint), 0)"
            " from rule_cursor)::text::xid8)::float8 / count(*) from ingest_batch"
        )
    ).fetchone()
    assert row is not None
    return float(row[0])


async def reach(pg: psycopg.AsyncConnection[Any], share: float, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_S
    while await progress(pg) < share:
        assert process.poll() is None, "the rules ended by themselves"
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def killed(dsn: str, pg: psycopg.AsyncConnection[Any], kills: int, seed: int) -> None:
    """Run the rules over all batches and kill them so many times on the way, also while they start."""
    rng = random.Random(seed)
    process = start(dsn)
    try:
        for number in range(kills):
            await reach(pg, (number + rng.random()) / (kills + 1), process)
            await asyncio.sleep(rng.uniform(0.0, 0.1))
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert await progress(pg) < 1.0, "there was nothing left to do at the kill"
            process = start(dsn)
        await reach(pg, 1.0, process)
        deadline = time.monotonic() + WAIT_S
        while not await settled(pg):
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.05)
    finally:
        process.kill()
        process.wait()


async def undisturbed(dsn: str) -> MemoryRuleStore:
    """Return what one pass over the same batches writes."""
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        calm = FromDatabase(hamlet())
        calm.source = PostgresRuleStore(pool)
        calm.want_settled()
        clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
        worker = RulesService(calm, HintWaker(), clock, load(), lateness_s=LATENESS_S)
        while await worker.turn():
            pass
    return calm


async def same_as_one_pass(dsn: str, pg: psycopg.AsyncConnection[Any], kills: int, seed: int) -> set[str]:
    """Compare, and return the rules that raised alarms."""
    await store_registry(pg, hamlet())
    await pg.execute("set timezone = 'UTC'")
    readings = random_evening(random.Random(seed), HOURS)
    for number, begin in enumerate(range(0, len(readings), PER_BATCH), start=1):
        await insert_batch(pg, readings[begin : begin + PER_BATCH], number)
    await pg.execute(SETTLE)
    await killed(dsn, pg, kills, seed)
    # What the officers' desk wrote while the rules were being stopped, nobody has taken.
    await pg.execute("delete from ingest_batch where xid > (select max(xid) from rule_cursor)")
    calm = await undisturbed(dsn)
    raised = {a.raised.rule_id for a in calm.alarms}
    assert raised >= {"bins.full", "damp.surface_humidity"}
    for what, query in QUERIES.items():
        rows = await (await pg.execute(query)).fetchall()
        found = [r for r in rows if not any(str(v).startswith(BY_THE_WALL_CLOCK) for v in r)]
        assert sorted(found, key=text) == sorted(memory_rows(calm, what), key=text), what
    return raised


def text(row: object) -> str:
    return json.dumps(row, sort_keys=True)


async def test_five_kills_leave_the_tables_of_one_pass(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    assert "winter.ice" in await same_as_one_pass(db_dsn, pg, kills=5, seed=11)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 14))
async def test_twenty_kills_leave_the_tables_of_one_pass(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], seed: int
) -> None:
    await same_as_one_pass(db_dsn, pg, kills=20, seed=seed)
