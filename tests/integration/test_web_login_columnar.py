"""The website's logins read what they must of columnar chunks and of what is added up, and nothing else of it.

On TimescaleDB rows lie in chunks, columnar chunks and materialized aggregates of other names, with rights of their own, and no policy is
on them. On plain PostgreSQL the same names are partitions and views.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ops_api.web_login import APART, WEB_ROLES, login_beside, make_web_login
from tests.fakes.databases import own_database
from tests.fakes.households import Street, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

DAYS = 20
INNER = (
    "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    " where relkind in ('r', 'p', 'v', 'm') and (nspname ~ '^_timescaledb_(internal|catalog|cache)' or relispartition)"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, db_template: str) -> AsyncIterator[tuple[Street, str]]:
    """A street with three weeks of a kerb and of frogs, columnar and added up where the server has that; and the login."""
    with own_database(pg_server, "columnar", db_template) as dsn:
        async with street(dsn, 4) as lane:
            await _past(lane)
            web = make_conninfo(dsn, user=f"columnar_{secrets.token_hex(4)}", password="p" * 20)
            await make_web_login(lane.conn, web)
            try:
                yield lane, web
            finally:
                for one in (web, *(login_beside(web, key) for key in APART)):
                    user = conninfo_to_dict(one)["user"]
                    await lane.sql(f"drop owned by {user}")
                    await lane.sql(f"drop role {user}")


async def _past(lane: Street) -> None:
    await lane.sql("select ensure_partitions(now() - interval '25 days', now())")
    await lane.sql(
        "insert into device (name, kind, shard, cadence_s, installed_at) values ('kerb', 'road', 0, 60, now() - interval '1 year')"
    )
    for kind, columns, values in (
        ("road", "surface_temperature_c, air_temperature_c, humidity_pct", "1.5, 2.5, 90"),
        ("frog", "temperature_c, humidity_pct", "17.25, 71"),
    ):
        await lane.sql(
            f"insert into {kind}_reading (ts, device_id, boot, seq, received_at, {columns})"
            f" select date_trunc('hour', now()) - h * interval '1 hour', device_id, 9, h, now(), {values}"
            f"   from device, generate_series(24, {24 * DAYS}) h where kind = '{kind}'"
        )
    if await columnar(lane):
        for kind in ("road", "frog"):
            await lane.sql(
                f"select compress_chunk(c) from show_chunks('{kind}_reading', older_than => interval '8 days') c"
            )
            for added in ("hourly", "daily"):
                await lane.sql(f"call refresh_continuous_aggregate('{kind}_{added}', null, null)")


async def columnar(lane: Street) -> bool:
    return bool(await lane.sql("select from pg_extension where extname = 'timescaledb'"))


async def count(conn: psycopg.AsyncConnection[object], query: str) -> int:
    return len(await (await conn.execute(query)).fetchall())  # type: ignore[arg-type]


async def test_it_reads_roads_and_a_resident_her_own(site: tuple[Street, str]) -> None:
    lane, web = site
    if await columnar(lane):
        chunks = "select from timescaledb_information.chunks where is_compressed and hypertable_name = 'frog_reading'"
        assert await lane.sql(chunks)
    async with await psycopg.AsyncConnection.connect(
        web, autocommit=True, options="-c role=cityops_api"
    ) as conn:
        assert (
            await count(
                conn,
                "select ts, surface_temperature_c from road_reading where ts < now() - interval '8 days'",
            )
            > 200
        )
        for added, least in (("hourly", 400), ("daily", 18)):
            assert await count(conn, f"select * from road_{added}") >= least, added
        assert (
            await count(conn, "select * from health.stored('frog', now() - interval '21 days', now())") == 4
        )
        for table in ("reading", "hourly", "daily", "latest"):
            with pytest.raises(errors.InsufficientPrivilege):
                await conn.execute(f"select * from frog_{table}")
        await conn.execute("set role cityops_resident")
        await conn.execute("select set_config('cityops.session', 'token-3', false)")
        own = await lane.device(3)
        for view, least in (("frog_reading", 400), ("frog_hourly", 400), ("frog_daily", 17)):
            rows = await (await conn.execute(f"select device_id from my.{view}")).fetchall()  # type: ignore[call-overload]
            assert len(rows) >= least, view
            assert {device for (device,) in rows} == {own}, view
        await conn.execute("select set_config('cityops.session', 'nobody', false)")
        assert await count(conn, "select * from my.frog_hourly") == 0
        await conn.execute("set role cityops_open")
        assert await count(conn, "select * from sta_open.road_reading") > 400
        with pytest.raises(errors.UndefinedTable):
            await conn.execute("select * from sta_open.frog_reading")


async def test_no_login_reads_what_lies_behind_the_names(site: tuple[Street, str]) -> None:
    """Chunks, columnar chunks, materializations, partitions: by the name that the catalogue gives."""
    lane, web = site
    inner = [name for (name,) in await lane.sql(INNER)]
    assert len(inner) > 4
    for dsn, roles in ((web, WEB_ROLES), *((login_beside(web, k), APART[k]) for k in APART)):
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            for role in ("none", *roles):
                await conn.execute(f"set role {role}")
                for name in inner:
                    try:
                        rows = await (await conn.execute(f"select x::text from {name} x")).fetchall()  # type: ignore[call-overload]
                    except errors.InsufficientPrivilege:
                        continue
                    except errors.Error:  # no table to be read as rows
                        continue
                    assert "17.25" not in str(rows), (role, name)
