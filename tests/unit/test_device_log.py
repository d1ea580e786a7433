"""The device's own log: for people, for machines, and through a server's handler."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cityops import logs
from cityops.errors import ConfigurationError
from cityops.settings import LogSettings
from devices.log import configure, get_logger, level_now, set_level

log = get_logger("devices.test")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def said(environment: dict[str, str], **facts: object) -> str:
    out = io.StringIO()
    configure(environment, out)
    log.warning("sensor failed", **facts)
    return out.getvalue()


def test_a_line_for_machines() -> None:
    line = json.loads(said({}, last="28-03 does not answer", failures=0, none=None))
    at = line.pop("timestamp")
    assert at.endswith("Z")
    assert line == {
        "event": "sensor failed",
        "level": "warning",
        "logger": "devices.test",
        "last": "28-03 does not answer",
        "failures": 0,
        "none": None,
    }


def test_a_line_for_people() -> None:
    line = said({"CITYOPS_LOG__FORMAT": "human"}, last="does not answer 100 %s", failures=0)
    assert line.endswith('warning sensor failed  last="does not answer 100 %s" failures=0\n')


@pytest.mark.parametrize("form", ["human", "json"])
def test_secrets_are_hidden(form: str) -> None:
    facts = {
        "password": "hush-1",
        "url": "mqtts://frog:hush-2@broker:8883",
        "error": ValueError("Authorization: Bearer hush-3hush-3"),
        "inner": {"claim_token": "hush-4", "list": ["postgres://a:hush-5@b"]},
    }
    line = said({"CITYOPS_LOG__FORMAT": form}, **facts)
    assert "hush" not in line
    assert "broker:8883" in line


def test_libraries_and_tracebacks_are_hidden_too() -> None:
    out = io.StringIO()
    configure({}, out)
    logging.getLogger("paho").error("connecting to %s", "mqtt://frog:hush@broker")
    try:
        raise ValueError("mqtt://frog:hush@broker")
    except ValueError:
        log.exception("it failed")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first["event"] == "connecting to mqtt://frog:********@broker"
    assert "ValueError" in second["exception"]
    assert "hush" not in out.getvalue()


def test_the_level_holds_and_nonsense_is_refused() -> None:
    assert said({"CITYOPS_LOG__LEVEL": "error"}) == ""
    with pytest.raises(ConfigurationError, match="CITYOPS_LOG__LEVEL 'loud' is none of debug, info"):
        configure({"CITYOPS_LOG__LEVEL": "loud"})


def test_a_server_shows_the_same_facts() -> None:
    """The simulated fleet runs the agent within a process that has configured structlog."""
    out = io.StringIO()
    logs.configure(LogSettings(format="json"), out)
    log.info("started", boot=7, password="hush")
    line = json.loads(out.getvalue())
    assert (line["event"], line["boot"], line["level"], line["logger"]) == (
        "started",
        7,
        "info",
        "devices.test",
    )
    assert line["password"] == "********"


def test_an_agent_loads_nothing_that_it_does_not_use() -> None:
    """Half a second and twenty megabytes on a Pi: what is imported by chance stays out."""
    heavy = (
        "structlog rich pydantic numpy asyncio http.server devices.page.server devices.agent.home_assistant"
    )
    code = (
        "import sys, devices.agent.__main__, devices.agent.commands.run\n"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_level_that_was_installed_is_known() -> None:
    """So that a fleet's ``log.level = info`` quietens a device whose environment says debug."""
    set_level("debug")
    assert level_now() == "debug"
    logging.getLogger().setLevel(logging.NOTSET)
    assert level_now() == "info"
