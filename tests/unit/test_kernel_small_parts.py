"""Queries, passwords in text, clocks, logging, health."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import structlog
from prometheus_client import CollectorRegistry, Counter

from cityops.clock import ManualClock, SystemClock
from cityops.db.migration_files import migrations
from cityops.db.queries import parse_queries
from cityops.errors import InvariantError
from cityops.logs import configure
from cityops.redact import redact
from cityops.runtime.health import HealthServer
from cityops.settings import LogSettings


def test_queries_are_found_by_name_with_their_comments() -> None:
    text = "-- Notes about the file.\n\n-- first\n-- What it does.\nselect 1;\n\n-- second_one\nselect\n  2\n"
    assert parse_queries(text, "x.sql") == {
        "first": "-- What it does.\nselect 1;",
        "second_one": "select\n  2",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select 1;", "x.sql:1: SQL before the first"),
        ("-- a\nselect 1\n-- a\nselect 2", "x.sql:3: query 'a' is there twice"),
        ("-- a\n-- only words here\n-- b\nselect 1", "query 'a' is empty"),
    ],
)
def test_malformed_query_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvariantError, match=message):
        parse_queries(text, "x.sql")


def test_packaged_migrations_count_up_from_one() -> None:
    names = [file.name for file in migrations()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:p%40ss@h:1/d", "postgresql://u:********@h:1/d"),
        ("host=h password=hush dbname=d", "host=h password=******** dbname=d"),
        ("host=h password='hu sh' dbname=d", "host=h password=******** dbname=d"),
        ("postgresql://h/d?password=hush&x=1", "postgresql://h/d?password=********&x=1"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_passwords_are_hidden(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_clocks_give_utc() -> None:
    assert SystemClock().now().tzinfo is UTC
    clock = ManualClock(datetime(2026, 1, 9, 6, tzinfo=timezone(timedelta(hours=1))))
    clock.advance(90)
    assert clock.now() == datetime(2026, 1, 9, 5, 1, 30, tzinfo=UTC)
    clock.set_wall(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock.monotonic() == 90
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="time zone"):
        ManualClock(datetime(2026, 1, 9))  # noqa: DTZ001  that is the point


@pytest.fixture
def restore_logging() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("restore_logging")
def test_logs_are_json_lines_without_passwords_when_nobody_watches() -> None:
    out = io.StringIO()
    configure(LogSettings(level="info"), out)
    structlog.get_logger("ours").info("connected", dsn="postgresql://u:hush@h/d", rows=0)
    structlog.get_logger("ours").debug("not this")
    logging.getLogger("library").warning("watch %s", "out")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["connected", "watch out"]
    assert lines[0]["dsn"] == "postgresql://u:********@h/d"
    assert lines[0]["rows"] == 0
    assert lines[1]["level"] == "warning"


@pytest.mark.usefixtures("restore_logging")
def test_logs_are_for_people_when_asked() -> None:
    out = io.StringIO()
    configure(LogSettings(format="human"), out)
    structlog.get_logger("ours").info("connected", rows=3)
    assert "connected" in out.getvalue()
    assert not out.getvalue().startswith("{")


async def get(port: int, request: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("ready", "status", "body"),
    [
        (lambda: True, 200, {"ready": True}),
        (lambda: {"database": True, "broker": False}, 503, {"database": True, "broker": False}),
    ],
)
async def test_health_pages(ready: Callable[[], bool], status: int, body: dict[str, bool]) -> None:
    registry = CollectorRegistry()
    Counter("readings", "Readings.", registry=registry).inc(3)
    server, stop = HealthServer(0, ready, registry), asyncio.Event()
    running = asyncio.create_task(server.run(stop))
    await server.bound.wait()
    assert await get(server.port, "GET /healthz") == (200, '{"alive":true}')
    code, text = await get(server.port, "GET /readyz?x=1")
    assert (code, json.loads(text)) == (status, body)
    assert "readings_total 3.0" in (await get(server.port, "GET /metrics"))[1]
    assert (await get(server.port, "GET /nothing"))[0] == 404
    assert (await get(server.port, "POST /healthz"))[0] == 405
    stop.set()
    await running
