"""The record that the service makes when a night is over: once, with its score, and the same one for whoever asks years later."""

from __future__ import annotations

import asyncio
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from typer.testing import CliRunner

from cityops.clock import ManualClock
from cityops.settings import Settings, load_settings
from ingest.registry_store import store_registry
from ops_api.wiring_winter import record_keeper
from rules.core.winter_nights import span_s
from rules.evidence.keys import Signer
from rules.evidence.unpacking import verify
from rules.winter.orders.memory import MemoryOrders
from rules.winter.record.keeping import SETTLED_S, WAIT_S, RecordKeeper
from rules.winter.record.memory import MemoryNights, MemoryRecords
from rules.winter.record.packing import RecordRoom
from rules.winter.scores.memory import MemoryScores
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START, hamlet
from tests.fakes.winter_orders import R1, R2, decision, row

NIGHT = date(2026, 1, 9)
LONDON = ZoneInfo("Europe/London")
END_S = span_s(NIGHT, LONDON)[1]
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


class Office:
    """A keeper in memory, at a time that the test says."""

    def __init__(self) -> None:
        self.now_s = START
        self.book = MemoryRecords([START, START - 3 * 86_400.0], counted=START)
        self.room = RecordRoom(
            MemoryOrders((R1, R2), [decision(1)]), MemoryScores(), MemoryNights(), KEY, LONDON
        )
        clock = ManualClock(datetime(2026, 1, 10, 12, 30, tzinfo=UTC))
        self.keeper = RecordKeeper(self.book, self._room, self._now, LONDON, clock)

    async def _room(self) -> RecordRoom:
        return self.room

    async def _now(self) -> float:
        return self.now_s


async def test_each_night_in_which_something_happened_has_one_record_when_it_is_over(tmp_path: Path) -> None:
    office = Office()
    assert await office.keeper.look() == (NIGHT - timedelta(days=3),)  # made up for
    office.now_s = END_S + SETTLED_S
    assert await office.keeper.look() == ()  # its readings have not all counted
    office.book.counted = END_S
    office.now_s = END_S + SETTLED_S - 1.0
    assert await office.keeper.look() == ()
    office.now_s = END_S + SETTLED_S
    assert await office.keeper.look() == (NIGHT,)
    assert await office.keeper.look() == ()
    assert sorted(office.book.records) == [NIGHT - timedelta(days=3), NIGHT]
    file = tmp_path / "night.zip"
    file.write_bytes(office.book.records[NIGHT].pack)
    assert verify(file, KEY.public).intact


async def test_where_nothing_counts_any_more_it_is_not_waited_for_for_ever() -> None:
    office = Office()
    office.book.busy = [START]
    office.now_s = END_S + WAIT_S - 1.0
    assert await office.keeper.look() == ()
    office.now_s += 1.0
    assert await office.keeper.look() == (NIGHT,)


HOURS = """
insert into road_forecast (forecast_id, issued_at, segment_id, surface_c, deviation_c, source, condition, water_mm, salt_g_m2, hours)
select forecast_id, issued_at, s, 1, 0.2, 'sensor', 'damp', 0, 0, %(hours)s::smallint[] from road_forecast_issue, unnest(array['s0', 's1', 's2']) s
"""
ISSUE = """
insert into road_forecast_issue (issued_at, available_at, received_at, weather, members, limit_c, segments)
select at, at, at, 'forecast', 20, 1.2, 3 from (values ('2026-01-09T14:30Z'::timestamptz), ('2026-01-09T15:00Z')) x(at)
"""
PASS = """
insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)
select %s, 's0', 'gritter-0', at, 10, 0, 1, at, at, 0 from to_timestamp(%s) at
"""


