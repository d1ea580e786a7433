"""A closure that somebody says reaches the night's plan by what the rules service runs, and the outbox, on PostgreSQL."""

from __future__ import annotations

import asyncio
import time

import psycopg
from psycopg_pool import AsyncConnectionPool

from cityops.settings import DbSettings, Settings
from ingest.registry_store import store_registry
from ops_api.wiring_cab import plan_desk
from ops_api.wiring_closing import automatic_plans
from rules.closing.store import PostgresClosures
from rules.core.closing.model import NewClosure
from rules.winter.fleet.asking import Who
from rules.winter.orders.store import PostgresOrders
from tests.fakes.cab_desk import ordered, small_town

ADA = Who("Ada", "duty officer", "cli")


async def test_what_runs_beside_the_rules_plans_around_a_closure_and_tells_the_officer(db_dsn: str) -> None:
    settings, now_s = Settings(db=DbSettings(dsn=db_dsn)), time.time()
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=2, max_size=4, open=False) as pool,
    ):
        await pool.open()
        await store_registry(conn, small_town())
        await conn.execute("select ensure_partitions(now(), now())")
        await conn.execute(
            "insert into person (person, label, roles) values ('ada', 'Ada', '{duty_officer}')"
        )
        await conn.execute("insert into contact values ('ada', 0, 'mail', 'ada@example.org', 'info')")
        orders = PostgresOrders(pool)
        await ordered(orders, at_s=now_s)  # type: ignore[arg-type]
        plans = plan_desk(settings, pool, orders)
        plan = await plans.plan_tonight(ADA, now_s, iterations=0)
        last = max((s for t in plan.contents.trips for s in t.steps if s.job), key=lambda s: s.begins_s)
        assert last.segment_id is not None

        stop = asyncio.Event()
        async with automatic_plans(settings, pool) as runs:
            assert len(runs) == 3
            working = [asyncio.create_task(run(stop)) for run in runs]  # type: ignore[arg-type]
            await PostgresClosures(pool).close(
                NewClosure(
                    segments=(last.segment_id,), from_s=now_s, until_s=None, reason="burst main", at_s=now_s, by="Ada",
                    role="duty officer", via="page",
                )
            )  # fmt: skip
            query = "select count(*) from notification where kind = 'plan' and recipient = 'ada'"
            async with asyncio.timeout(120):
                while (await (await conn.execute(query)).fetchone()) != (1,):
                    await asyncio.sleep(0.5)
            stop.set()
            await asyncio.gather(*working)
        made = await plans.book.newest(plan.night)
        assert made is not None
        assert (made.after, made.via, list(made.contents.closed)) == (
            plan.version,
            "automatic",
            [last.segment_id],
        )
        rows = await (
            await conn.execute("select title, body from notification where kind = 'plan'")
        ).fetchall()
        assert rows[0][0] == f"Gritting was planned again: plan {made.version}"
        assert "burst main" in rows[0][1]
