"""The first administrator, and the commands of accounts and keys, as an operator starts them."""

from __future__ import annotations

import asyncio
import json
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.errors import ConfigurationError
from ops_api.doctor_identity import accounts
from ops_api.identity.core.keys import PATTERN
from ops_api.identity.model import IdentityRefusedError
from ops_api.identity.secrets import KEY_FILE, secret_in
from tests.fakes.command_line import cityops
from tests.fakes.identity import NOW, PASSWORD, ada, opened

SECRET = "of the tests alone, never of an installation"
LINK = re.compile(r"http://localhost:8080/sign-in/link/([A-Za-z0-9_-]{43})\n")


def command(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops(*words, CITYOPS_DB__DSN=dsn, CITYOPS_IDENTITY__SECRET=SECRET, CITYOPS_OPERATOR="op")


async def test_once_and_for_a_quarter_of_an_hour(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        first = await desk.accounts.first_admin("ada", "", "op", NOW)
        # Who has not come in yet gets another link, and the one before is void.
        again = await desk.accounts.first_admin("ada", "", "op", NOW)
        assert await desk.steps.take("link", first.token, NOW) is None
        assert await desk.steps.look("link", again.token, NOW + timedelta(minutes=15)) is None
        taken = await asyncio.gather(*(desk.steps.take("link", again.token, NOW) for _ in range(8)))
        assert sum(step is not None for step in taken) == 1
        who = await desk.accounts.named("ada")
        assert who is not None
        await desk.passwords.set(who, PASSWORD, NOW)
        for name in ("ada", "bob"):
            with pytest.raises(IdentityRefusedError, match="there is an administrator already"):
                await desk.accounts.first_admin(name, "", "op", NOW)


async def test_nobody_becomes_administrator_by_the_name_of_somebody_else(db_dsn: str) -> None:
    async with opened(db_dsn) as desk:
        await ada(desk)
        with pytest.raises(IdentityRefusedError, match="no administrator"):
            await desk.accounts.first_admin("ada", "", "op", NOW)


async def test_the_operators_way(db_dsn: str) -> None:
    done = command(db_dsn, "account", "first-admin", "ada", "--label", "Ada Lovelace")
    assert done.returncode == 0, done.stderr
    assert LINK.search(done.stdout)
    assert (
        command(db_dsn, "account", "add", "feed", "--role", "service", "--no-link").stdout == "feed is made\n"
    )
    made = command(db_dsn, "key", "make", "weather", "--owner", "feed", "--scope", "forecasts:write", "-q")
    assert PATTERN.fullmatch(made.stdout.strip()), made.stderr
    [key] = json.loads(command(db_dsn, "key", "list", "--json").stdout)
    assert (key["owner"], key["label"], key["scopes"]) == ("feed", "weather", ["forecasts:write"])
    assert made.stdout.strip()[-43:] not in json.dumps(key)
    assert "opens nothing" in command(db_dsn, "key", "revoke", made.stdout.strip()).stdout
    assert "revoked" in command(db_dsn, "key", "list").stdout
    listed = command(db_dsn, "account", "list").stdout
    assert re.search(r"^ada +admin +no way to sign in$", listed, re.MULTILINE)
    said = command(db_dsn, "account", "roles", "feed", "--role", "waste", "--role", "service")
    assert said.stdout == "feed: service, waste; signed out everywhere\n", said.stderr
    assert "signed in nowhere" in command(db_dsn, "account", "sessions", "feed").stdout
    for words in (("end-sessions", "feed"), ("reset-mfa", "feed"), ("disable", "feed"), ("enable", "feed")):
        assert command(db_dsn, "account", *words).returncode == 0, words
    assert LINK.search(command(db_dsn, "account", "link", "ada").stdout)
    # All of it is in the audit, by number and not by name.
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        rows = await (
            await conn.execute(
                "select action, actor_id, object from audit_entry where via = 'cli' order by entry_id"
            )
        ).fetchall()
        numbers = dict(await (await conn.execute("select name, account_id::text from account")).fetchall())
    assert rows[:2] == [
        ("account first-admin", "op", f"account:{numbers['ada']}"),
        ("account add", "op", f"account:{numbers['feed']}"),
    ]
    assert [row[0] for row in rows[2:]] == [
        "key make", "key revoke", "account roles", "account end-sessions", "account reset-mfa", "account disable",
        "account enable", "account link",
    ]  # fmt: skip
    assert rows[2][2] == f"key:{key['key_id']}"


async def test_a_command_makes_no_secret_that_the_site_has_not(db_dsn: str, tmp_path: Path) -> None:
    def bare(*words: str) -> subprocess.CompletedProcess[str]:
        return cityops(*words, CITYOPS_DB__DSN=db_dsn, CITYOPS_DATA_DIR=str(tmp_path), CITYOPS_OPERATOR="op")

    assert bare("account", "add", "feed", "--role", "service").returncode == 0
    no = bare("key", "make", "x", "--owner", "feed", "--scope", "desk:read")
    assert (no.returncode, "run this where the API runs" in no.stderr) == (2, True), no.stderr
    assert list(tmp_path.iterdir()) == []
    secret_in(tmp_path)
    assert bare("key", "make", "x", "--owner", "feed", "--scope", "desk:read").returncode == 0


async def test_mistakes_are_told_in_words(db_dsn: str) -> None:
    for words, status, said in (
        (("account", "link", "nobody"), 2, "there is no account 'nobody'"),
        (("account", "add", "ada", "--role", "king"), 2, "'king' is none; there are highways"),
        (("account", "add", "ada", "--role", "resident"), 2, "'resident' is none"),
        (("account", "add", "Ada L", "--role", "waste"), 1, "can't be a name"),
        (("key", "revoke", "abcdefgh"), 2, "there is no key 'abcdefgh' that holds"),
        (("key", "make", "x", "--owner", "nobody", "--scope", "open:read"), 2, "no account 'nobody'"),
    ):
        done = command(db_dsn, *words)
        assert (done.returncode, said in done.stderr) == (status, True), (words, done.stderr)


def test_processes_that_start_at_once_share_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(secret_in, [tmp_path / "new"] * 32))) == 1
    assert [p.name for p in (tmp_path / "new").iterdir()] == [KEY_FILE]


