"""``cityops incidents`` as a shift meets it, on a real database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from ops_api.cli_incidents import a_span
from tests.fakes.command_line import cityops


def run(dsn: str, *words: str, **environment: str) -> tuple[int, str, str]:
    done = cityops("incidents", *words, CITYOPS_DB__DSN=dsn, **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_shift(db_dsn: str, tmp_path: Path) -> None:
    quiet = (0, "Nothing is going on: no incident is open or proposed.\n", "")
    assert run(db_dsn, "list") == quiet
    steps: list[tuple[tuple[str, ...], int, str]] = [
        (("open", "--title", "Flood at the ford", "--place", "Ford", "--at", "51.45,-2.58", "--by", "Ada"), 0, "I1 info, open: Flood at the ford"),
        (("open", "--title", "A crane leans", "--by", "Bob"), 0, "I2 info, open"),
        (("task", "I1", "Sandbags", "--who", "Highways", "--by", "Ada"), 0, "Task 1: Sandbags"),
        (("task", "I1", "x", "--due", "2001-01-01T10:00", "--by", "Ada"), 1, "from now on"),
        (("claim", "1", "--by", "Cy"), 0, "Cy has it."),
        (("claim", "I1", "--by", "Cy"), 1, "You have I1 already."),
        (("hand-over", "I1", "--to", "Dee", "--note", "Wet feet", "--by", "Cy"), 0, "Dee has it."),
        (("log", "I1", "Police are there", "--by", "Dee"), 0, "I1"),
        (("link", "I1", "what_if", "W7", "Ford closed", "--href", "/ops/what-if/7", "--by", "Dee"), 0, "I1"),
        (("link", "I1", "joke", "W7", "Ford closed", "--by", "Dee"), 1, "kind 'joke'"),
        (("contain", "I1", "--reason", "Water falls", "--by", "Dee"), 0, "contained"),
        (("close", "I1", "--reason", "Dry", "--by", "Dee"), 1, "1 task is not done"),
        (("done", "I1", "1", "--note", "40 bags", "--by", "Dee"), 0, "I1"),
        (("merge", "I2", "--into", "I1", "--reason", "Same yard", "--by", "Dee"), 0, "I1 info, contained"),
        (("claim", "I2", "--by", "Dee"), 1, "part of I1 now"),
        (("split", "I1", "--key", "alarm:1", "--reason", "x", "--by", "Dee"), 1, "alarm:1 is not in I1"),
        (("show", "I9"), 2, "There is no incident I9"),
        (("show", "P9"), 2, "write I and its number"),
    ]  # fmt: skip
    for words, code, says in steps:
        found, out, err = run(db_dsn, *words)
        assert (found, says in out + err) == (code, True), (words, out, err)
    _, out, _ = run(db_dsn, "show", "I1")
    for said in (
        "1. Sandbags (Highways), done",
        "what_if W7: Ford closed /ops/what-if/7",
        "handed over to Dee by Cy: Wet feet",
    ):
        assert said in out, out
    whole = json.loads(run(db_dsn, "show", "I1", "--json")[1])
    assert (whole["ref"], whole["owner"], whole["latitude_deg"]) == ("I1", "Dee", 51.45)
    code, out, _ = run(db_dsn, "handover", "--since", "2h")
    assert code == 0
    assert "OPEN BY OWNER\nDee\n  I1 info, contained: Flood at the ford" in out
    assert "became a part of I1 by Dee: Same yard" in out
    shift = json.loads(run(db_dsn, "handover", "--json")[1])
    assert [h["owner"] for h in shift["held"]] == ["Dee"]
    paper = tmp_path / "handover.pdf"
    assert run(db_dsn, "handover", "--pdf", str(paper))[0] == 0
    assert paper.read_bytes().startswith(b"%PDF")
    assert run(db_dsn, "close", "I1", "--reason", "Dry", "--by", "Dee")[0] == 0
    assert run(db_dsn, "list") == quiet
    code, out, _ = run(db_dsn, "list", "--since", "1h")
    assert "I1 info, closed: Flood at the ford" in out
    assert run(db_dsn, "reopen", "I1", "--reason", "Rain", "--by", "Ada")[0] == 0


@pytest.mark.parametrize(("text", "hours"), [("90m", 1.5), ("12h", 12), ("3d", 72)])
def test_spans(text: str, hours: float) -> None:
    assert a_span(text, "--since").total_seconds() == hours * 3600.0


@pytest.mark.parametrize("text", ["", "h", "12", "12 h x", "0h", "-1h", "15d", "nanh", "1e99d"])
def test_spans_that_are_none(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--since"):
        a_span(text, "--since")
