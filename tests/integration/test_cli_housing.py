"""``cityops housing`` as the person on night duty meets it."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.fakes.command_line import cityops

ROWS = """
insert into ward (ward_id, label) values ('w1', 'Castle');
insert into home (code, label, ward_id) values ('lily-42-x', '3 Lily Court', 'w1'), ('pond-1-xx', '2 Pond Row', 'w1');
insert into resident (resident_id, name) values ('00000000-0000-0000-0000-000000000001', 'Sam');
insert into household_member (home_id, resident_id, from_at, joined_by)
select home_id, '00000000-0000-0000-0000-000000000001', '-infinity', 'label' from home where code = 'lily-42-x';
insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by)
select home_id, 'risk', 'council', 'housing', '2020-01-01Z', '00000000-0000-0000-0000-000000000001' from home
 where code = 'lily-42-x';
insert into subject_state (subject_kind, subject, at, state)
select 'home', code, now() - interval '1 minute', '{"risk": "high"}' from home;
insert into housing_case (home_id, kind, council_owned, opened_at, opened_by)
select home_id, 'significant', true, now(), 'x' from home where code = 'pond-1-xx'
"""


@pytest.fixture
def dsn(db_dsn: str) -> str:
    with psycopg.connect(db_dsn, autocommit=True) as conn:
        for statement in ROWS.split(";\n"):
            conn.execute(statement)  # type: ignore[arg-type]
    return db_dsn


def run(dsn: str, *words: str) -> tuple[int, str]:
    done = cityops("housing", *words, CITYOPS_DB__DSN=dsn, CITYOPS_OPERATOR="kim")
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def test_shared_homes_are_listed_and_the_household_reads_it(dsn: str) -> None:
    code, said = run(dsn, "list", "--purpose", "Night duty")
    assert code == 0, said
    assert said.splitlines()[0] == "1 home is at high risk."
    assert "case 1, a home that shares nothing: nothing is due: The clock has not started." in said
    assert "3 Lily Court, Castle" in said
    assert "Pond Row" not in said
    document = json.loads(run(dsn, "list", "--purpose", "Night duty", "--json")[1])
    assert [(h["label"], h["risk"], h["ward"]) for h in document["homes"]] == [
        ("3 Lily Court", "high", "Castle")
    ]
    assert document["not_shared"] is None
    with psycopg.connect(dsn) as conn:
        lines = conn.execute("select who, role, what, purpose from access_log order by access_id").fetchall()
    assert lines == [
        ("kim", "housing", "damp risk and why", "Night duty"),
        ("kim", "housing", "damp risk and why", "Night duty"),
    ]
    code, said = run(dsn, "list", "--purpose", "x", "--risk", "hihg")
    assert (code, "risks: high, raised, low, unknown" in said) == (2, True)


def test_wards_tell_no_small_number(dsn: str) -> None:
    said = run(dsn, "wards")[1]
    assert "not told  not told  Castle" in said
    assert json.loads(run(dsn, "wards", "--json")[1])["wards"] == [
        {"ward_id": "w1", "label": "Castle", "homes": None, "at_risk": None}
    ]
