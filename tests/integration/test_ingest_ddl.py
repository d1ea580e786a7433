"""Reading tables on whichever database the tests run on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.db.flavour import detect
from cityops.db.migrate import upgrade
from devices.contract.kind import Kind, discover
from devices.registry import Device, Registry
from ingest.core.ddl import Flavour, statements
from ingest.core.ddl_columns import aggregate_columns
from ingest.registry_store import load_known_devices, store_registry
from ingest.store import PostgresSink
from tests.fakes.ingest_setup import INSTALLED, NOW, NOW_US, clock, decoder, reading, registered

pytestmark = pytest.mark.storage

PARKING = """
from devices.contract import quantities as q
from devices.contract.kind import Field, Kind

KIND = Kind(
    name="parking",
    title="Parking bay",
    description="Whether a car stands on it.",
    fields=(
        Field(name="occupied", quantity=q.CODE, minimum=0, maximum=1, required=True, storage="smallint",
              codes={0: "free", 1: "taken"}),
        Field(name="field_nt", quantity=q.DISTANCE, minimum=-1000, maximum=1000),
        EXTRA
    ),
)
"""


def sixth_kind(folder: Path, extra: str = "") -> Kind:
    (folder / "parking.py").write_text(PARKING.replace("EXTRA", extra))
    return discover([str(folder)])["parking"]


async def columns(conn: psycopg.AsyncConnection[Any], table: str) -> set[str]:
    cursor = await conn.execute("select * from " + table + " limit 0")  # type: ignore[arg-type]
    return {c.name for c in cursor.description or []}


async def apply(conn: psycopg.AsyncConnection[Any], kinds: dict[str, Kind]) -> None:
    flavour = await detect(conn)
    async with conn.transaction():
        for statement in statements(kinds, flavour):
            await conn.execute(statement)  # type: ignore[arg-type]


async def test_every_kind_has_its_tables_and_again_changes_nothing(pg: psycopg.AsyncConnection[Any]) -> None:
    kinds = dict(discover())
    for _ in range(2):
        await apply(pg, kinds)
        for kind in kinds.values():
            assert {f.name for f in kind.fields} < await columns(pg, kind.table)
            assert await columns(pg, f"{kind.name}_hourly") == set(aggregate_columns(kind))
            assert await columns(pg, f"{kind.name}_daily") == set(aggregate_columns(kind))
            assert "device" in await columns(pg, f"{kind.name}_latest")


async def test_aggregates_and_latest_say_what_the_readings_say(pg: psycopg.AsyncConnection[Any]) -> None:
    devices = {d.name: d for d in await registered(pg)}
    for hour, minute, value in [(9, 0, 1.0), (9, 59, 3.0), (10, 0, 0.0)]:
        at = NOW.replace(hour=hour, minute=minute)
        for name in ("frog-0", "frog-1"):
            await pg.execute(
                "insert into frog_reading (ts, device_id, seq, boot, temperature_c, received_at)"
                " values (%s, %s, 1, 1, %s, now())",
                (at, devices[name].device_id, value),
            )
    cursor = await pg.execute(
        "select bucket, n, temperature_c_avg, temperature_c_min, temperature_c_max from frog_hourly"
        " where device_id = %s order by bucket",
        [devices["frog-0"].device_id],
    )
    nine = NOW.replace(hour=9)
    assert await cursor.fetchall() == [
        (nine, 2, 2.0, 1.0, 3.0),
        (nine + timedelta(hours=1), 1, 0.0, 0.0, 0.0),
    ]
    cursor = await pg.execute("select bucket, n from frog_daily order by device_id")
    assert await cursor.fetchall() == [(NOW.replace(hour=0), 3)] * 2
    cursor = await pg.execute("select device, temperature_c from frog_latest order by device")
    assert await cursor.fetchall() == [("frog-0", 0.0), ("frog-1", 0.0)]


async def test_a_sixth_kind_in_one_file_is_decoded_stored_and_listed(
    pg: psycopg.AsyncConnection[Any], db_dsn: str, tmp_path: Path
) -> None:
    kind = sixth_kind(tmp_path)
    kinds = discover([str(tmp_path)])
    await upgrade(pg, lambda flavour: statements(kinds, flavour))
    await store_registry(
        pg,
        Registry(
            name="bays", devices=(Device(name="bay-1", kind="parking", shard=3, installed_at=INSTALLED),)
        ),
    )
    devices = list((await load_known_devices(pg)).values())
    batch = decoder(devices, kinds).decode(
        ["cityops/v1/03/parking/bay-1/reading"] * 2,
        [reading(1, {"occupied": 1}), reading(2, {"occupied": 0.5})],
        NOW_US,
    )
    sink = PostgresSink(db_dsn, kinds, clock())
    stored = await sink.store(batch, 3)
    await sink.close()
    assert (stored.readings, stored.dead_letters) == ({"parking": 1}, {"not_whole": 1})
    cursor = await pg.execute("select device, occupied, field_nt from parking_latest")
    assert await cursor.fetchall() == [("bay-1", 1, None)]
    assert aggregate_columns(kind)[3:] == ("field_nt_avg", "field_nt_min", "field_nt_max")


async def test_a_kind_that_gains_a_field_gains_its_columns(
    pg: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    await apply(pg, {"parking": sixth_kind(tmp_path)})
    (tmp_path / "more").mkdir()
    extra = 'Field(name="battery_v", quantity=q.VOLTAGE, minimum=0, maximum=30),'
    await apply(pg, {"parking": sixth_kind(tmp_path / "more", extra)})
    assert "battery_v" in await columns(pg, "parking_reading")
    assert "battery_v_avg" in await columns(pg, "parking_hourly")
    assert "battery_v" in await columns(pg, "parking_latest")


async def test_readings_of_any_month_have_a_place(pg: psycopg.AsyncConnection[Any]) -> None:
    first, last = datetime(2010, 12, 31, 23, 59, tzinfo=UTC), datetime(2011, 2, 1, tzinfo=UTC)
    flavour = await detect(pg)
    cursor = await pg.execute("select ensure_partitions('road_reading', %s, %s)", (first, last))
    assert await cursor.fetchone() == ((3 if flavour.timescaledb is None else 0),)
    cursor = await pg.execute("select ensure_partitions(%s, %s)", (first, last))
    assert await cursor.fetchone() == ((3 * 6 if flavour.timescaledb is None else 0),)
    for at in (first, last):
        await pg.execute(
            "insert into road_reading (ts, device_id, seq, boot, received_at) values (%s, 1, 1, 1, now())",
            [at],
        )


async def test_old_readings_from_homes_go_and_those_of_roads_stay(pg: psycopg.AsyncConnection[Any]) -> None:
    if (await detect(pg)).timescaledb is not None:
        cursor = await pg.execute(
            "select hypertable_name, config->>'drop_after' from timescaledb_information.jobs"
            " where proc_name = 'policy_retention' and hypertable_name like '%reading'"
        )
        assert await cursor.fetchall() == [("frog_reading", "2 years")]
        return
    old = datetime(2015, 2, 4, tzinfo=UTC)
    await pg.execute("select ensure_partitions(%s, %s)", (old, old))
    cursor = await pg.execute("select drop_expired_readings()")
    assert await cursor.fetchone() == (1,)
    cursor = await pg.execute(
        "select to_regclass('frog_reading_2015_02'), to_regclass('road_reading_2015_02')"
    )
    assert await cursor.fetchone() == (None, "road_reading_2015_02")


async def test_the_latest_reading_comes_from_the_index(pg: psycopg.AsyncConnection[Any]) -> None:
    await registered(pg)
    await pg.execute(
        "insert into frog_reading (ts, device_id, seq, boot, received_at)"
        " select %s::timestamptz - g * interval '1 minute', 1 + g %% 10, g, 1, now()"
        " from generate_series(1, 20000) g",
        [NOW],
    )
    await pg.execute("analyze frog_reading")
    cursor = await pg.execute("explain (analyze, format json) select * from frog_latest")
    (plan,) = (await cursor.fetchone() or ([],))[0]
    assert "Index Scan" in str(plan)
    assert "'Node Type': 'Sort'" not in str(plan)
    assert plan["Execution Time"] < 100


async def test_partitions_on_plain_postgresql_columnstore_and_policies_on_timescaledb(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    if (await detect(pg)).timescaledb is None:
        kinds = "select count(*) from pg_partitioned_table p join pg_class c on c.oid = p.partrelid where relname like '%_reading'"
        cursor = await pg.execute(kinds)
        assert await cursor.fetchone() == (7,)
        return
    cursor = await pg.execute(
        "select count(*) filter (where compression_enabled), count(*)"
        " from timescaledb_information.hypertables where hypertable_name like '%_reading'"
    )
    assert await cursor.fetchone() == (6, 6)
    cursor = await pg.execute("select count(*) from timescaledb_information.continuous_aggregates")
    assert await cursor.fetchone() == (12,)
    cursor = await pg.execute(
        "select proc_name, count(*) from timescaledb_information.jobs where hypertable_name is not null"
        " group by 1 order by 1"
    )
    jobs = dict(await cursor.fetchall())
    assert jobs["policy_refresh_continuous_aggregate"] == 12
    assert jobs["policy_compression"] == 6
    cursor = await pg.execute(
        "select a.view_name, j.config->>'start_offset' from timescaledb_information.jobs j"
        " join timescaledb_information.continuous_aggregates a on a.view_name = j.hypertable_name"
        " or a.materialization_hypertable_name = j.hypertable_name"
        " where j.proc_name = 'policy_refresh_continuous_aggregate' and a.view_name like '%hourly'"
    )
    starts = dict(await cursor.fetchall())
    assert starts.pop("frog_hourly") == "2 years", "all that is kept is refreshed, however late it comes"
    assert set(starts.values()) == {None}


async def test_a_refresh_policy_that_starts_elsewhere_is_replaced(pg: psycopg.AsyncConnection[Any]) -> None:
    flavour = await detect(pg)
    if flavour.timescaledb is None:
        assert not any("policy" in s for s in statements(discover(), flavour)), "views need no refresh"
        return
    for name, start in (("frog_hourly", "3 months"), ("road_hourly", "1 month")):
        await pg.execute("select remove_continuous_aggregate_policy(%s)", (name,))
        await pg.execute(
            "select add_continuous_aggregate_policy(%s, start_offset => %s::interval,"
            " end_offset => interval '1 hour', schedule_interval => interval '1 day')",
            (name, start),
        )
    await apply(pg, dict(discover()))
    cursor = await pg.execute(
        "select config->>'start_offset', count(*) from timescaledb_information.jobs"
        " where proc_name = 'policy_refresh_continuous_aggregate' group by 1 order by 1"
    )
    assert await cursor.fetchall() == [("2 years", 2), (None, 10)]


async def test_a_refresh_policy_of_an_older_cityops_goes_from_old_to_new_after_an_upgrade(
    pg: psycopg.AsyncConnection[Any],
) -> None:
    if (await detect(pg)).timescaledb is None:
        return
    made = await policies(pg)
    await pg.execute("select remove_continuous_aggregate_policy('road_daily')")
    await pg.execute(
        "select add_continuous_aggregate_policy('road_daily', start_offset => null,"
        " end_offset => interval '1 day', schedule_interval => interval '10 minutes')"
    )
    await apply(pg, dict(discover()))
    upgraded = await policies(pg)
    assert len(made) == len(upgraded) == 12
    assert len(made.items() & upgraded.items()) == 11, "the others are left as they are"
    # Before 2.20 there is no order to set, and unless told otherwise a refresh is one transaction.
    assert all(
        newest_first is False or (newest_first is None and buckets in (0, None))
        for newest_first, buckets in upgraded.values()
    )


async def policies(pg: psycopg.AsyncConnection[Any]) -> dict[int, tuple[bool | None, int | None]]:
    """Of each refresh policy, by job: whether it goes from new to old, and in batches of how many buckets."""
    cursor = await pg.execute(
        "select job_id, (config->>'refresh_newest_first')::boolean, (config->>'buckets_per_batch')::integer"
        " from timescaledb_information.jobs where proc_name = 'policy_refresh_continuous_aggregate'"
    )
    return {job: (newest_first, buckets) for job, newest_first, buckets in await cursor.fetchall()}


def test_old_servers_are_refused() -> None:
    with pytest.raises(ValueError, match="too old"):
        statements(discover(), Flavour(140000))
    with pytest.raises(ValueError, match=r"2\.19"):
        statements(discover(), Flavour(180000, "2.18.2"))
