"""The rules as they are started: settings in, states out, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.settings import DbSettings, Settings
from ingest.registry_store import store_registry
from ops_api.rules_lag import SETTLE, settled
from ops_api.wiring_rules import run_rules
from tests.fakes import late_night
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import Reading, hamlet

pytestmark = pytest.mark.usefixtures("quick_start")
ROOT = Path(__file__).parents[2]


def cold(minutes: float) -> list[Reading]:
    surface = 2.0 - minutes / 60.0
    values = {
        "surface_temperature_c": surface,
        "air_temperature_c": surface,
        "humidity_pct": 98.0,
        "water_film_mm": 0.5,
    }
    return [
        *(("road", f"road-{i}", minutes * 60 + i, values) for i in range(2)),
        *(
            ("bin", f"bin-{i}", minutes * 60 + 2 + i, {"distance_mm": max(180.0, 900 - 3 * minutes)})
            for i in range(3)
        ),
    ]


async def test_a_notification_is_enough_and_stop_ends_it(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store_registry(pg, hamlet())
    settings = Settings(db=DbSettings(dsn=db_dsn), rules={"poll_s": 30.0, "lateness_s": 0.0})
    stop = asyncio.Event()
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as ear:
        await ear.execute("listen cityops_rules")
        running = asyncio.create_task(run_rules(settings, stop))
        await asyncio.sleep(1.0)  # it listens and has looked once
        await insert_batch(pg, cold(0.0), 1)
        heard: list[psycopg.Notify] = []
        # Less than the 30 s between looks. One hint may come too soon: a batch is read when no
        # older transaction of the whole server is open.
        for _ in range(20):
            if not heard:
                await pg.execute("select pg_notify('cityops_batch', '1')")
                heard = [n async for n in ear.notifies(timeout=1, stop_after=1)]
    assert "bin" in json.loads(heard[0].payload)["kinds"]
    stop.set()
    async with asyncio.timeout(5):
        await running


async def start(dsn: str) -> asyncio.subprocess.Process:
    code = (
        "import asyncio; from cityops.settings import load_settings; from ops_api.wiring_rules import run_rules;"
        "asyncio.run(run_rules(load_settings(), asyncio.Event()))"
    )
    env = {
        **os.environ,
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_RULES__BATCH_LIMIT": "3",
        "CITYOPS_RULES__POLL_S": "0.2",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-c", code, cwd=ROOT, env=env, stderr=asyncio.subprocess.DEVNULL
    )


async def test_killed_with_no_warning_nothing_is_lost_or_doubled(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store_registry(pg, hamlet())
    batches = 120
    for number in range(batches):
        await insert_batch(pg, cold(number * 5.0), number)
    await pg.execute(SETTLE)
    kills = 0
    last = (
        "select coalesce((select xid from rule_cursor), '0') = (select max(xid) from ingest_batch)"
        " and not exists (select from alarm_log where planned_at is null)"
        " and not exists (select from rule_cursor where settle_xid is not null)"
    )
    async with asyncio.timeout(90):
        process = await start(db_dsn)
        while not (await (await pg.execute(last)).fetchone())[0]:  # type: ignore[index]
            await asyncio.sleep(0.05)
            row = await (await pg.execute("select count(*) from rule_cursor where xid > '0'")).fetchone()
            if kills < 3 and row is not None and row[0] and process.returncode is None:
                os.kill(process.pid, signal.SIGKILL)
                await process.wait()
                kills += 1
                process = await start(db_dsn)
        process.kill()
        await process.wait()
    assert kills >= 1
    doubled = await (
        await pg.execute(
            "select rule_id, subject, raised_at from alarm group by 1, 2, 3 having count(*) > 1"
            " union all select rule_id, subject, decided_at from decision group by 1, 2, 3 having count(*) > 1"
        )
    ).fetchall()
    assert doubled == []
    # Nobody answers the proposals of this night: whether that is noticed within it is the officer's desk's. Whether
    # a road forecast comes in time for hours that are caught up with in seconds is the forecaster's.
    others = "('winter.order_unanswered', 'winter.forecast_stale')"
    of_engine = f"select rule_id, subject from alarm where rule_id not in {others} order by 1, 2"
    alarms = await (await pg.execute(of_engine)).fetchall()
    assert alarms == [
        *(("bins.full", f"b{i}") for i in range(3)), ("winter.ice", "r1"), ("winter.ice", "r2"),
    ]  # fmt: skip
    treated = await (
        await pg.execute("select distinct subject from decision where outcome = 'treat'")
    ).fetchall()
    assert sorted(treated) == [("r1",), ("r2",)]
    # The desk was killed with the engine: each alarm was followed, and nobody told the same thing twice.
    told = await (
        await pg.execute(
            "select a.rule_id, l.detail ->> 'key' from alarm_log l join alarm a using (alarm_id) where l.what = 'told'"
            f" and a.rule_id not in {others}"
        )
    ).fetchall()
    assert {rule for rule, _ in told} == {"winter.ice", "bins.full"}, (
        "these bins overflow: the waste team is told"
    )
    assert len({key for _, key in told}) == len(told)


async def test_what_late_readings_would_have_changed_is_marked_beside_the_engine(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    """A process that was killed before it looked is as good as one that was not."""
    await store_registry(pg, hamlet())
    for number, readings in enumerate(late_night.batches(9.0)):
        await insert_batch(pg, readings, number)
    await pg.execute(SETTLE)
    marked = "select count(*) from decision where would_differ is not null"
    process = await start(db_dsn)
    async with asyncio.timeout(120):
        while not await settled(pg):
            await asyncio.sleep(0.1)
        process.kill()
        await process.wait()
        await pg.execute("update late_window set last_arrived = now() - interval '2 minutes'")
        process = await start(db_dsn)
        while (await (await pg.execute(marked)).fetchone()) == (0,):
            assert process.returncode is None
            await asyncio.sleep(0.1)
        process.kill()
        await process.wait()
    texts = await (
        await pg.execute("select would_differ ->> 'text' from decision where would_differ is not null")
    ).fetchall()
    assert all("treat" in text for (text,) in texts)


TOLD = (
    "select a.rule_id, a.severity, a.catalogue_id is not null, n.recipient, n.title, n.gather_from is not null"
    " from notification n join alarm a using (alarm_id)"
)


async def test_a_town_that_was_silent_before_the_start_is_an_alarm_that_somebody_is_told_of(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store_registry(pg, hamlet())
    await insert_batch(pg, cold(0.0), 1)
    await pg.execute("update ingest_batch set received_at = now() - interval '61 minutes'")
    await pg.execute(
        "insert into device_sequence (device_id, boot) select device_id, 1 from device where kind <> 'gritter'"
    )
    await pg.execute("insert into person (person, label, roles) values ('ada', 'Ada', '{duty_officer}')")
    await pg.execute("insert into contact values ('ada', 0, 'sms', '0123', 'info')")
    settings = Settings(db=DbSettings(dsn=db_dsn), rules={"lateness_s": 0.0})
    stop = asyncio.Event()
    running = asyncio.create_task(run_rules(settings, stop))
    found: list[Any] = []
    try:
        async with asyncio.timeout(60):
            while not found:
                await asyncio.sleep(0.1)
                found = await (await pg.execute(TOLD)).fetchall()
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await running
    [(rule_id, severity, has_catalogue, recipient, title, gathers)] = found
    assert (rule_id, severity, has_catalogue, recipient, gathers) == (
        "platform.no_readings", "major", True, "ada", True,
    )  # fmt: skip
    assert title.startswith("Major: No readings from the whole town. Nothing has been received for 1 h 1 min")
