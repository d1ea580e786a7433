"""The baselines do their work as carefully as ours, and Telegraf is told to."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import MQTTMessage

from bench.baselines.ingest_paho_insert import Batch
from bench.baselines.readings import RANGES, parse
from bench.baselines.telegraf import configuration, version
from bench.contenders import AIOMQTT, NO_TELEGRAF, OURS, PAHO, chosen
from cityops.errors import TransientError
from devices.contract.kind import discover
from firmware_sim.load import load_devices
from firmware_sim.load_connection import LoadDevice

TOPIC = "cityops/v1/03/frog/bench-00000/reading"
KNOWN = {"bench-00000": 7}
GOOD = b'{"ts":0,"boot":1,"seq":1,"temperature_c":0.0,"humidity_pct":50%b}'


def program(folder: Path, answer: str) -> Path:
    path = folder / "telegraf"
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path


def message(mid: int, payload: bytes) -> MQTTMessage:
    made = MQTTMessage(mid, TOPIC.encode())
    made.payload = payload
    return made


def test_a_baseline_reads_what_the_generator_sends() -> None:
    device = LoadDevice(load_devices(1, "bench")[0], b"", boot=5)
    row = parse(TOPIC, device.payload(9, 1_800_000_000_000), KNOWN)
    assert row is not None
    assert row[:4] == (datetime(2027, 1, 15, 8, 0, tzinfo=UTC), 7, 5, 9)
    assert len(row) == 4 + len(RANGES)
    assert None not in row


def test_a_baseline_checks_as_ours_does() -> None:
    frog = {f.name: (f.minimum, f.maximum) for f in discover()["frog"].fields}
    assert frog == RANGES
    assert parse(TOPIC, GOOD % b"", KNOWN) is not None
    assert parse(TOPIC, GOOD % b',"battery_v":31', KNOWN) is None
    assert parse(TOPIC, GOOD % b',"pressure_hpa":"high"', KNOWN) is None
    assert parse(TOPIC, GOOD % b"", {}) is None
    assert parse(TOPIC, b"[1", KNOWN) is None
    assert parse(TOPIC, b'{"ts":0,"boot":1,"seq":1,"temperature_c":20}', KNOWN) is None


def test_pahos_batch_is_due_by_count_or_age() -> None:
    batch = Batch(KNOWN)
    assert not batch.due(1, 0.0), "nothing waits"
    batch.add(message(1, GOOD % b""))
    assert not batch.due(2, 3600.0)
    assert batch.due(2, 0.0)
    batch.add(message(2, b"not a reading"))
    assert batch.due(2, 3600.0)
    assert (len(batch.rows), batch.mids) == (1, [1, 2]), "what can't be stored must not come back for ever"


def test_pahos_batch_is_acknowledged_after_its_commit() -> None:
    done: list[str] = []

    class Connection:
        def transaction(self) -> Connection:
            return self

        def __enter__(self) -> None:
            done.append("begin")

        def __exit__(self, *_: object) -> None:
            done.append("commit")

        def execute(self, _: str, arguments: list[Any]) -> None:
            done.append(f"insert {len(arguments)} columns of {len(arguments[1])}")

    class Client:
        def ack(self, mid: int, qos: int) -> None:
            done.append(f"ack {mid} {qos}")

    batch = Batch(KNOWN)
    for mid in (5, 6):
        batch.add(message(mid, GOOD % b""))
    batch.store(Connection(), Client())  # type: ignore[arg-type]
    assert done == ["begin", "insert 10 columns of 2", "commit", "ack 5 1", "ack 6 1"]
    assert (batch.rows, batch.mids) == ([], [])


def test_telegraf_is_told_to_lose_nothing_and_to_batch_as_ours_does() -> None:
    found = tomllib.loads(configuration("127.0.0.1:1883", "postgresql://u@h/d", 500, 0.2))
    (source,) = found["inputs"]["mqtt_consumer"]
    assert (source["persistent_session"], source["client_id"], source["qos"]) == (True, "bench-telegraf", 1)
    assert source["servers"] == ["tcp://127.0.0.1:1883"]
    agent = found["agent"]
    assert (agent["metric_batch_size"], agent["flush_interval"]) == (500, "200ms")
    assert source["max_undelivered_messages"] > agent["metric_batch_size"], "else it waits for the age"
    assert agent["metric_buffer_limit"] > source["max_undelivered_messages"], "else it drops readings"
    assert found["outputs"]["postgresql"][0]["connection"] == "postgresql://u@h/d"


def test_telegraf_is_skipped_with_a_word_where_nobody_gave_it() -> None:
    contenders, words = chosen(["aiomqtt", "paho", "telegraf"], None)
    assert contenders == [OURS, AIOMQTT, PAHO]
    assert words["telegraf"] == NO_TELEGRAF
    assert words["telegraf"].startswith("skipped: no path given")
    assert chosen([], None)[0] == [OURS]
    assert chosen(["paho", "paho"], None)[0] == [OURS, PAHO]


def test_telegraf_is_named_with_its_version(tmp_path: Path) -> None:
    contenders, words = chosen(["telegraf"], program(tmp_path, "Telegraf 1.39.3 (git: x@y)"))
    assert [c.name for c in contenders] == ["cityops", "telegraf"]
    assert words["telegraf"].startswith("Telegraf 1.39.3: mqtt_consumer")
    assert chosen(["paho"], program(tmp_path, "not asked"))[1].keys() == {"cityops", "paho"}


def test_another_program_is_not_taken_for_telegraf(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="does not answer as Telegraf does"):
        version(program(tmp_path, "something else"))
