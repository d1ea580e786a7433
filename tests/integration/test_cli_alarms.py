"""``cityops alarms`` as the night shift meets it, on a real database."""

from __future__ import annotations

import json

import psycopg
import pytest

from cityops.errors import ConfigurationError
from ops_api.cli_alarms import seconds
from tests.fakes.command_line import cityops


def run(dsn: str, *words: str, **environment: str) -> tuple[int, str, str]:
    done = cityops("alarms", *words, CITYOPS_DB__DSN=dsn, **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def fill(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(
            "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
            " values ('winter.ice', 1, 'segment', 's1', 'major', now() - interval '9 minutes', 'Ice on Elm Road', 'Wet, −1 °C.'),"
            " ('bins.fire', 1, 'bin', 'b1', 'critical', now() - interval '2 minutes', 'Fire in a bin', '82 °C.')"
        )
        conn.execute(
            "insert into alarm_log (alarm_id, at, actor, what, detail, planned_at) select alarm_id, raised_at, 'engine',"
            " 'raised', jsonb_build_object('severity', severity, 'reason', reason), now() from alarm order by alarm_id"
        )


def test_a_night_at_the_desk(db_dsn: str) -> None:
    assert run(db_dsn, "list") == (0, "no alarm\n", "")
    fill(db_dsn)
    code, text, _ = run(db_dsn, "list")
    assert code == 0
    lines = text.splitlines()
    assert lines[0] == "2 alarms, 2 waiting for somebody"
    assert lines[1].split()[:2] == ["2", "critical"]
    assert lines[2].endswith("Ice on Elm Road  [nobody has it]")

    code, text, _ = run(db_dsn, "ack", "1", "--by", "Ada", "--note", "crew is out")
    assert (code, text) == (0, "alarm 1: acknowledged (Ice on Elm Road)\n")
    code, text, error = run(db_dsn, "ack", "1", "2", "99", CITYOPS_OPERATOR="Bob")
    assert code == 1
    assert text == "alarm 2: acknowledged (Fire in a bin)\n"
    assert error == "Ada has already acknowledged alarm 1.\nThere is no alarm 99.\n"
    assert run(db_dsn, "assign", "1", "--to", "Cy", "--by", "Ada")[0] == 0
    assert run(db_dsn, "comment", "1", "salted twice", "--by", "Cy")[0] == 0
    assert run(db_dsn, "shelve", "1", "--for", "2h", "--reason", "salted", "--by", "Cy")[0] == 0
    code, _, error = run(db_dsn, "shelve", "2", "--for", "2d", "--reason", "x", "--by", "Cy")
    assert code == 1
    assert "not allowed" in error
    assert run(db_dsn, "unshelve", "1", "--by", "Cy")[0] == 0
    code, _, error = run(db_dsn, "close", "1", "--reason", "dry", "--by", "Cy")
    assert code == 1
    assert "still active" in error
    assert run(db_dsn, "unack", "2", "--by", "Bob")[0] == 0
    assert (
        run(db_dsn, "close", "2", "--reason", "barbecue", "--verdict", "false_alarm", "--by", "Bob")[0] == 0
    )

    code, text, _ = run(db_dsn, "show", "1")
    assert code == 0
    assert text.splitlines()[0] == "alarm 1: Ice on Elm Road"
    assert "Ada has it, for Cy" in text
    assert "- must be gone for 60 min: " in text, "why, with limits and their source"
    shown = json.loads(run(db_dsn, "show", "1", "--json")[1])
    assert shown["members"] == []
    assert shown["explanation"]["headline"] == "Ice on Elm Road"
    code, text, _ = run(db_dsn, "timeline", "1")
    assert [line.split(maxsplit=3)[2:] for line in text.splitlines()][:3] == [
        ["Sensors", "Raised as major: Wet, −1 °C."],
        ["People", "Ada acknowledged it: “crew is out”"],
        ["People", "Ada assigned it to Cy."],
    ]
    rows = json.loads(run(db_dsn, "list", "--json")[1])
    assert {r["alarm_id"]: r["verdict"] for r in rows} == {1: None, 2: "false_alarm"}
    story = json.loads(run(db_dsn, "timeline", "2", "--json")[1])
    assert [(e["what"], e["by"], e["via"]) for e in story][1:] == [
        ("acknowledged", "Bob", "cli"), ("unacknowledged", "Bob", "cli"), ("closed", "Bob", "cli"),
    ]  # fmt: skip


def test_without_a_name_the_login_has_done_it(db_dsn: str) -> None:
    fill(db_dsn)
    assert run(db_dsn, "comment", "1", "seen", LOGNAME="night-desk")[0] == 0
    [_, line] = json.loads(run(db_dsn, "timeline", "1", "--json")[1])
    assert line["by"] == "night-desk"


def test_errors_are_words(db_dsn: str) -> None:
    for words, said in (
        (("show", "7"), "there is no alarm 7"),
        (("timeline", "7"), "there is no alarm 7"),
        (("shelve", "7", "--for", "soon", "--reason", "x"), "write 30m, 2h or 1d"),
    ):
        code, _, error = run(db_dsn, *words)
        assert code == 2, words
        assert said in error
    assert cityops("alarms", "list", CITYOPS_DB__DSN="postgresql://nobody@127.0.0.1:1/x").returncode == 3


@pytest.mark.parametrize(
    ("span", "length_s"), [("30m", 1800), ("2h", 7200), ("1d", 86_400), ("45 min", 2700)]
)
def test_spans(span: str, length_s: float) -> None:
    assert seconds(span) == length_s


@pytest.mark.parametrize("span", ["", "2", "h", "-1h", "2w", "1.5h"])
def test_no_spans(span: str) -> None:
    with pytest.raises(ConfigurationError, match="no length of time"):
        seconds(span)
