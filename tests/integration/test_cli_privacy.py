"""``cityops privacy`` as its user starts it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from ingest.retention import Retention
from tests.fakes.command_line import cityops
from tests.fakes.households import Street, street

pytestmark = pytest.mark.storage


def privacy(lane: Street, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops(
        "privacy", *words, CITYOPS_DB__DSN=lane.dsn, CITYOPS_DATA_DIR=str(folder), CITYOPS_OPERATOR="kim"
    )


async def audited(lane: Street) -> list[tuple[str, str, str]]:
    return await lane.sql("select action, actor_id, object from audit_entry order by entry_id")


async def test_a_resident_is_forgotten_and_nothing_is_left(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=2) as lane:
        mine = lane.residents[1]
        seen = privacy(lane, tmp_path, "leftovers", "RESIDENT 1", "--json")
        assert seen.returncode == 1, seen.stderr
        assert json.loads(seen.stdout) == [{"where": "resident", "column": "name", "rows": 1}]
        words = ("erase", "--home", "home-code-1", "--member", mine)
        assert "--yes" in privacy(lane, tmp_path, *words).stderr
        done = privacy(lane, tmp_path, *words, "--yes")
        assert done.returncode == 0, done.stderr
        assert "200 readings" in done.stdout
        left = privacy(lane, tmp_path, "leftovers", "Resident 1")
        assert (left.returncode, left.stdout) == (0, "nowhere\n")
        # The neighbours' are there, and whoever restores a back-up is told who is gone: by number.
        assert await lane.sql("select count(*) from resident") == [(1,)]
        found = privacy(lane, tmp_path, "leftovers", mine)
        assert {line.split()[1].split("/")[0] for line in found.stdout.splitlines()} == {"gone"}
        # Who did it is in the audit; of whom is not.
        lines = await audited(lane)
        assert {who for _, who, _ in lines} == {"kim"}
        assert ("privacy erase", "kim", f"home:{await lane.home(1)}") in lines
        assert "esident" not in str(lines)
        again = privacy(lane, tmp_path, *words, "--yes")
        assert "does not live there" in again.stderr


async def test_a_resident_who_asks_by_letter_gets_what_her_page_would_give(
    db_dsn: str, tmp_path: Path
) -> None:
    async with street(db_dsn, homes=2) as lane:
        out, mine = tmp_path / "ann.zip", lane.residents[1]
        ask = ("export", "--home", "home-code-1", "--member")
        done = privacy(lane, tmp_path, *ask, mine, "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert out.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(out) as packed:
            assert packed.testzip() is None
            readings = packed.read("readings/frog-1.csv").decode().splitlines()
            assert "frog-2" not in "".join(packed.namelist())
        assert len(readings) == 201
        # The household is told, the audit too, and nobody stays signed in.
        assert await lane.sql("select who, role, what from access_log") == [
            ("kim", "operations", "a copy of everything")
        ]
        assert (await audited(lane))[-1] == ("privacy export", "kim", f"home:{await lane.home(1)}")
        signed_in = (
            "select count(*) from resident_session where revoked_at is null and resident_id::text = %s"
        )
        assert await lane.sql(signed_in, mine) == [(1,)]
        other = privacy(lane, tmp_path, *ask, lane.residents[2], "--out", str(tmp_path / "x.zip"))
        assert "does not live there" in other.stderr
        assert not (tmp_path / "x.zip").exists()


async def test_who_moved_out_can_still_ask_to_be_forgotten(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=1) as lane:
        mine = lane.residents[1]
        place = {"CITYOPS_DB__DSN": lane.dsn, "CITYOPS_DATA_DIR": str(tmp_path)}
        assert cityops("homes", "moved-out", "home-code-1", "--all", **place).returncode == 0
        assert cityops("homes", "members", "home-code-1", **place).stdout == "nobody has joined\n"
        past = cityops("homes", "members", "home-code-1", "--past", **place)
        assert mine in past.stdout
        assert "moved out" in past.stdout
        done = privacy(lane, tmp_path, "erase", "--home", "home-code-1", "--member", mine, "--yes")
        assert done.returncode == 0, done.stderr
        assert "200 readings" in done.stdout
        assert await lane.sql("select count(*) from resident") == [(0,)]


async def test_an_officer_and_a_reminded_one_are_given_what_is_kept(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=1) as lane:
        for statement in (
            "insert into account (name, label, roles, made_by) values ('ada.highways', 'Ada', '{highways}', 'kim')",
            "insert into account_password select account_id, 'argon-secret' from account",
            (
                "insert into staff_session (account_id, account_epoch, token_hash, made_at, rotated_at, seen_at, strong_at, expires_at, how, mfa)"
                " select account_id, 0, 'tokenmark', now(), now(), now(), now(), now(), 'password', true from account"
            ),
            "insert into what_if (by, role, via, note, document, recorded_at, at) values ('Ada.Highways', 'highways', 'web', 'n', '{}', now(), now())",
            "insert into what_if (by, role, via, note, document, recorded_at, at) values ('ben', 'highways', 'web', 'n', '{}', now(), now())",
            "insert into premises (uprn, address, words, rounds) values (7, '1 A Road', '{}', '{}')",
            (
                "insert into bin_reminder (uprn, channel, address, evening, morning, code, asked_at)"
                " values (7, 'mail', 'mo@x.example', true, false, 'secretcode', now())"
            ),
        ):
            await lane.sql(statement)
        out = tmp_path / "ada.zip"
        done = privacy(lane, tmp_path, "export", "ada.highways", "--out", str(out))
        assert done.returncode == 0, done.stderr
        assert out.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(out) as packed:
            assert set(packed.namelist()) == {
                "account.jsonl",
                "staff_session.jsonl",
                "what_if.jsonl",
                "README.txt",
            }
            [act] = packed.read("what_if.jsonl").decode().splitlines()
            assert json.loads(act)["by"] == "Ada.Highways"
            every = b"".join(packed.read(name) for name in packed.namelist())
        assert b"argon-secret" not in every
        assert b"746f6b656e" not in every  # the token's mark, in hex
        assert b"what_if.jsonl: 1 row" in every
        again = privacy(lane, tmp_path, "export", "ada.highways", "--out", str(out))
        assert again.returncode != 0
        assert "there already" in again.stderr
        mo = tmp_path / "mo.zip"
        assert privacy(lane, tmp_path, "export", "MO@x.example", "--out", str(mo)).returncode == 0
        with zipfile.ZipFile(mo) as packed:
            assert b"secretcode" not in packed.read("bin_reminder.jsonl")
        nobody = privacy(lane, tmp_path, "export", "nobody", "--out", str(tmp_path / "n.zip"))
        assert "0 rows of 0 tables" in nobody.stdout
        gone = privacy(lane, tmp_path, "erase", "--reminders", "Mo@X.example", "--yes")
        assert "1 reminders" in gone.stdout
        assert await lane.sql("select count(*) from bin_reminder") == [(0,)]


async def test_the_report_says_ages_and_what_went(db_dsn: str, tmp_path: Path) -> None:
    async with street(db_dsn, homes=1) as lane:
        assert "no look yet" in privacy(lane, tmp_path, "report").stdout
        await lane.sql(
            "insert into account (name, label, made_by, made_at) values ('old.one', 'O', 'kim', now() - interval '400 days')"
        )
        await Retention(db_dsn, 90).drop()
        told = json.loads(privacy(lane, tmp_path, "report", "--json").stdout)
        assert told["days"]["account"] == 365
        [run] = told["dropped"]
        assert run["account"] == 1
        assert "crew photo" not in run
        assert "1 account" in privacy(lane, tmp_path, "report").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("leftovers", "ab"), "three characters"),
        (("erase", "--yes"), "say --home HOME"),
        (("export", "--out", "x.zip"), "say NAME"),
        (("export", "ada", "--home", "x", "--out", "x.zip"), "say NAME"),
        (("erase", "--home", "nope", "--member", "x", "--yes"), "there is no home 'nope'"),
    ],
)
async def test_mistakes_are_told_in_words(
    db_dsn: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = cityops("privacy", *words, CITYOPS_DB__DSN=db_dsn, CITYOPS_DATA_DIR=str(tmp_path))
    assert done.returncode != 0
    assert said in done.stderr
