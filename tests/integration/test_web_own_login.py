"""The whole website on a login that may take its roles and nothing else: pages, joining, a sign-in, a deletion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from cityops.errors import TransientError
from cityops.settings import DbSettings, Settings
from cityops.settings_api import ApiSettings
from devices.contract.kind import discover
from devices.registry import Registry
from ingest.erasure import Erasure
from ingest.erasure_queue import ErasureQueue
from ops_api.households.people import People
from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb
from ops_api.role_pools import roles_apart
from ops_api.web_login import APART, make_web_login
from tests.fakes import website
from tests.fakes.command_line import cityops
from tests.fakes.households import NOW, street

pytestmark = pytest.mark.storage

LOGIN = "own_login_web"
LOGINS = (LOGIN, *(f"{LOGIN}_{key}" for key in APART))
PAGES = (
    "/", "/home", "/ops", "/alarms", "/bins", "/winter", "/work", "/health", "/rules", "/incidents", "/housing/wards", "/bin-day",
    "/api/v1/status", "/api/v1/devices", "/api/v1/readings/latest?kind=frog", "/api/v1/alarms", "/readyz", "/metrics", "/sign-in",
)  # fmt: skip


@asynccontextmanager
async def own_login(dsn: str) -> AsyncIterator[str]:
    """The logins as `cityops db upgrade` makes them."""
    web = make_conninfo(dsn, user=LOGIN, password="w" * 20)
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        assert await make_web_login(owner, web) == [f"login {name}" for name in LOGINS]
        try:
            yield web
        finally:
            for name in LOGINS:
                await owner.execute(f"drop owned by {name}")
                await owner.execute(f"drop role {name}")


async def test_the_website_works_on_it_and_its_deletions_are_done_by_the_ingester(
    db_dsn: str, tmp_path: Path
) -> None:
    async with street(db_dsn, homes=2) as lane, own_login(db_dsn) as login:
        home = await lane.home(1)
        async with AsyncConnectionPool(db_dsn, min_size=1, open=False) as pool:
            label = await People(Db(pool)).label(home)
        queue, stop = ErasureQueue(db_dsn, Erasure(db_dsn, discover())), asyncio.Event()
        worker = asyncio.create_task(queue.run(stop))
        try:
            # The process has no other login: with the owner's it would work whatever the roles say.
            async with website.running(
                "", Registry(name="t"), datetime.now(UTC), data_dir=tmp_path, login=login
            ) as site:
                for path in PAGES:
                    answer = await site.http.get(path, follow_redirects=True)
                    assert answer.status_code in (200, 401, 404), (
                        path,
                        answer.status_code,
                        answer.text[:200],
                    )
                joined = await site.http.post("/api/v1/join", json={"code": label, "name": "Mo"})
                assert joined.status_code == 201, joined.text
                mine = {"Authorization": f"Bearer {joined.json()['token']}"}
                api = "/api/v1/homes/home-code-1"
                seen = await site.http.get(api, headers=mine)
                assert seen.status_code == 200, seen.text
                assert (await site.http.get("/api/v1/homes/home-code-2", headers=mine)).status_code == 404
                note = await site.http.post(f"{api}/diary", headers=mine, json={"activity": "shower"})
                assert note.status_code == 201, note.text
                days = {"from": str(NOW.date()), "to": str(NOW.date())}
                pack = await site.http.post(f"{api}/evidence", headers=mine, json=days)
                assert pack.status_code == 200, pack.text[:300]
                assert await lane.sql("select made_by from evidence_pack") != []
                who = await lane.sql(
                    "select distinct usename from pg_stat_activity where datname = current_database()"
                    " and application_name in ('cityops-api', 'cityops-listen')"
                )
                assert who == [(LOGIN,)]
                # What is left on a connection by a statement that got into a page is not there for a resident.
                pages = "select distinct usename from pg_stat_activity where application_name = 'cityops-pages' and datname = current_database()"
                assert await lane.sql(pages) == [(LOGIN,)]
                apart = await lane.sql(
                    "select distinct application_name, usename from pg_stat_activity where datname = current_database()"
                    " and application_name = any (%s) order by 1",
                    [f"cityops-{key}" for key in APART],
                )
                assert apart == [(f"cityops-{key}", f"{LOGIN}_{key}") for key in sorted(APART)]
                gone = await site.http.delete(f"{api}/data", headers=mine, params={"what": "everything"})
                assert gone.status_code == 200, gone.text
                assert gone.json()["done_at"] is not None
                assert await lane.sql("select name from resident order by 1") == [
                    ("Resident 1",),
                    ("Resident 2",),
                ]
        finally:
            stop.set()
            await asyncio.wait_for(worker, 5)


async def test_commands_of_accounts_and_the_doctor_run_where_the_api_does(
    db_dsn: str, tmp_path: Path
) -> None:
    """They need the API's folder, where its login is the only one."""
    async with own_login(db_dsn) as login:
        place = {
            "CITYOPS_API__DSN": login,
            "CITYOPS_DATA_DIR": str(tmp_path),
            "CITYOPS_IDENTITY__SECRET": "s" * 40,
        }
        made = await asyncio.to_thread(cityops, "account", "first-admin", "boss.one", **place)
        assert made.returncode == 0, made.stderr
        assert "/sign-in/link/" in made.stdout
        async with await psycopg.AsyncConnection.connect(db_dsn) as owner:
            rows = await (await owner.execute("select action, actor_kind from audit_entry")).fetchall()
        assert rows == [("account first-admin", "cli")]
        seen = await asyncio.to_thread(cityops, "doctor", **place)
        assert "cityops_api, on a login of its own" in seen.stdout


async def test_where_the_login_is_the_owners_there_is_no_other(db_dsn: str) -> None:
    """It takes every role itself, and reaches all tables anyway."""
    settings = Settings(api=ApiSettings(dsn=db_dsn))
    async with (
        AsyncConnectionPool(db_dsn, min_size=1, open=False) as pool,
        roles_apart(settings, pool),
    ):
        who = await RoleDb(Db(pool), "cityops_registrar").fetch(sql.SQL("select current_user as role"), {})
    assert who == [{"role": "cityops_registrar"}]


async def test_one_of_the_other_logins_that_is_not_there_is_told_at_the_start(db_dsn: str) -> None:
    async with own_login(db_dsn) as login, AsyncConnectionPool(login, min_size=1, open=False) as pool:
        async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as owner:
            await owner.execute(f"revoke cityops_registrar from {LOGIN}_people")
        settings = Settings(
            api=ApiSettings(dsn=login), db=DbSettings(dsn=login, connect_timeout_s=1.0, pool_min=0)
        )
        with pytest.raises(TransientError, match='permission denied to set role "cityops_registrar"'):
            async with roles_apart(settings, pool):
                pass
