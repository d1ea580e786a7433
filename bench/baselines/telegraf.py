"""A baseline of ``bench ingest`` that one configures: Telegraf's ``mqtt_consumer`` to ``postgresql``.

It keeps unacknowledged at the broker what it has not written (tracking metrics, a persistent
session) and writes with COPY. A duplicate stays: under a unique key it would drop the whole
batch. It checks no ranges, and has no dead letters, receipts or repaired clocks.

Its program is not part of cityops: ``bench ingest --telegraf PATH``.
"""

from __future__ import annotations

import subprocess
import threading
from functools import partial
from pathlib import Path

import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench.baselines.readings import TOPICS
from bench.contender import (
    BATCH_AGE_S,
    BATCHES_IN_FLIGHT,
    READY_WITHIN_S,
    Contender,
    launch,
    when_ready,
)
from bench.stack import Database
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import ServerProcess
from cityops.errors import TransientError

TABLE = "bench_telegraf_reading"
CLIENT_ID = "bench-telegraf"
_FRESH_TABLE = f"""
drop table if exists {TABLE};
create table {TABLE} (
    "time" timestamptz not null, device text not null, boot bigint not null, seq bigint not null,
    temperature_c real not null, humidity_pct real not null,
    wall_temperature_c real, pressure_hpa real, battery_v real);
create index on {TABLE} (device, "time" desc)
"""


def telegraf(program: Path) -> Contender:
    """Return the contender that runs ``program``."""
    return Contender(
        name="telegraf",
        about=f"{version(program)}: mqtt_consumer with a persistent session, json, postgresql (COPY);"
        " acknowledges after COMMIT, no key against duplicates, no range checks, no receipts",
        start=partial(_start, program),
        table=TABLE,
        time="time",
    )


def version(program: Path) -> str:
    """Return name and version as the program says them, e.g. ``Telegraf 1.39.3``."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    words = done.stdout.split()
    if done.returncode != 0 or words[:1] != ["Telegraf"]:
        raise TransientError(f"{program} --version does not answer as Telegraf does: {done.stdout[:200]!r}")
    return " ".join(words[:2])


def configuration(broker: str, dsn: str, batch_rows: int, batch_age_s: float) -> str:
    """Return Telegraf's configuration; ``broker`` is an address like ``127.0.0.1:1883``."""
    in_flight = batch_rows * BATCHES_IN_FLIGHT
    return f"""\
[agent]
  interval = "10s"
  metric_batch_size = {batch_rows}
  metric_buffer_limit = {2 * in_flight}
  flush_interval = "{batch_age_s * 1000:.0f}ms"
  omit_hostname = true

[[inputs.mqtt_consumer]]
  servers = ["tcp://{broker}"]
  topics = ["{TOPICS}"]
  topic_tag = ""
  qos = 1
  client_id = "{CLIENT_ID}"
  persistent_session = true
  max_undelivered_messages = {in_flight}
  name_override = "{TABLE}"
  fieldexclude = ["mono_ms", "clk"]
  data_format = "json"
  json_time_key = "ts"
  json_time_format = "unix_ms"
  [[inputs.mqtt_consumer.topic_parsing]]
    topic = "{TOPICS}"
    tags = "_/_/_/_/device/_"

[[outputs.postgresql]]
  connection = "{dsn}"
  timestamp_column_type = "timestamp with time zone"
"""


def _start(program: Path, database: Database, broker: EmbeddedMosquitto, batch_rows: int) -> ServerProcess:
    with psycopg.connect(database.dsn, autocommit=True) as conn:
        conn.execute(_FRESH_TABLE)
    address = f"{broker.host}:{broker.service_port}"
    _subscribe_beforehand(broker)
    file = database.folder / "telegraf.conf"
    file.write_text(configuration(address, database.dsn, batch_rows, BATCH_AGE_S), encoding="utf-8")
    process = launch(database.folder, "telegraf.log", [program, "--config", file], {})
    return when_ready(process, lambda: f"Connected [tcp://{address}]" in process.last_words(50))


def _subscribe(client: Client, *_: object) -> None:
    client.subscribe(TOPICS, qos=1)


def _subscribe_beforehand(broker: EmbeddedMosquitto) -> None:
    """Make the session that Telegraf resumes: it does not say when its subscription is there."""
    client, done = (
        Client(CallbackAPIVersion.VERSION2, client_id=CLIENT_ID, clean_session=False),
        threading.Event(),
    )
    client.on_connect = _subscribe
    client.on_subscribe = lambda *_: done.set()
    client.connect(broker.host, broker.service_port)
    client.loop_start()
    try:
        if not done.wait(READY_WITHIN_S):
            raise TransientError("the broker does not answer a subscription")
    finally:
        client.disconnect()
        client.loop_stop()
