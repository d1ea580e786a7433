"""Back-ups are told: by the API's metrics, by `cityops doctor`, to dashboards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.settings import load_settings
from ops_api.app import create_app
from ops_api.doctor_backups import backups
from rules.desk.memory import MemoryDesk
from tests.fakes.desk_alarms import escalations

ADD = "insert into backup_run (name, started_at, ok, bytes, problem, verified_at) values (%s, %s, %s, %s, %s, %s)"


async def metrics(dsn: str) -> dict[str, float]:
    async with AsyncConnectionPool(dsn, open=False, min_size=1) as pool:
        transport = httpx.ASGITransport(app=create_app(pool, desk=MemoryDesk(escalations)))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            lines = (await client.get("/metrics")).text.splitlines()
    return {
        k: float(v)
        for k, _, v in (line.partition(" ") for line in lines if line.startswith("cityops_backup_"))
    }


async def told(dsn: str) -> tuple[str, str]:
    (finding,) = await backups(load_settings(db={"dsn": dsn}))
    return finding.level, finding.detail


@pytest.mark.storage
async def test_the_age_of_the_last_good_one_is_told(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    now = datetime.now(UTC)
    first = await metrics(db_dsn)
    assert first["cityops_backup_age_seconds"] == float("inf")
    assert await told(db_dsn) == ("warn", "none was ever made")
    await pg.execute(ADD, ("a", now - timedelta(hours=30), True, 5000, "", None))
    await pg.execute(ADD, ("b", now - timedelta(hours=6), False, None, "disk full", None))
    found = await metrics(db_dsn)
    assert found["cityops_backup_age_seconds"] == pytest.approx(30 * 3600, abs=120)
    assert (found["cityops_backup_bytes"], found["cityops_backup_failed"]) == (5000, 1)
    assert found["cityops_backup_verified_age_seconds"] == float("inf")
    assert await told(db_dsn) == ("warn", "the last good one is 30 h old")
    await pg.execute(ADD, ("c", now - timedelta(hours=2), True, 6000, "", now))
    assert (await metrics(db_dsn))["cityops_backup_failed"] == 0
    level, detail = await told(db_dsn)
    assert (level, detail[:10]) == ("ok", "2.0 h old,")
    await pg.execute(
        "update backup_run set verified_at = now() - interval '36 days' where verified_at is not null"
    )
    assert await told(db_dsn) == ("warn", "2.0 h old, none was tried for 36 days")


async def test_dashboards_may_see_it_and_an_outage_is_no_number(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await pg.execute(ADD, ("a", datetime.now(UTC) - timedelta(hours=1), True, 5000, "", None))
    async with pg.transaction():
        await pg.execute("set local role cityops_reader")
        row = await (
            await pg.execute("select board.backup_age_s(), (select count(*) from board.backup)")
        ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(3600, abs=120)
    assert row[1] == 1
    nowhere = AsyncConnectionPool("postgresql://nobody@127.0.0.1:1/none", open=False)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(nowhere, desk=MemoryDesk(escalations))),
        base_url="http://test",
    ) as client:
        assert "cityops_backup_age_seconds NaN" in (await client.get("/metrics")).text
