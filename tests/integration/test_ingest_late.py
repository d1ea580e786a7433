"""Readings that come 30 and 400 days late, beside live ones."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from cityops.clock import SystemClock
from cityops.db.flavour import detect
from devices.contract.codecs.json import encode_reading
from devices.contract.kind import discover
from devices.registry import Device, Registry
from ingest.core.known_devices import KnownDevice
from ingest.ports import Stored
from ingest.registry_store import load_known_devices, store_registry
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import decoder

pytestmark = pytest.mark.storage

DAY_S = 86_400.0
PER_BATCH = 200
ROUNDS = 15
OLD_ROWS = 110_000
"""More of a day than TimescaleDB would decompress in one transaction (100,000)."""

INSERT_OLD = """
insert into frog_reading (ts, device_id, seq, boot, temperature_c, humidity_pct, received_at)
select %(at)s::timestamptz + i / 2 * interval '1 second', %(device)s::integer + i %% 2, i, 1, 20, 50, %(at)s
from generate_series(0, %(rows)s - 1) i
"""
DIFFERENT = """
select count(*) from (
    select device_id, date_bin('{width}', ts, '2000-01-01 00:00Z') as bucket, count(*) as n,
           max(temperature_c) as high
    from frog_reading group by 1, 2
) r full join (select device_id, bucket, n, temperature_c_max as high from frog_{name}) a
using (device_id, bucket)
where r.n is distinct from a.n or r.high is distinct from a.high
"""
JOBS = """
select j.job_id from timescaledb_information.jobs j
left join timescaledb_information.continuous_aggregates a
  on j.hypertable_name in (a.view_name, a.materialization_hypertable_name)
where j.proc_name = %s and (j.hypertable_name = 'frog_reading' or a.view_name like 'frog%%')
"""


class Late:
    """A database whose old readings are columnar where that can be; stores batches of any age."""

    def __init__(self, dsn: str, conn: psycopg.AsyncConnection[Any], devices: list[KnownDevice]) -> None:
        self.conn, self.devices = conn, devices
        self._decode = decoder(devices).decode
        self._sink = PostgresSink(dsn, discover(), SystemClock())
        self._boot = 100

    async def store(self, age_s: float, *, again: bool = False) -> Stored:
        """Store a batch of readings so old, of a boot of their own; or the last one ``again``."""
        self._boot += 0 if again else 1
        device, now_s = self.devices[0], time.time()
        topic = f"cityops/v1/{device.shard:02x}/frog/{device.name}/reading"
        fields = {"temperature_c": 31.0, "humidity_pct": 60.0}
        payloads = [
            encode_reading(int((now_s - age_s - PER_BATCH + seq) * 1000), self._boot, seq, fields)
            for seq in range(PER_BATCH)
        ]
        batch = self._decode([topic] * PER_BATCH, payloads, int(now_s * 1e6))
        return await self._sink.store(batch, 0)

    async def seconds(self, age_s: float) -> float:
        """Return how long storing a batch took [s]."""
        began_s = time.perf_counter()
        assert (await self.store(age_s)).readings == {"frog": PER_BATCH}
        return time.perf_counter() - began_s

    async def run_policy(self, procedure: str) -> None:
        """Let policies do now what they would do within minutes."""
        jobs = await (await self.conn.execute(JOBS, (procedure,))).fetchall()
        assert jobs
        for job in jobs:
            await self.conn.execute("call run_job(%s)", job)

    async def number(self, query: str) -> int:
        row = await (await self.conn.execute(query)).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return int(row[0])

    async def close(self) -> None:
        await self._sink.close()


@pytest.fixture
async def late(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> AsyncIterator[Late]:
    since = datetime.now(UTC) - timedelta(days=700)
    boxes = tuple(Device(name=f"frog-{i}", kind="frog", shard=0, installed_at=since) for i in range(2))
    await store_registry(pg, Registry(name="late", devices=boxes))
    devices = sorted((await load_known_devices(pg)).values(), key=lambda d: d.device_id)
    for age, rows in ((400, OLD_ROWS), (30, 1000)):
        at = datetime.now(UTC) - timedelta(days=age, hours=12)
        await pg.execute("select ensure_partitions('frog_reading', %s, now())", (at,))
        await pg.execute(INSERT_OLD, {"at": at, "rows": rows, "device": devices[0].device_id})
    made = Late(db_dsn, pg, devices)
    yield made
    await made.close()


async def test_late_readings_are_stored_once_and_aggregated_and_hold_nothing_up(late: Late) -> None:
    timescale = (await detect(late.conn)).timescaledb is not None
    if timescale:
        await late.run_policy("policy_compression")
        await late.run_policy("policy_refresh_continuous_aggregate")
        columnar = (
            "select count(*) from timescaledb_information.chunks where hypertable_name = 'frog_reading'"
        )
        assert await late.number(f"{columnar} and is_compressed") == 2
    await late.seconds(0.0)
    alone = statistics.median([await late.seconds(0.0) for _ in range(ROUNDS)])
    beside = []
    for number in range(ROUNDS):
        for age in (30, 400):
            assert (await late.store(age * DAY_S + number * 600)).readings == {"frog": PER_BATCH}
        beside.append(await late.seconds(0.0))
    assert statistics.median(beside) < 5 * alone
    again = await late.store(400 * DAY_S + (ROUNDS - 1) * 600)
    assert (again.readings, again.dead_letters) == ({"frog": PER_BATCH}, {})
    again = await late.store(400 * DAY_S, again=True)
    assert (again.readings, again.duplicates) == ({}, PER_BATCH)
    late_rows = (
        "select count(*) from frog_reading where temperature_c = 31 and ts < now() - interval '29 days'"
    )
    assert await late.number(late_rows) == (2 * ROUNDS + 1) * PER_BATCH
    if timescale:
        await late.run_policy("policy_refresh_continuous_aggregate")
    for name, width in (("hourly", "1 hour"), ("daily", "1 day")):
        assert await late.number(DIFFERENT.format(name=name, width=width)) == 0, name
    hot = "select count(*) from frog_daily where temperature_c_max = 31 and bucket < now() - interval '300 days'"
    assert await late.number(hot) > 0
    if timescale:
        await late.run_policy("policy_compression")
        assert await late.number(late_rows) == (2 * ROUNDS + 1) * PER_BATCH, "and when converted again"
