"""``cityops audit``: as an operator runs it, with heads that were kept elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from ops_api.cli import app


@pytest.fixture
def audit(db_dsn: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CITYOPS_DB__DSN", db_dsn)
    with psycopg.connect(db_dsn) as connection:
        for number in range(4):
            connection.execute(
                "select audit_add(1, 'staff', 'a', '', 'web', 'POST /x', %s, '', '200', '', 'r', '{}')", (f"alarm:{number}",)
            )  # fmt: skip
    return db_dsn


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", *words])
    return done.exit_code, done.output


def test_it_says_that_all_is_well_or_which_line_is_not(audit: str, tmp_path: Path) -> None:
    assert run("verify") == (0, "The audit is as it was written: 4 lines, 1 to 4.\n")
    code, head = run("head")
    assert (code, head[:2], len(head)) == (0, "4 ", 67)
    heads = tmp_path / "heads.txt"
    heads.write_text(head)
    assert run("verify", "--head", str(heads))[0] == 0
    with psycopg.connect(audit) as connection:
        connection.execute("alter table audit_entry disable trigger all")
        connection.execute("delete from audit_entry where entry_id = 4")
    assert run("verify")[0] == 0
    code, said = run("verify", "--head", str(heads))
    assert (code, "line 4 is gone: its head was kept" in said) == (1, True)
    with psycopg.connect(audit) as connection:
        connection.execute("update audit_entry set actor_id = 'b' where entry_id = 2")
    code, said = run("verify", "--json")
    assert code == 1
    assert json.loads(said) == {
        "after": 0, "last": 3, "faults": [{"line": 2, "what": "was changed, or is not the one that followed"}],
    }  # fmt: skip


def test_lines_are_listed_newest_first_and_that_they_were_is_one(audit: str) -> None:
    with psycopg.connect(audit) as connection:
        connection.execute(
            "select audit_failed(2, 'web', 'POST /sign-in', '403', '203.0.113.9', 'r', 'password', '', 'nobody.here', '', 'abc')"
        )
    code, said = run("list", "--actor", "failed")
    assert code == 0
    assert said.splitlines() == ["5 1970-01-01 00:00:00 nobody failed: POST /sign-in (password) 403"]
    assert [line.split()[0] for line in run("list", "--limit", "3")[1].splitlines()] == ["7", "6", "5"]
    rows = json.loads(run("list", "--object", "alarm:2", "--json")[1])
    assert [(row["entry_id"], row["action"], row["at"][:4]) for row in rows] == [(3, "POST /x", "1970")]
    assert run("list", "--limit", "0")[0] == 2
    assert run("verify")[0] == 0


@pytest.mark.parametrize("text", ["4", "four " + "0" * 64, "4 " + "0" * 63, "4 " + "g" * 64])
def test_a_file_of_no_heads_is_refused_in_words(audit: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "heads.txt"
    file.write_text(text)
    done = CliRunner().invoke(app, ["audit", "verify", "--head", str(file)])
    assert done.exit_code != 0
    assert "heads.txt" in str(done.exception) + done.output


def test_an_empty_audit_is_well(db_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_DB__DSN", db_dsn)
    assert run("verify") == (0, "The audit is as it was written: no lines.\n")
    assert run("head")[1].startswith("0 ")
