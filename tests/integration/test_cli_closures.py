"""``cityops network close``, ``closures`` and ``open`` on a real database."""

from __future__ import annotations

import asyncio
import json

import psycopg

from ingest.registry_store import store_registry
from tests.fakes.cab_desk import small_town
from tests.fakes.command_line import cityops


def run(dsn: str, *words: str) -> tuple[int, str]:
    done = cityops("network", *words, CITYOPS_DB__DSN=dsn, CITYOPS_OPERATOR="Ada")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


async def _installed(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await store_registry(conn, small_town())


def test_a_closure_is_said_listed_and_opened(db_dsn: str) -> None:
    asyncio.run(_installed(db_dsn))
    street = next(s.street for s in small_town().segments if s.street)
    steps: list[tuple[tuple[str, ...], int, str]] = [
        (("closures",), 0, "no road is closed, and none will be"),
        (("close", "--reason", "gas"), 2, "Which road?"),
        (("close", "--street", "Nowhere", "--reason", "gas"), 2, "There is no street 'Nowhere'"),
        (("close", "s1", "--reason", " "), 2, "needs a reason"),
        (("close", "s1", "--reason", "gas", "--until", "2001-01-01T10:00"), 2, "end before it begins"),
        (("close", "moon", "--reason", "gas"), 1, "not done: there is no stretch moon"),
        (("close", "--street", street, "--reason", "burst main", "--request-id", "k"), 0, "(by Ada)"),
        (("close", "--street", street, "--reason", "gas", "--until", "2099-01-01T10:00"), 0, "10:00 2099: gas"),
        (("open", "--closure", "1", "--reason", "mended"), 0, "(mended)"),
        (("open", "--closure", "1"), 1, "Closure 1 closes nothing any more"),
        (("open", "--street", street), 0, "closure 2"),
        (("open",), 2, "Which road?"),
        (("closures",), 0, "no road is closed"),
    ]  # fmt: skip
    for words, code, says in steps:
        found, out = run(db_dsn, *words)
        assert (found, says in out) == (code, True), (words, found, out)
        if words[:1] == ("open",) and "--closure" in words and code == 0:
            [left] = json.loads(run(db_dsn, "closures", "--json")[1])
            assert (left["closure_id"], left["opened"]) == (2, [])
