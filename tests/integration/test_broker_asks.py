"""A broker that asks the database for devices' logins, as deploy/emqx does: with its own query, its own role, and its own arithmetic."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from devices.contract.provisioning import SALT_BYTES, make_verifier
from tests.fakes import hocon
from tests.fakes.provisioned import WHO, Card, Office, office_on

CONF = hocon.parse(
    (Path(__file__).parents[2] / "deploy/emqx/emqx.conf").read_text(encoding="utf-8")
)["authentication"][1]  # fmt: skip


@pytest.fixture
async def office(db_dsn: str) -> AsyncIterator[Office]:
    async with office_on(db_dsn) as made:
        yield made


class Emqx:
    """What EMQX does with an answer (apps/emqx/src/emqx_passwd.erl, apps/emqx_auth_postgresql): the first row counts."""

    def __init__(self, conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._conn = conn
        self._query = str(CONF["query"]).strip('"').replace("${username}", "%s")

    async def lets_in(self, name: str, password: str) -> bool:
        row = await (await self._conn.execute(self._query, (name,), binary=True)).fetchone()  # type: ignore[call-overload]
        if row is None:
            return False  # passed over, and it is the last
        hashing, (wanted, salt) = CONF["password_hash_algorithm"], row
        made = hashlib.pbkdf2_hmac(
            hashing["mac_fun"], password.encode(), bytes(salt), int(hashing["iterations"]), int(hashing["dk_length"])
        )  # fmt: skip
        return made.hex() == wanted


@pytest.fixture
async def emqx(office: Office, db_dsn: str) -> AsyncIterator[Emqx]:
    """The role that docs/provisioning.md says, and nothing more."""
    role = f"emqx_{os.urandom(4).hex()}"
    named = sql.Identifier(role)
    for statement in (
        "create role {} login",
        "grant usage on schema public to {}",
        "grant execute on function broker_login(text, integer) to {}",
    ):
        await office.conn.execute(sql.SQL(statement).format(named))
    await office.conn.commit()
    async with await psycopg.AsyncConnection.connect(
        make_conninfo(db_dsn, user=role), autocommit=True
    ) as conn:
        yield Emqx(conn)
    await office.conn.execute(sql.SQL("drop owned by {}").format(named))
    await office.conn.execute(sql.SQL("drop role {}").format(named))
    await office.conn.commit()


async def test_who_claimed_comes_in_and_who_is_kept_out_does_not(office: Office, emqx: Emqx) -> None:
    card = await office.provisioned("frog-1")
    other = await office.provisioned("frog-2")
    await office.desk.add("frog-3", "frog", WHO)
    assert await emqx.lets_in("frog-1", card.password)
    assert await emqx.lets_in("frog-2", other.password)
    for name, password in (
        ("frog-1", other.password), ("frog-1", ""), ("frog-3", ""), ("nobody", card.password), ("", ""),
        ("' or true --", card.password),
    ):  # fmt: skip
        assert not await emqx.lets_in(name, password), name
    await office.desk.quarantine("frog-1", WHO, "a test")
    assert not await emqx.lets_in("frog-1", card.password)
    await office.desk.release("frog-1", WHO)
    assert await emqx.lets_in("frog-1", card.password)
    await office.desk.revoke("frog-1", WHO, "a test")
    assert not await emqx.lets_in("frog-1", card.password)
    await office.desk.retire("frog-2", WHO, "a test")
    assert not await emqx.lets_in("frog-2", other.password)


async def test_other_rounds_than_the_brokers_are_no_login(office: Office, emqx: Emqx) -> None:
    """EMQX has one number for all: a login of 1000 rounds would be compared wrongly, so it is not told."""
    await office.desk.add("frog-1", "frog", WHO)
    password = "as mosquitto_passwd of 2.1 makes it"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), b"s" * SALT_BYTES, 1000)
    card = Card(password=password, verifier=_verifier(1000, b"s" * SALT_BYTES, digest))
    await office.claim((await office.desk.label("frog-1", WHO)).code, card)
    assert not await emqx.lets_in("frog-1", password)
    assert make_verifier(password, b"s" * SALT_BYTES).startswith("$7$101$")


def _verifier(rounds: int, salt: bytes, digest: bytes) -> str:
    from base64 import b64encode

    return f"$7${rounds}${b64encode(salt).decode()}${b64encode(digest).decode()}"


async def test_the_brokers_role_reads_no_table(emqx: Emqx) -> None:
    for table in ("device_credential", "device", "device_state", "home"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await emqx._conn.execute(sql.SQL("select from {}").format(sql.Identifier(table)))
