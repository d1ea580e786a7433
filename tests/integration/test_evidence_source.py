"""A pack of a home in PostgreSQL is, byte for byte, the pack of the same home in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from cityops.errors import TransientError
from rules.core.evidence.contents import Room
from rules.core.evidence.rows import Reading
from rules.evidence.memory_source import MemorySource
from rules.evidence.ports import NoSuchError
from rules.evidence.source import PostgresSource, one_moment
from tests.fakes.evidence_home import CODE, FIRST, HOME_ID, KINDS, LAST, ORDER, packed, source

pytestmark = pytest.mark.storage

DAY = datetime(2026, 1, 9, tzinfo=UTC)
CALIBRATIONS = """
insert into calibration (device_id, field, value_offset, from_at, how, by, evidence, created_at)
select 1, 'humidity_pct', 1.5, t, 'salt', 'Sam', '24 h over salt', '2026-01-06 12:00Z'
  from (values ('2026-01-06Z'::timestamptz), ('2026-02-01Z')) x(t)"""


def copied(rows: Sequence[Reading]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (*row[:5], *row.values)


async def store(pg: psycopg.AsyncConnection[Any], found: MemorySource) -> None:
    home = found.homes[CODE]
    await pg.execute(
        "insert into home (home_id, code, label) overriding system value values (%s, %s, %s)",
        (HOME_ID, CODE, home.label),
    )
    for kind, devices in (("frog", home.rooms), ("weather", found.weather)):
        for device in devices:
            await add_device(pg, kind, device, found.rows.get(device.device_id, []))
    await pg.execute(
        "insert into diary_entry (home_id, at, activity, note) select %s, '2026-01-07 07:30Z', 'shower', 'PRIVATE-1'",
        (HOME_ID,),
    )
    await pg.execute("insert into device_sequence values (1, 1, '{[1,241),[289,961)}'), (2, 1, '{[1,961)}')")


async def store_damp(pg: psycopg.AsyncConnection[Any], found: MemorySource) -> None:
    for d in found.days[HOME_ID]:
        row = msgspec.structs.asdict(d)
        del row["device"]
        row |= {
            "mould": Jsonb(row["mould"]),
            "flags": list(row["flags"]),
            "calibrations": list(row["calibrations"]),
        }
        row |= {"home_id": HOME_ID, "device_id": 1, "hours": 24, "excess_hours": 0, "mould_state": b""}
        await insert(pg, "damp_day", row)
    for w in found.weeks[HOME_ID]:
        row = msgspec.structs.asdict(w)
        for name in ("device", "room", "rests_from", "rests_to"):
            del row[name]
        row |= {n: Jsonb(row[n]) for n in ("evidence", "iso", "standard", "monthly")}
        await insert(pg, "damp_finding", row | {"home_id": HOME_ID, "device_id": 1, "advice": Jsonb({})})


async def insert(pg: psycopg.AsyncConnection[Any], table: str, row: dict[str, Any]) -> None:
    names, places = (
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(map(sql.Placeholder, row)),
    )
    statement = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), names, places)
    await pg.execute(statement, row)


async def add_device(
    pg: psycopg.AsyncConnection[Any], kind: str, device: Room, rows: Sequence[Reading]
) -> None:
    await pg.execute(
        "insert into device (device_id, name, kind, shard, label, latitude_deg, longitude_deg, cadence_s, installed_at)"
        " overriding system value values (%s, %s, %s, 0, %s, %s, %s, %s, %s)",
        (
            device.device_id, device.device, kind, device.label, device.latitude_deg, device.longitude_deg,
            device.cadence_s, device.installed_at,
        ),
    )  # fmt: skip
    if kind == "frog":
        await pg.execute(
            "insert into home_device values (%s, %s, %s)", (device.device_id, HOME_ID, device.label)
        )
    names = ["ts", "received_at", "seq", "boot", "quality", *(f.name for f in KINDS[kind].fields)]
    statement = f"copy {kind}_reading (device_id, {', '.join(names)}) from stdin"
    await pg.execute("select ensure_partitions('2026-01-01', '2026-01-31')")
    async with pg.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[arg-type]
        for row in copied(rows):
            await copy.write_row((device.device_id, *row))


async def test_the_pack_is_the_same_from_memory_and_from_the_database(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    await store(pg, source())
    await store_damp(pg, source())
    await pg.execute(CALIBRATIONS)
    expected, _ = await packed(diary=True)
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, options="-c timezone=UTC") as conn,
        one_moment(conn, KINDS) as stored,
    ):
        made, pack = await packed(diary=True, found=stored)
        assert made == expected
        assert pack.bytes == len(made)
        await ask(stored)


async def ask(stored: PostgresSource) -> None:
    twin = source()
    with pytest.raises(NoSuchError, match=r"^No home has this code\.$"):
        await stored.home("nobody")
    for device_id, kind in ((1, "frog"), (9, "weather")):
        span = (kind, device_id, DAY, DAY + timedelta(days=2))
        assert list(await stored.readings(*span)) == list(await twin.readings(*span))
    assert list(await stored.reporting("weather", [8, 9], DAY, DAY + timedelta(days=1))) == [9]
    assert list(await stored.reporting("frog", [2, 1], DAY + timedelta(days=1), DAY + timedelta(days=2))) == [
        2
    ]


async def test_what_comes_while_a_pack_is_made_is_not_in_it(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    found = source()
    await store(pg, found)
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, options="-c timezone=UTC") as conn,
        one_moment(conn, KINDS) as stored,
    ):
        before = await stored.readings("frog", 2, DAY, DAY + timedelta(days=1))
        await pg.execute("update frog_reading set temperature_c = 1 where device_id = 2")
        assert await stored.readings("frog", 2, DAY, DAY + timedelta(days=1)) == before
        assert await stored.calibrations([1, 2], DAY, DAY) == []
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await conn.execute("delete from diary_entry")
    assert (ORDER.from_day, ORDER.to_day) == (FIRST, LAST) == (date(2026, 1, 5), date(2026, 1, 24))


async def test_a_database_that_goes_away_is_told(db_dsn: str, pg: psycopg.AsyncConnection[Any]) -> None:
    conn = await psycopg.AsyncConnection.connect(db_dsn)

    async def look() -> None:
        async with one_moment(conn, KINDS) as stored:
            await pg.execute("select pg_terminate_backend(%s)", (conn.info.backend_pid,))
            await stored.stations()

    with pytest.raises(TransientError):
        await look()
    await conn.close()
