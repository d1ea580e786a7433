"""The record of a night: what is in it, that it is signed, and that nothing in it or in the tables is changed unnoticed."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool
from typer.testing import CliRunner

from ingest.registry_store import store_registry
from rules.core.winter_orders.chain import FIRST, broken
from rules.core.winter_orders.model import Act, Cancel, Confirm, OrderOwn
from rules.evidence.keys import Signer
from rules.evidence.unpacking import verify
from rules.winter.orders.memory import MemoryOrders
from rules.winter.orders.store import PostgresOrders
from rules.winter.record.memory import MemoryNights
from rules.winter.record.packing import RecordRoom, make_record
from rules.winter.scores.memory import MemoryScores
from tests.fakes.rules_batches import insert_batch
from tests.fakes.rules_town import START, hamlet
from tests.fakes.winter_orders import FORECAST, R1, R2, decision, row

NIGHT = date(2026, 1, 9)
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
MADE = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
ADA = {"by": "Ada", "role": "duty officer"}


async def record_of(desk: MemoryOrders) -> bytes:
    out = io.BytesIO()
    room = RecordRoom(desk, MemoryScores(), MemoryNights(), KEY, ZoneInfo("Europe/London"))
    await make_record(room, NIGHT, made_at=MADE, by="Bob", why="claim 7", out=out)
    return out.getvalue()


async def test_the_same_night_gives_the_same_signed_bytes_and_a_changed_one_is_found(tmp_path: Path) -> None:
    desk = MemoryOrders((R1, R2), [decision(1)])
    await desk.act(Confirm(ref="P1", **ADA), START + 60.0)
    await desk.act(Cancel(ref="P1", **ADA, reason="Cloud"), START + 120.0)
    data = await record_of(desk)
    assert data == await record_of(desk)
    file = tmp_path / "night.zip"
    file.write_bytes(data)
    found = verify(file, KEY.public)
    assert found.intact
    assert found.manifest is not None
    assert (found.manifest.home, found.manifest.shown.why) == ("Winter service", "claim 7")
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        assert pack.read("report.pdf").startswith(b"%PDF")
        chain = json.loads(pack.read("chain.json"))
        orders = json.loads(pack.read("orders.json"))
    assert chain["before"] == FIRST
    assert broken(FIRST, [msgspec.convert(a, type=Act) for a in chain["acts"]]) == ()
    assert [a["what"] for a in orders[0]["acts"]] == ["confirmed", "cancelled"]
    at = data.index(b"report.pdf") + 400
    file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert not verify(file, KEY.public).whole


@pytest.fixture
async def night(db_dsn: str) -> str:
    """A night in a database, with readings, a decision, and what an officer made of it."""
    async with (
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
        AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        fields = {"surface_temperature_c": -1.5, "air_temperature_c": 1.0, "humidity_pct": 95.0}
        await insert_batch(conn, [("road", "road-0", 600.0, fields)], 1)
        found = row(7)
        await conn.execute(
            "insert into decision (decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason,"
            " inputs, result) overriding system value values (7, 'winter.gritting', 2, 'route', 'r1', to_timestamp(%s),"
            " 'treat', 'Cold.', %s, %s)",
            (START, Jsonb(found["inputs"]), Jsonb(found["result"])),
        )
        desk = PostgresOrders(pool)
        await desk.act(Confirm(ref="P7", **ADA, note="as the model says"), START + 60.0)
        await desk.act(OrderOwn(route_id="r2", **ADA, reason="Burst main", g_m2=12.5), START + 61.0)
    return db_dsn


async def test_the_command_writes_it_and_says_where_the_tables_were_changed(
    night: str, tmp_path: Path
) -> None:
    from ops_api.cli import app

    file = tmp_path / "night.zip"
    env: dict[str, Any] = {
        "CITYOPS_DB__DSN": night, "CITYOPS_OPERATOR": "Bob", "CITYOPS_DATA_DIR": str(tmp_path / "data"),
    }  # fmt: skip

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=env)

    made = await run("winter", "record", "2026-01-09", "-o", str(file), "--why", "claim 26/0117", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["cases"] == 2
    checked = await run("evidence", "verify", str(file))
    assert (checked.exit_code, "INTACT" in checked.output) == (0, True)
    with zipfile.ZipFile(file) as pack:
        names = pack.namelist()
        decisions = json.loads(pack.read("decisions.json"))
        acts = [msgspec.convert(a, type=Act) for a in json.loads(pack.read("chain.json"))["acts"]]
        readings = pack.read("readings/road-0.csv").decode().splitlines()
    assert decisions[0]["inputs"]["road_forecast"] == FORECAST
    assert broken(FIRST, acts) == ()
    assert readings[0].startswith("ts,")
    assert len(readings) == 2
    assert {"report.pdf", "score.json", "catalogues.json", "forecasts.json"} < set(names)
    async with await psycopg.AsyncConnection.connect(night, autocommit=True) as conn:
        await conn.execute("alter table treatment_act disable trigger treatment_act_stays")
        await conn.execute("update treatment_act set reason = 'as I say' where act_id = 1")
    again = await run("winter", "record", "2026-01-09", "-o", str(file))
    assert again.exit_code == 1
    assert "broken at acts 1" in again.output
    early = await run("winter", "record", "2099-01-09", "-o", str(file))
    assert (early.exit_code != 0, isinstance(early.exception, Exception)) == (True, True)
