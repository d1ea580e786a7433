"""Chunks fitted to the devices that are registered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from cityops.db.flavour import detect
from cityops.settings import load_settings
from devices.contract.kind import discover
from ingest.chunks import chunk_state, fit_chunks
from ops_api.cli_db import database_status, upgrade_database
from tests.fakes.ingest_setup import registered

pytestmark = pytest.mark.storage

DEVICES = """
insert into device (name, kind, shard, cadence_s, installed_at)
select 'busy-' || i, 'frog', 0, 1, '2026-01-01' from generate_series(1, 200) i
"""


async def test_new_chunks_are_fitted_and_old_ones_stay(pg: psycopg.AsyncConnection[Any], db_dsn: str) -> None:
    settings = load_settings(db={"dsn": db_dsn})
    await registered(pg)
    if (await detect(pg)).timescaledb is None:
        assert await fit_chunks(pg, discover()) == []
        assert (await database_status(settings))[1] == []
        return
    assert "chunks of frog_reading: 30 days, were 10 days" in await upgrade_database(settings)
    await pg.execute(
        "insert into frog_reading (ts, device_id, seq, boot, received_at) values (now(), 1, 1, 1, now())"
    )
    await pg.execute(DEVICES)
    frog = next(c for c in (await database_status(settings))[1] if c.table == "frog_reading")
    assert (frog.width, frog.wanted < timedelta(days=10)) == (timedelta(days=30), True)
    assert frog.readings_per_day == pytest.approx(200 * 86_400 + 10 * 288)
    await upgrade_database(settings)
    assert all(c.width == c.wanted for c in await chunk_state(pg, discover()))
    assert await upgrade_database(settings) == []
    await pg.execute(
        "insert into frog_reading (ts, device_id, seq, boot, received_at)"
        " select now() - i * interval '1 day', 1, 1, 1, now() from generate_series(-40, 40) i"
    )
    cursor = await pg.execute("select count(*) from frog_reading")
    assert await cursor.fetchone() == (82,)