def test_the_secret_is_made_once_for_the_owners_eyes(tmp_path: Path) -> None:
    made = secret_in(tmp_path / "new")
    assert secret_in(tmp_path / "new") == made
    assert stat.S_IMODE((tmp_path / "new" / KEY_FILE).stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "new").iterdir()] == [KEY_FILE]
    assert secret_in(tmp_path / "other") != made
    (tmp_path / "new" / KEY_FILE).write_text("short")
    with pytest.raises(ConfigurationError, match="less than 32"):
        secret_in(tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="CITYOPS_IDENTITY__SECRET"):
        secret_in(tmp_path / "file")


async def test_the_doctor_says_who_can_let_others_in_and_which_keys_run_out(
    db_dsn: str, pg: psycopg.AsyncConnection[Any]
) -> None:
    async def said() -> list[tuple[str, str]]:
        return [(finding.name, finding.level) for finding in await accounts(pg)]

    assert await said() == [("accounts", "ok")]
    async with opened(db_dsn) as desk:
        await desk.accounts.first_admin("ada", "", "op", NOW)
        assert await said() == [("accounts", "warn")]
        who = await desk.accounts.named("ada")
        assert who is not None
        await desk.passwords.set(who, PASSWORD, NOW)
        now = datetime.now(UTC)
        for life in (timedelta(days=300), timedelta(days=10)):
            made = await desk.keys.make(who, "feed", ["desk:read"], now, life)
        assert await said() == [("accounts", "ok"), ("keys", "warn")]
        assert made.key_id in (await accounts(pg))[1].detail
        await desk.keys.revoke(made.key_id, now)
        assert await said() == [("accounts", "ok")]
