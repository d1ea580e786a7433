"""The ingesters that ``bench ingest`` compares: ours and the baselines."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import psycopg

from bench.baselines.readings import fresh_table
from bench.baselines.telegraf import telegraf
from bench.contender import BATCH_AGE_S, BATCHES_IN_FLIGHT, Contender, launch_python, when_ready
from bench.stack import ROOT, Database
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import ServerProcess, free_port

BASELINES = ("aiomqtt", "paho", "telegraf")
TELEGRAF_VARIABLE = "CITYOPS_BENCH_TELEGRAF"
NO_TELEGRAF = f"skipped: no path given; name Telegraf's program with --telegraf or {TELEGRAF_VARIABLE}"


def chosen(names: Sequence[str], program: Path | None) -> tuple[list[Contender], dict[str, str]]:
    """Return ours and the baselines named, and a word on each; Telegraf is skipped without ``program``."""
    known = {"aiomqtt": AIOMQTT, "paho": PAHO}
    if program is not None and "telegraf" in names:
        known["telegraf"] = telegraf(program)
    contenders = [OURS, *(known[name] for name in dict.fromkeys(names) if name in known)]
    skipped = {name: NO_TELEGRAF for name in names if name not in known}
    return contenders, {c.name: c.about for c in contenders} | skipped


def _start_ours(database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    port = free_port()
    settings = {
        "CITYOPS_DB__DSN": database.dsn,
        "CITYOPS_MQTT__HOST": broker.host,
        "CITYOPS_MQTT__PORT": str(broker.service_port),
        "CITYOPS_INGEST__BATCH_ROWS": str(batch_rows),
        "CITYOPS_INGEST__BATCH_AGE_S": str(BATCH_AGE_S),
        "CITYOPS_INGEST__HEALTH_PORT": str(port),
        "CITYOPS_LOG__LEVEL": "warning",
        "CITYOPS_DATA_DIR": str(database.folder),
    }
    process = launch_python(database.folder, "ours.log", ["-m", "ops_api", "ingest"], settings)
    return when_ready(process, lambda: _answers(f"http://127.0.0.1:{port}/readyz"))


def _start_aiomqtt(database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    return _start_script(
        "ingest_executemany", "bench_aiomqtt_reading", database, broker, (batch_rows, BATCH_AGE_S)
    )


def _start_paho(database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    numbers = (batch_rows, BATCH_AGE_S, batch_rows * BATCHES_IN_FLIGHT)
    return _start_script("ingest_paho_insert", "bench_paho_reading", database, broker, numbers)


def _start_script(
    module: str, table: str, database: Database, broker: EmbeddedMosquitto, numbers: Sequence[float]
) -> ServerProcess:
    with psycopg.connect(database.dsn, autocommit=True) as conn:
        conn.execute(fresh_table(table))
    arguments = [str(broker.service_port), database.dsn, *map(str, numbers)]
    command = ["-m", f"bench.baselines.{module}", *arguments]
    process = launch_python(database.folder, f"{module}.log", command, {"PYTHONPATH": str(ROOT)})
    return when_ready(process, lambda: "ready" in process.last_words())


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


OURS = Contender(
    name="cityops",
    about="one process for all 16 shards; acknowledges after COMMIT, then sends receipts",
    start=_start_ours,
    table="frog_reading",
    receipts=True,
)
AIOMQTT = Contender(
    name="aiomqtt",
    about="aiomqtt, json, range checks, psycopg executemany in one transaction per batch, primary key"
    " against duplicates; acknowledges before it stores, sends no receipts",
    start=_start_aiomqtt,
    table="bench_aiomqtt_reading",
)
PAHO = Contender(
    name="paho",
    about="paho-mqtt, json, range checks, one INSERT from arrays per batch, primary key against"
    " duplicates; acknowledges after COMMIT, sends no receipts",
    start=_start_paho,
    table="bench_paho_reading",
)
