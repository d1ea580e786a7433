"""Nothing that is a secret gets into a line of the log, by whatever way."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from cityops import logs
from cityops.redact import is_secret_name, redact_all
from cityops.settings import LogSettings

CANARY = "canary-7Q2x9"
KEY = "cok_abcdefgh_" + "canaryZ9" * 5 + "xyz"


@pytest.fixture(params=["json", "human"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level, told = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    logs.configure(LogSettings(format=request.param), stream)
    yield stream
    root.handlers[:], root.level = before, level
    structlog.configure(**told)


@pytest.mark.parametrize(
    "name", ["password", "db_password", "token", "api_key", "secret", "Authorization", "cookie", "join_code"]
)
def test_what_is_named_a_secret_is_hidden(lines: io.StringIO, name: str) -> None:
    structlog.get_logger("x").warning(
        "here", **{name: CANARY, "again": {name: [CANARY], "list": [{name: CANARY}]}}
    )
    assert "here" in lines.getvalue()
    assert CANARY not in lines.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://cityops:{CANARY}@db/cityops",
        f"host=db password={CANARY} dbname=cityops",
        f"Authorization: Bearer {CANARY}-token",
        f"{{'authorization': 'Basic {CANARY}AAAA='}}",
        f"GET /x?key={KEY}",
        f"the key {KEY} was used",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_any_text(lines: io.StringIO, text: str) -> None:
    structlog.get_logger("x").warning(text, error=text, errors=[text], cause=ValueError(text))
    logging.getLogger("library").warning("it says %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger("x").exception("broken")
        logging.getLogger("library").error("broken", exc_info=sys.exc_info())
    said = lines.getvalue()
    assert "broken" in said
    assert CANARY not in said
    assert "canaryZ9" not in said


def test_a_line_of_json_stays_one(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    logs.configure(LogSettings(format="json"), stream)
    structlog.get_logger("x").warning(
        "here", dsn=f"password={CANARY}", n=0.0, ok=False, none=None, password=None
    )
    line = json.loads(stream.getvalue())
    assert (line["dsn"], line["n"], line["ok"], line["password"]) == ("password=********", 0.0, False, None)


@pytest.mark.parametrize(
    "name", ["key", "code", "exit_code", "worker", "segment_id", "keys", "route", "author"]
)
def test_what_is_none_stays(name: str) -> None:
    assert not is_secret_name(name)
    assert redact_all(f"{name} bearer of bad news, basic facts") == f"{name} bearer of bad news, basic facts"


def test_a_keys_mark_stays_so_that_it_can_be_found() -> None:
    assert redact_all(f"key {KEY} refused") == "key cok_abcdefgh_******** refused"
