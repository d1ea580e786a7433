"""``cityops bins`` in the day, as its user starts it."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import psycopg

from ingest.registry_store import store_registry
from tests.fakes.command_line import cityops
from tests.integration.test_rounds_store import installed

FLEET = """
[[depot]]
id = "yard"
latitude_deg = 52.0
longitude_deg = 0.0

[[tip]]
id = "tip"
latitude_deg = 52.003
longitude_deg = 0.003

[[lorry]]
id = "L0"
depot = "yard"
start = "00:00"
hours = 24
overtime_hours = 12

[[lorry]]
id = "L1"
depot = "yard"
start = "00:00"
hours = 24
overtime_hours = 12
"""


def bins(dsn: str, *words: str) -> subprocess.CompletedProcess[str]:
    return cityops("bins", *words, CITYOPS_DB__DSN=dsn, CITYOPS_OPERATOR="Ada")


async def test_a_day_of_a_waste_manager(db_dsn: str, tmp_path: Path) -> None:
    rows = [
        {"bin_id": f"b{n}", "must": True, "code": "full", "why": "full", "litres": 100.0} for n in range(5)
    ]
    async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
        await store_registry(conn, installed())
        await conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
            " values ('bins.round', 1, 'town', 'bins', to_timestamp(%s), 'collect', 'test', %s::jsonb)",
            (time.time() - 5.0, json.dumps({"candidates": rows})),
        )
    file = tmp_path / "lorries.toml"
    file.write_text(FLEET)
    assert bins(db_dsn, "lorries", str(file)).returncode == 0
    early = bins(db_dsn, "replan", "--reason", "x")
    assert (early.returncode, "no plan of today yet" in early.stderr) == (1, True)
    made = bins(db_dsn, "plan", "--today", "--iterations", "0", "--skip", "b1", "--reason", "roadworks")
    assert made.returncode == 1, made.stderr  # a must-go bin is left, if on purpose
    assert "NOT MET b1: left out today: roadworks" in made.stdout

    told = json.loads(bins(db_dsn, "progress", "--json").stdout)
    driver = next(row["lorry"] for row in told["lorries"] if row["bins"])
    assert (told["version"], told["bins"]) == (1, 4)
    gone = bins(db_dsn, "breakdown", driver, "--reason", "hydraulics", "--iterations", "0")
    assert gone.returncode == 1, gone.stderr  # b1 still is
    assert f"{driver}: stays" in gone.stdout
    twice = bins(db_dsn, "breakdown", driver, "--reason", "hydraulics")
    assert (twice.returncode, "out of service already" in twice.stderr) == (1, True)
    assert bins(db_dsn, "breakdown", "L9", "--reason", "x").returncode == 2
    assert f"{driver}: out of service since" in bins(db_dsn, "progress").stdout
    assert bins(db_dsn, "return", driver, "--iterations", "0").returncode == 1
    last = bins(
        db_dsn,
        "replan",
        "--reason",
        "its key",
        "--lock",
        f"b2={driver}",
        "--forget-locks",
        "--iterations",
        "0",
        "--json",
    )
    assert last.returncode == 0, last.stderr
    plan = json.loads(last.stdout)["plan"]
    its = next(r for r in plan["rounds"] if r["lorry_id"] == driver)
    assert "b2" in [s["ref"] for s in its["stops"]]
    assert plan["not_collected"] == []
