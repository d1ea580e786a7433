"""The health page's words, and the counts that are kept for a while."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_api.cached import Cached
from ops_api.missing import KindMissing, Missing
from ops_api.queries.database import DatabaseState, Policy, ReadingTable
from ops_api.web import health_view, words
from ops_api.web.brand import Brand

NOW = datetime(2026, 1, 9, 18, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
FROGS = KindMissing(
    kind="frog",
    devices=8,
    expected=1000,
    stored=1000,
    short_devices=0,
    received=9,
    missing=0,
    gap_devices=0,
    waiting=0,
    waiting_devices=0,
    oldest_status_at=None,
    look_devices=0,
)
TABLE = ReadingTable(
    kind="frog",
    rows_estimate=28_800_000,
    bytes=1_400_000_000,
    parts=5,
    columnar=4,
    before_bytes=1040,
    after_bytes=100,
)
POLICY = Policy(
    policy="refresh",
    target="frog_hourly",
    last_run_at=NOW - timedelta(minutes=2),
    last_success_at=NOW - timedelta(hours=3),
    last_status="Failed",
    runs=9,
    failures=2,
    next_run_at=None,
)


def fleet(**changes: Any) -> Missing:
    return Missing(NOW, NOW, HOUR - timedelta(hours=24), HOUR, (replace(FROGS, **changes),), ())


def view(found: Missing | None, database: DatabaseState | None = None) -> health_view.HealthView:
    return health_view.view(found, database, titles={"frog": "Frog box"}, now=NOW, brand=Brand())


@pytest.mark.parametrize(
    ("changes", "headline", "tone"),
    [
        ({}, "Nothing is missing", "good"),
        (
            {"missing": 1, "gap_devices": 1, "look_devices": 1},
            "1 reading is missing from 1 device",
            "watch",
        ),
        ({"look_devices": 2}, "2 devices are silent or behind", "watch"),
        ({"stored": 949}, "Only 94.9% of the readings have arrived", "bad"),
        ({"stored": 950}, "Nothing is missing", "good"),
    ],
)
def test_the_first_line_is_the_worst_thing(changes: dict[str, Any], headline: str, tone: str) -> None:
    found = view(fleet(**changes))
    assert (found.headline, found.tone) == (headline, tone)


def test_nothing_counted_is_no_all_clear() -> None:
    assert view(None).tone == view(Missing(NOW, NOW, HOUR, HOUR, (), ())).tone == "quiet"
    assert health_view.wall_says(None) == (True, "not counted yet")


def test_the_wall_is_bad_only_where_too_little_arrives() -> None:
    assert health_view.wall_says(fleet(missing=17)) == (True, "100%, 17 missing")
    assert health_view.wall_says(fleet(stored=940)) == (False, "94.0%, none missing")


def test_a_town_that_catches_up_is_no_fault() -> None:
    found = replace(fleet(stored=700, missing=9), clock_at=NOW + timedelta(hours=9))
    assert health_view.wall_says(found) == (True, "70.0%, catching up")
    assert view(found).tone == "watch"


def test_a_failing_policy_is_told_first_and_a_ratio_needs_columns() -> None:
    state = DatabaseState(
        "18.4 (Debian)", "2.29.2", 5_200_000_000, (TABLE,), (POLICY, replace(POLICY, last_status="Success"))
    )
    found = view(fleet(), state)
    assert (found.database, found.size) == (
        "PostgreSQL 18.4 with TimescaleDB 2.29.2",
        "5.2\N{NO-BREAK SPACE}GB",
    )
    assert (found.parts_name, found.tables[0].ratio) == ("Chunks", "10.4×")
    [failing] = found.failing
    assert failing.name == "Refresh of frog_hourly"
    assert failing.says == "failed; last worked 3 hours ago"
    assert failing.failures == "2 of 9"
    plain = view(
        fleet(), DatabaseState("18.4", None, 9, (replace(TABLE, columnar=None, before_bytes=None),), ())
    )
    assert (plain.parts_name, plain.tables[0].ratio, plain.tables[0].columnar) == ("Partitions", "–", "–")


@pytest.mark.parametrize(("rows", "said"), [(None, "not counted yet"), (0, "0"), (28_800_000, "28,800,000")])
def test_rows_that_nobody_has_counted_are_not_said_to_be_none(rows: int | None, said: str) -> None:
    state = DatabaseState("18.4", None, 9, (replace(TABLE, rows_estimate=rows),), ())
    assert view(fleet(), state).tables[0].rows == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_600, "1.0 MB"), (13_200_000, "13 MB")],
)
def test_sizes_are_said_in_the_unit_that_suits(count: int, said: str) -> None:
    assert words.size(count).replace("\N{NO-BREAK SPACE}", " ") == said


class Maker:
    """Makes numbers, slowly or not at all."""

    def __init__(self) -> None:
        self.made = 0
        self.go = asyncio.Event()
        self.go.set()
        self.broken = False

    async def make(self) -> int:
        await self.go.wait()
        if self.broken:
            raise ConnectionError("gone")
        self.made += 1
        return self.made


async def test_a_value_is_made_once_for_all_who_ask_and_kept() -> None:
    maker = Maker()
    cached = Cached(maker.make, keep_s=3600.0)
    assert await asyncio.gather(*(cached.get() for _ in range(20))) == [1] * 20
    assert await cached.get() == 1


async def test_a_slow_value_is_not_waited_for_and_an_old_one_is_given_meanwhile() -> None:
    maker = Maker()
    maker.go.clear()
    cached = Cached(maker.make, keep_s=0.0, patience_s=0.01)
    assert await cached.get() is None
    maker.go.set()
    async with asyncio.timeout(60):
        while await cached.get() is None:
            pass
    maker.go.clear()
    seen = await cached.get()
    assert seen == maker.made >= 1
    cached.close()


async def test_a_failure_is_told_and_tried_again() -> None:
    maker = Maker()
    maker.broken = True
    cached = Cached(maker.make)
    with pytest.raises(ConnectionError):
        await cached.get()
    maker.broken = False
    assert await cached.get() == 1
