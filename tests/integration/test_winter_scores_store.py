"""Facts and scores of nights, on PostgreSQL and in memory, and the command that makes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from typer.testing import CliRunner

from ingest.registry_store import store_registry
from rules.core.winter_nights import span_s
from rules.core.winter_scores.facts import NightFacts, ScoreParameters
from rules.core.winter_scores.night import score
from rules.winter.orders.memory import MemoryOrders
from rules.winter.scores.memory import MemoryScores
from rules.winter.scores.ports import ScoreBook
from rules.winter.scores.store import PostgresScores
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START, Reading, hamlet
from tests.fakes.winter_orders import decision

NIGHT = date(2026, 1, 9)
SPAN = span_s(NIGHT, ZoneInfo("Europe/London"))
ISSUE = """
insert into road_forecast_issue (issued_at, available_at, received_at, weather, members, limit_c, segments)
select to_timestamp(%(at)s), to_timestamp(%(at)s), to_timestamp(%(at)s), 'forecast', 20, 1.2, 1 returning forecast_id
"""
TABLE = """
insert into road_forecast (forecast_id, issued_at, segment_id, surface_c, deviation_c, source, condition, water_mm, salt_g_m2, hours)
values (%(id)s, to_timestamp(%(at)s), 's0', 1, 0.2, 'sensor', 'damp', 0, 0, %(hours)s::smallint[])
"""


async def a_forecast(conn: psycopg.AsyncConnection[Any]) -> None:
    """Store a forecast of three hours: 0, -1 and -2 °C, P(< 0 °C) 0.25, 0.5 and 0.75."""
    hours = [[-32768] * 24 for _ in range(9)]
    hours[1][:3], hours[3][:3] = [0, -100, -200], [2500, 5000, 7500]
    row = await (await conn.execute(ISSUE, {"at": START})).fetchone()
    assert row is not None
    await conn.execute("select ensure_road_forecast_day(to_timestamp(%s))", [START])
    await conn.execute(TABLE, {"id": row[0], "at": START, "hours": hours})


@dataclass
class Bench:
    book: ScoreBook
    conn: psycopg.AsyncConnection[Any] | None


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryScores(), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        yield Bench(PostgresScores(pool, MemoryOrders(decisions=[decision(1, segments=("s0", "s1"))])), conn)


async def a_night(conn: psycopg.AsyncConnection[Any]) -> None:
    road: list[Reading] = [
        ("road", "road-0", 7200.0 + 600.0 * k, {"surface_temperature_c": 1.0 - 0.5 * k, "air_temperature_c": 2.0, "humidity_pct": 90.0, "water_film_mm": 0.2, "surface_state": 2.0, "freezing_point_c": -0.25})
        for k in range(8)
    ]  # fmt: skip
    await insert_batch(conn, [*road, ("road", "road-0", 90_000.0, {"surface_temperature_c": -9.0, "air_temperature_c": 2.0, "humidity_pct": 90.0})], 1)  # fmt: skip
    air = {"air_temperature_c": 3.0, "humidity_pct": 95.0, "wind_speed_m_s": 2.0}
    falls = ((-7200.0, 1.5, 1.0), (-5400.0, 0.5, 1.0), (-3600.0, 4.0, 3.0), (0.0, 0.0, 0.0))
    weather: list[Reading] = [
        ("weather", "wx-0", at_s, {**air, "precipitation_mm_h": rate, "precipitation_type": kind})
        for at_s, rate, kind in falls
    ]
    await insert_batch(conn, weather, 2)
    # Driven twice by what was known first; a late report took one of them back.
    for what, at_s in (("driven", 200.0), ("driven", 300.0), ("taken_back", 200.0)):
        await conn.execute(
            "insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)"
            " select %s, 's0', 'g', at, 10, 0, 1, at, at, 0 from to_timestamp(%s) at",
            (what, START + at_s),
        )


async def test_the_newest_score_of_a_night_counts(bench: Bench, database: str | None) -> None:
    if bench.conn is not None:
        await a_night(bench.conn)
    facts = await bench.book.facts(NIGHT, *SPAN)
    first = score(facts, ZoneInfo("Europe/London"), ScoreParameters())
    await bench.book.put(first, "Ada")
    second = msgspec.structs.replace(first, notes=("again",))
    await bench.book.put(second, "Ada")
    assert await bench.book.nights(NIGHT, NIGHT) == [second]
    assert await bench.book.nights(date(2026, 2, 1), date(2026, 2, 2)) == []
    if bench.conn is not None and database is not None:
        _are_right(facts)
        await _one_sensor_was_found_wrong(bench)
        assert facts.forecasts is None
        await a_forecast(bench.conn)
        forecasts = (await bench.book.facts(NIGHT, *SPAN)).forecasts
        assert forecasts is not None
        assert (forecasts.segment, forecasts.lead_h.tolist()) == (("s0",) * 3, [1, 2, 3])
        await _by_command(database)


async def _one_sensor_was_found_wrong(bench: Bench) -> None:
    """One that is wrong as the night begins, or becomes so, is named; one that was wrong earlier is not."""
    assert bench.conn is not None
    told = (("a", -7200.0, True), ("b", -7200.0, True), ("b", -3600.0, False), ("c", 60.0, True), ("c", 90.0, False), ("d", 5e5, True))  # fmt: skip
    for device, at_s, wrong in told:
        await bench.conn.execute(
            "insert into event (kind, subject_kind, subject, at, detail) values ('sensor_judged', 'device', %s, to_timestamp(%s), %s)",
            (device, SPAN[0] + at_s, Jsonb({"wrong": wrong})),
        )
    assert (await bench.book.facts(NIGHT, *SPAN)).wrong == {"a", "c"}


def _are_right(facts: NightFacts) -> None:
    assert list(facts.labels) == ["r1", "r2"]
    assert [(s.segment_id, s.device) for s in facts.stretches["r1"]] == [
        ("s0", "road-0"),
        ("s1", None),
        ("s2", None),
    ]
    assert facts.measured["road-0"].surface_c.tolist() == [1.0 - 0.5 * k for k in range(8)]
    assert facts.measured["road-0"].wet.all()
    told = [float(facts.measured["road-0"].told(n)[0]) for n in ("film_mm", "freezing_c", "state")]
    assert told == pytest.approx([0.2, -0.25, 2.0])
    assert facts.rain == ((START - 3600.0, 1.0),)
    assert [p.at_s for p in facts.treated["s0"].passes] == [START + 300.0]
    assert (facts.passes_gone, facts.roads_gone) == ("", "")
    found = score(facts, ZoneInfo("Europe/London"), ScoreParameters())
    assert [r.outcome for r in found.routes] == ["hit", "unknown"]
    assert found.routes[0].service.in_time_km == pytest.approx(0.22)


async def _by_command(dsn: str) -> None:
    from ops_api.cli import app

    async def run(*words: str) -> tuple[int, str]:
        env = {"CITYOPS_DB__DSN": dsn, "CITYOPS_OPERATOR": "Ada"}
        done = await asyncio.to_thread(CliRunner().invoke, app, ["winter", "verify", *words], env=env)
        return done.exit_code, done.output

    status, text = await run("2026-01-09", "--json")
    told = json.loads(text)
    # Nothing was proposed in this database: the frost was missed.
    assert (status, told["counts"]["misses"], told["measures"]["pod"]) == (0, 1, 0.0)
    assert told["leads"][0]["errors"]["n"] == 1
    status, text = await run("season", "--from", "2026-01-01", "--to", "2026-01-31")
    headline = (
        "0 hits, 1 misses, 0 false alarms, 0 correct rejections, 1 not judged; POD 0.00, FAR –, TSS –, n = 1"
    )
    assert (status, text.splitlines()[0]) == (0, f"1 night from 2026-01-09 to 2026-01-09: {headline}")
    status, text = await run("2026-01-09", "--dry")
    assert (status, "not treated" in text, "surface temperature  2 h ahead" in text) == (0, True, True)
    assert (await run("2026-01-09", "--from", "2026-01-01"))[0] != 0
