"""Migrations are such that the release before still runs on them, or say why not (docs/operating.md)."""

from __future__ import annotations

import pytest

from cityops.db.forward import SINCE, contract_reason, contractions
from cityops.db.migration_files import SqlFile, migrations


def under_the_rule() -> list[SqlFile]:
    return [file for file in migrations() if int(file.name[:4]) >= SINCE]


@pytest.mark.parametrize("file", under_the_rule(), ids=lambda f: f.name)
def test_a_migration_adds_or_says_that_it_takes_away(file: SqlFile) -> None:
    taken = contractions(file.text)
    assert not taken or contract_reason(file.text), (
        "expand first, contract a release later (cityops/db/forward.py)"
    )


def test_the_rule_looks_at_migrations() -> None:
    assert "0032_backup_run" in {file.name for file in under_the_rule()}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("alter table device drop column label;", "drops"),
        ("drop table home;", "drops"),
        ("drop view if exists a;", "drops"),
        ("alter table device rename label to title;", "renames"),
        ("alter table device alter column label type varchar(5);", "changes a type"),
        ("alter table device alter label set data type text;", "changes a type"),
        ("alter table device alter column label set not null;", "asks for a value"),
        ("alter table device add column fresh text not null;", "adds column fresh that needs a value"),
        (
            "alter table device add column a text, add column b int not null;",
            "adds column b that needs a value",
        ),
        ("alter table device add constraint x check (label <> '');", "adds a rule"),
        ("alter table device add unique (label);", "adds a rule"),
        ("truncate device;", "empties"),
        ("alter table device set schema other;", "moves"),
        ("revoke select on device from cityops_reader;", "takes a right"),
        ("ALTER TABLE\n  device\n  DROP\n  COLUMN label;", "drops"),
    ],
)
def test_what_takes_away_is_found(sql: str, what: str) -> None:
    (found,) = contractions(sql)
    assert found.startswith(what)


@pytest.mark.parametrize(
    "sql",
    [
        "create table fresh (a int not null, check (a > 0)); alter table fresh add unique (a);",
        "alter table device add column a text;",
        "alter table device add column a int not null default 5;",
        "alter table device alter column label drop not null, alter column label drop default;",
        "alter table device drop constraint too_strict;",
        "drop index slow;",
        "-- drop table device;\ncomment on table device is 'drop table home; it''s a text';",
        "create function f() returns void language plpgsql as $body$ begin truncate scratch; end $body$;",
        "create index on device (label);",
        "create trigger whole before truncate on fresh for each statement execute function stays();",
    ],
)
def test_what_adds_is_left_alone(sql: str) -> None:
    assert contractions(sql) == []


def test_a_mark_needs_words_and_the_head() -> None:
    assert (
        contract_reason("-- why\n-- contract: label, by pages up to 0.4\ndrop table a;")
        == "label, by pages up to 0.4"
    )
    assert contract_reason("-- contract: \ndrop table a;") is None
    assert contract_reason("drop table a;\n-- contract: too late") is None