@pytest.fixture
async def night(db_dsn: str) -> str:
    """A night that is long over, with everything that is known of one."""
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await store_registry(conn, hamlet())
        road = {"surface_temperature_c": -1.5, "air_temperature_c": 1.0, "humidity_pct": 95.0}
        lorry = {"latitude_deg": 52.001, "longitude_deg": 0.1, "speed_m_s": 8.0, "spread_rate_g_m2": 10.0}
        await insert_batch(
            conn,
            [
                *[("road", "road-0", 600.0 * k, road) for k in range(6, 60)],
                ("gritter", "gritter-0", 660.0, lorry),
            ],
            1,
        )
        found = row(7)
        await conn.execute(
            "insert into decision (decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason,"
            " inputs, result) overriding system value values (7, 'winter.gritting', 2, 'route', 'r1', to_timestamp(%s),"
            " 'treat', 'Cold.', %s, %s)",
            (START, Jsonb(found["inputs"]), Jsonb(found["result"])),
        )
        await conn.execute(ISSUE)
        await conn.execute("select ensure_road_forecast_day('2026-01-09T14:30Z')")
        hours = [[-32768] * 24 for _ in range(9)]
        hours[1][:3] = [0, -100, -200]
        await conn.execute(HOURS, {"hours": hours})
        for what, at_s in (("driven", 300.0), ("driven", 400.0), ("taken_back", 400.0)):
            await conn.execute(PASS, (what, START + at_s))
    return db_dsn


async def keep(settings: Settings) -> tuple[date, ...]:
    async with AsyncConnectionPool(settings.db.dsn, min_size=1, max_size=2, open=False) as pool:
        # Today it is long over: the record is made up for by a keeper whose town is at the morning after.
        keeper = record_keeper(settings, pool, CollectorRegistry())

        async def morning() -> float:
            return END_S + WAIT_S

        keeper._town_now = morning
        return await keeper.look()


async def test_who_asks_years_later_gets_that_one_and_one_made_again_says_what_is_gone(
    night: str, tmp_path: Path
) -> None:
    from ops_api.cli import app

    data, first, again = tmp_path / "data", tmp_path / "first.zip", tmp_path / "again.zip"
    env: dict[str, Any] = {
        "CITYOPS_DB__DSN": night, "CITYOPS_OPERATOR": "Bob", "CITYOPS_DATA_DIR": str(data),
        "CITYOPS_API__TIME_ZONE": "Europe/London",
    }  # fmt: skip

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, ["winter", *words], env=env)

    settings = load_settings(db={"dsn": night}, data_dir=str(data))
    assert await keep(settings) == (NIGHT,)
    assert await keep(settings) == ()
    async with await psycopg.AsyncConnection.connect(night, autocommit=True) as conn:
        [(score_by, judged)] = await (
            await conn.execute("select by, summary -> 'counts' ->> 'hits' from winter_score")
        ).fetchall()
        assert (score_by, judged) == ("cityops", "1")
        with pytest.raises(psycopg.errors.IntegrityError):
            await conn.execute("delete from winter_record")
        await conn.execute("delete from road_forecast_issue")  # a month later
        kept = await (await conn.execute("select pack from winter_record")).fetchone()
    written = await run("record", "2026-01-09", "-o", str(first))
    assert (written.exit_code, "as the service made and kept it" in written.output) == (0, True), (
        written.output
    )
    assert kept is not None
    assert first.read_bytes() == kept[0]
    with zipfile.ZipFile(first) as pack:
        treated, gone = json.loads(pack.read("treated.json")), json.loads(pack.read("gone.json"))
        lines = pack.read("road_forecast/2026-01-09T143000Z.csv").decode().splitlines()
        assert "readings/gritter-0.csv" in pack.namelist()
        assert [n for n in pack.namelist() if n.startswith("road_forecast/")] == [
            "road_forecast/2026-01-09T143000Z.csv"
        ]
    assert ([t["what"] for t in treated], gone) == (["driven", "driven", "taken_back"], {})
    # The decision was about two stretches, 24 hours each.
    assert (len(lines), lines[1].split(",")[:4]) == (1 + 2 * 24, ["s0", "1767972600", "", "0"])
    refused = await run("record", "2026-01-09", "-o", str(again), "--why", "claim 7")
    assert (refused.exit_code, "--again" in str(refused.exception) + refused.output) != (0, False)
    made = await run("record", "2026-01-09", "-o", str(again), "--again", "--why", "claim 7")
    assert made.exit_code == 0, made.output
    with zipfile.ZipFile(again) as pack:
        assert pack.read("kept_record.zip") == kept[0]
        gone = json.loads(pack.read("gone.json"))
        assert json.loads(pack.read("treated.json")) == treated
    assert list(gone) == ["roads"]
    assert "no longer kept (kept 30 days): those of 14:30" in gone["roads"]
    verified = await run("verify", "2026-01-09")
    assert "no longer kept" in str(verified.exception) + verified.output
    assert verified.exit_code != 0
