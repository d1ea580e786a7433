"""Road forecasts by day of issue: older rows are carried over, a day goes at once, and the print of the roads follows them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.db.migrate import upgrade
from cityops.db.migration_files import migrations
from rules.winter.forecaster.store import PostgresRoadForecasts

pytestmark = pytest.mark.storage

DAY_S = 86_400.0
START_S = 1_767_960_000.0  # 9 January 2026, 12:00 UTC
ISSUE = """
insert into road_forecast_issue (issued_at, available_at, received_at, weather, members, limit_c, segments)
values (to_timestamp(%(at)s), to_timestamp(%(at)s), to_timestamp(%(at)s), 'forecast', 20, 1.2, 1) returning forecast_id
"""
OLD_ROW = """
insert into road_forecast (forecast_id, segment_id, surface_c, deviation_c, source, condition, water_mm, salt_g_m2, hours)
values (%(id)s, 's0', 1, 0.2, 'sensor', 'damp', 0, 0, array_fill(-150::smallint, array[9, 24]))
"""
ROW = OLD_ROW.replace("(forecast_id,", "(forecast_id, issued_at,").replace(
    "%(id)s,", "%(id)s, to_timestamp(%(at)s),"
)
DAYS = """
select array_agg(c.relname::text order by c.relname) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'road_forecast'::regclass
"""
PRINT = """
select p.stretches, p.print, count(s.segment_id), coalesce(sum(road_print(segment_id, street, route_id, geometry)), 0)
from road_map_print p left join road_segment s on true group by p.stretches, p.print
"""
Connection = psycopg.AsyncConnection[Any]


async def first(conn: Connection, query: str, **given: object) -> Any:
    row = await (await conn.execute(query, given)).fetchone()
    assert row is not None
    return row


async def an_issue(conn: Connection, at_s: float, row: str = ROW) -> int:
    number = int((await first(conn, ISSUE, at=at_s))[0])
    if row == ROW:
        await conn.execute("select ensure_road_forecast_day(to_timestamp(%s))", [at_s])
    await conn.execute(row, {"id": number, "at": at_s})
    return number


async def a_stretch(conn: Connection, name: str) -> None:
    await conn.execute("insert into road_node values (1, 52.2, 0.1), (2, 52.3, 0.1) on conflict do nothing")
    await conn.execute(
        "insert into road_segment (segment_id, street, road_class, from_node, to_node, length_m, width_m, geometry) "
        "values (%s, 'High Street', 'A', 1, 2, 100, 7, '[[0.1, 52.2], [0.1, 52.3]]')",
        [name],
    )


async def test_what_was_forecast_before_is_carried_over(empty_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(empty_dsn, autocommit=True) as conn:
        await upgrade(conn, migrations=migrations()[:20], routines=())
        await a_stretch(conn, "s0")
        one = await an_issue(conn, START_S, OLD_ROW)
        two = await an_issue(conn, START_S + 0.5 * DAY_S, OLD_ROW)
        await upgrade(conn)
        assert (await first(conn, DAYS))[0] == ["road_forecast_2026_01_09", "road_forecast_2026_01_10"]
        rows = await (await conn.execute(
            "select forecast_id, count(*), min(middle_c)::float8 from road_forecast_hour group by 1 order by 1"
        )).fetchall()  # fmt: skip
        assert rows == [(one, 24, -1.5), (two, 24, -1.5)]
        stretches, kept, there, worked_out = await first(conn, PRINT)
        assert (stretches, kept) == (there, worked_out) == (1, worked_out)


@pytest.fixture
async def store(db_dsn: str) -> Any:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool:
        yield PostgresRoadForecasts(pool)


async def test_days_before_are_dropped_whole_but_the_newest_stays(
    pg: Connection, store: PostgresRoadForecasts
) -> None:
    numbers = [await an_issue(pg, START_S + day * DAY_S) for day in (0.0, 1.0, 2.0, 2.1)]
    assert await store.forget(START_S + 1.2 * DAY_S) == 2
    assert (await first(pg, DAYS))[0] == ["road_forecast_2026_01_10", "road_forecast_2026_01_11"]
    assert await store.by_id(numbers[1]) is None, "its day goes on, its issue is gone"
    assert await store.forget(START_S + 9.0 * DAY_S) == 1
    assert (await first(pg, DAYS))[0] == ["road_forecast_2026_01_11"]
    newest = await store.newest()
    assert newest is not None
    assert newest.forecast_id == numbers[3]


async def test_a_day_that_somebody_reads_goes_later(
    pg: Connection, store: PostgresRoadForecasts, db_dsn: str
) -> None:
    for day in (0.0, 3.0):
        await an_issue(pg, START_S + day * DAY_S)
    async with await psycopg.AsyncConnection.connect(db_dsn) as reader:
        await reader.execute("select * from road_forecast limit 1")
        assert await store.forget(START_S + 2.0 * DAY_S) == 1
        assert len((await first(pg, DAYS))[0]) == 2
    await store.forget(START_S + 2.0 * DAY_S)
    assert len((await first(pg, DAYS))[0]) == 1


async def test_the_rows_of_an_issue_are_looked_for_in_its_day_only(pg: Connection) -> None:
    number = [await an_issue(pg, START_S + day * DAY_S) for day in (0.0, 1.0, 2.0)][1]
    plan = await (await pg.execute(
        "explain (analyze, costs off, timing off) select from road_forecast where forecast_id = %s and segment_id = 's0'"
        "and issued_at = (select issued_at from road_forecast_issue where forecast_id = %s)", [number, number]
    )).fetchall()  # fmt: skip
    text = "\n".join(line for (line,) in plan)
    assert text.count("(never executed)") >= 2, text


async def test_the_print_of_the_roads_is_kept_as_they_change(pg: Connection) -> None:
    seen: list[Any] = []
    for change in (
        "select",
        "update road_segment set street = 'Low Street' where segment_id = 's1'",
        "update road_segment set length_m = 9",
        "update road_segment set geometry = '[]' where segment_id = 's0'",
        "delete from road_segment where segment_id = 's0'",
        "truncate road_segment cascade",
    ):
        if not seen:
            await a_stretch(pg, "s0")
            await a_stretch(pg, "s1")
        await pg.execute(change)
        stretches, kept, there, worked_out = await first(pg, PRINT)
        assert (stretches, kept) == (there, worked_out), change
        seen.append(kept)
    assert seen[1] == seen[2], "a length is not drawn"
    assert len(set(seen)) == 5
