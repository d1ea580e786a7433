"""The doctor sees whether the website's role is taken, and whether its own login has more than its roles."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ops_api.doctor_role import website_role
from ops_api.web_login import APART, make_web_login

LOGIN = "doctor_web"


@pytest.mark.parametrize(
    ("attributes", "level", "said"),
    [
        ("noinherit in role cityops_api, cityops_registrar", "warn", "may become cityops_registrar"),
        ("in role cityops_api, cityops_registrar", "warn", "rights beside its roles"),
        ("noinherit superuser in role cityops_api", "warn", "rights beside its roles"),
        ("noinherit", "fail", "permission denied"),
    ],
)
async def test_a_login_of_its_own(db_dsn: str, attributes: str, level: str, said: str) -> None:
    with psycopg.connect(db_dsn, autocommit=True) as owner:
        owner.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(LOGIN)))
        owner.execute(f"create role {LOGIN} login {attributes}")
        try:
            [found] = await website_role(make_conninfo(db_dsn, user=LOGIN, password=""), own_login=True)
        finally:
            owner.execute(f"drop role {LOGIN}")
    assert found.level == level, found
    assert said in found.detail


async def test_the_logins_that_an_upgrade_makes_and_one_that_is_missing(db_dsn: str) -> None:
    web = make_conninfo(db_dsn, user=LOGIN, password="w" * 20)
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as owner:
        await make_web_login(owner, web)
        try:
            [found] = await website_role(web, own_login=True)
            assert (found.level, found.detail) == ("ok", "cityops_api, on a login of its own")
            database = sql.Identifier(owner.info.dbname)
            await owner.execute(sql.SQL("grant temporary on database {} to public").format(database))
            [more] = await website_role(web, own_login=True)
            assert (more.level, "temporary tables" in more.detail) == ("warn", True)
            assert await make_web_login(owner, web) == []
            await owner.execute(f"revoke cityops_officer from {LOGIN}_housing")
            _, lacks = await website_role(web, own_login=True)
            assert (lacks.level, lacks.name) == ("fail", "website's login for housing")
        finally:
            for name in (LOGIN, *(f"{LOGIN}_{key}" for key in APART)):
                await owner.execute(f"drop owned by {name}")
                await owner.execute(f"drop role {name}")


async def test_the_owners_login_and_one_that_does_not_answer(db_dsn: str) -> None:
    [found] = await website_role(db_dsn, own_login=False)
    assert (found.level, found.detail) == ("ok", "cityops_api, on the owner's login")
    [gone] = await website_role("postgresql://nobody@127.0.0.1:1/none", own_login=True)
    assert gone.level == "fail"
