"""The hard night through the real rules process, killed twice on the way, with people who answer."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from firmware_sim.world.town import TownSizes
from ingest.registry_store import store_registry
from ops_api.rules_lag import pending_batches
from rules.core.notify.model import Contact, Person, Shift
from rules.notify.people_store import PostgresPeople
from tests.fakes import website
from tests.fakes.quick_start import Quick
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_night import Night, play
from tests.fakes.rules_town import START
from tests.fakes.website import Site

ROOT = Path(__file__).parents[2]
SIZES = TownSizes(
    homes=3, bins=3, road_sensors=24, weather_stations=2, segments=240, routes=6, gritters=1,
)  # fmt: skip
CHUNK_S = 600.0
EVENTFUL_S = (6.0 * 3600.0, 15.5 * 3600.0)
"""Outside, readings are fed by the hour: before nothing happens, afterwards it only thaws."""
WAIT_S = 120.0
SILENT, FLAPPING, CUT = "road-013", "road-009", "road-007"
CUT_FROM_S, CUT_TO_S = 10.0 * 3600.0, 13.0 * 3600.0
KILLS_S = (7.75 * 3600.0, CUT_TO_S)
"""At the chunk that raises the first alarms, and at the one with three hours' backlog."""

QUIET = """
select (select count(*) from alarm_log where planned_at is null)
     + (select count(*) from alarm_timer where due_at <= (select max(event_time) from rule_cursor))
"""


@cache
def hard_night() -> Night:
    """Return the night's readings: road sensors and weather stations, with the scenario's faults."""
    return play("hard_night", ("road", "weather"), SIZES)


@dataclass
class Story:
    """What is left of a night.

    Attributes:
        pages: each alarm's page, by number, in the morning.
        answered: what people's commands gave, by (subject, command).
    """

    dsn: str
    night: Night
    pages: dict[int, str] = field(default_factory=dict)
    answered: dict[tuple[str, str], int] = field(default_factory=dict)
    kills: int = 0

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what a query gives now."""
        with psycopg.connect(self.dsn, options="-c timezone=UTC") as conn:
            return conn.execute(query, values or None).fetchall()  # type: ignore[call-overload, no-any-return]


@dataclass(frozen=True)
class Answer:
    """Somebody does something to the alarm of a subject at a time [s after START]."""

    at_s: float
    rule_id: str
    subject: str
    command: str
    body: Mapping[str, Any]


class Rules:
    """``cityops rules run`` as a process that can be killed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "CITYOPS_DB__DSN": self._dsn,
            "CITYOPS_RULES__POLL_S": "0.1",
            "CITYOPS_RULES__HEALTH_PORT": "0",
            "CITYOPS_RULES__ROAD_FORECAST": "false",
        }
        return Quick(
            [sys.executable, "-m", "ops_api", "rules", "run"], cwd=ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        """Kill -9 and start again."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = self._started()

    def stop(self) -> None:
        """End it for good."""
        self._process.kill()
        self._process.wait()

    def check(self) -> None:
        """Raise where it has ended by itself."""
        assert self._process.poll() is None, "the rules ended by themselves"


async def live_through(dsn: str, answers: Sequence[Answer]) -> Story:
    """Feed the night to the rules, ten minutes at a time, while people answer; kill the rules twice."""
    story = Story(dsn, hard_night())
    async with _town(dsn, story.night) as (conn, site):
        rules = Rules(dsn)
        try:
            await _feed(story, conn, site, rules, answers)
            await _read_pages(story, conn, site)
        finally:
            rules.stop()
    return story


@asynccontextmanager
async def _town(dsn: str, night: Night) -> AsyncIterator[tuple[psycopg.AsyncConnection[Any], Site]]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        await store_registry(conn, night.registry)
        await _people(dsn)
        async with website.running(dsn, night.registry, datetime.fromtimestamp(START, UTC)) as site:
            yield conn, site


async def _people(dsn: str) -> None:
    """Ada is on call for the winter, Ben is the duty officer, Cy the manager, Di mends devices."""
    roles = {"ada": (), "ben": ("duty_officer",), "cy": ("manager",), "di": ("maintenance",)}
    now_s = time.time()
    async with AsyncConnectionPool(dsn, min_size=1, max_size=1, open=False) as pool:
        people = PostgresPeople(pool)
        await people.put_people(
            [
                Person(
                    person=name, label=name.title(), roles=found,
                    contacts=(Contact(channel="sms", address=f"0123 {name}"),),
                )
                for name, found in roles.items()
            ]
        )  # fmt: skip
        await people.put_shifts(
            "rota", [Shift(role="winter", person="ada", from_s=now_s - 3600, to_s=now_s + 86_400)]
        )


async def _feed(
    story: Story, conn: psycopg.AsyncConnection[Any], site: Site, rules: Rules, answers: Sequence[Answer]
) -> None:
    left, kills = sorted(answers, key=lambda a: a.at_s), list(KILLS_S)
    rng, waiting, number = random.Random(4), list[Any](), 0
    for at_s, chunk in story.night.chunks(CHUNK_S):
        waiting += chunk
        if not EVENTFUL_S[0] <= at_s <= EVENTFUL_S[1] and at_s % 3600.0 != 0.0:
            continue
        number += 1
        await insert_batch(conn, waiting, number)
        waiting = []
        if kills and at_s > kills[0]:
            kills.pop(0)
            await asyncio.sleep(rng.uniform(0.0, 0.05))
            rules.kill()
            story.kills += 1
        await _until_quiet(conn, rules)
        while left and left[0].at_s <= at_s:
            one = left.pop(0)
            story.answered[one.subject, one.command] = await _answer(site, one)
            await _until_quiet(conn, rules)


async def _until_quiet(conn: psycopg.AsyncConnection[Any], rules: Rules) -> None:
    """Wait until the engine has taken every batch and the desk has nothing left to do."""
    deadline = time.monotonic() + WAIT_S
    while await pending_batches(conn) > 0 or await _count(conn, QUIET) > 0:
        rules.check()
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def _count(conn: psycopg.AsyncConnection[Any], query: str) -> int:
    row = await (await conn.execute(query)).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return int(row[0])


async def _answer(site: Site, one: Answer) -> int:
    """Send a command as a program or a page would; return its status."""
    [(alarm_id,)] = await site.sql(
        "select alarm_id from alarm where rule_id = %s and subject = %s and cleared_at is null",
        one.rule_id, one.subject,
    )  # fmt: skip
    answer = await site.with_key("desk:write").post(
        f"/api/v1/alarms/{alarm_id}/{one.command}", json=dict(one.body)
    )
    return answer.status_code


async def _read_pages(story: Story, conn: psycopg.AsyncConnection[Any], site: Site) -> None:
    cursor = await conn.execute("select alarm_id from alarm order by alarm_id")
    for (alarm_id,) in await cursor.fetchall():
        page = await site.http.get(f"/alarms/{alarm_id}")
        assert page.status_code == 200
        story.pages[alarm_id] = page.text


def hour(text: str) -> float:
    """Return a time of the night, ``22:50`` or ``04:00`` [s after START at 15:00]."""
    h, m = (int(part) for part in text.split(":"))
    return ((h - 15) % 24) * 3600.0 + m * 60.0
