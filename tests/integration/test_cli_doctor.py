"""The kernel's commands as their user runs them: doctor, db, config."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import free_port
from cityops.finding import Finding
from cityops.settings import load_settings
from ops_api import doctor_machine, doctor_services
from tests.fakes.command_line import cityops


def command(*words: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return cityops(*words, HOME=str(data_dir), CITYOPS_DATA_DIR=str(data_dir), **environment)


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_all_is_well_with_a_broker_and_an_upgraded_database(
    db_dsn: str, broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    done = command(
        *("doctor", "--json"),
        data_dir=tmp_path,
        CITYOPS_DB__DSN=db_dsn,
        CITYOPS_MQTT__PORT=str(broker.port),
        CITYOPS_API__PORT=str(free_port()),
    )
    found = findings(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {
        "Python",
        "data directory",
        "disk",
        "broker",
        "database",
        "TimescaleDB",
        "tables",
        "clock",
    } <= set(found)
    assert found["broker"]["detail"].endswith("answers, MQTT 5")
    assert found["tables"]["level"] == "ok"
    assert found["database clock"]["level"] == "ok"


def test_what_is_wrong_has_a_cross_and_a_fix(empty_dsn: str, tmp_path: Path) -> None:
    port = str(free_port())
    done = command("doctor", data_dir=tmp_path, CITYOPS_DB__DSN=empty_dsn, CITYOPS_MQTT__PORT=port)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    tables = next(i for i, line in enumerate(lines) if line.startswith("✗ tables"))
    assert lines[tables + 1].strip() == "→ cityops db upgrade"
    assert any(line.startswith("✗ broker") and port in line for line in lines)


def test_an_unreachable_database_is_named_without_its_password(tmp_path: Path) -> None:
    dsn = f"postgresql://u:hush@127.0.0.1:{free_port()}/d"
    done = command("doctor", "--json", data_dir=tmp_path, CITYOPS_DB__DSN=dsn)
    assert findings(done)["database"]["level"] == "fail"
    assert "refused" in findings(done)["database"]["detail"]
    assert "hush" not in done.stdout + done.stderr


async def test_what_answers_but_is_no_broker_is_told_apart() -> None:
    async def gibberish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(gibberish, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        (found,) = await doctor_services.broker(load_settings(mqtt={"port": port}))
    assert found.level == "fail"
    assert "no MQTT broker" in found.detail


async def test_a_page_port_in_use_is_named() -> None:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = await doctor_machine.ports(load_settings(api={"port": port}, mqtt={"port": 0}))
    assert found == [
        Finding(
            f"port {port}",
            "warn",
            "in use by another program",
            "choose another: --port or CITYOPS_API__PORT",
        )
    ]


def test_upgrade_then_status(empty_dsn: str, tmp_path: Path) -> None:
    before = command("db", "status", data_dir=tmp_path, CITYOPS_DB__DSN=empty_dsn)
    assert before.returncode == 1
    assert "pending  0001_registry" in before.stdout
    done = command("db", "upgrade", data_dir=tmp_path, CITYOPS_DB__DSN=empty_dsn)
    assert done.returncode == 0, done.stderr
    assert "applied 0001_registry" in done.stdout
    again = command("db", "upgrade", data_dir=tmp_path, CITYOPS_DB__DSN=empty_dsn)
    assert again.stdout == "the database is up to date\n"
    after = command("db", "status", "--json", data_dir=tmp_path, CITYOPS_DB__DSN=empty_dsn)
    assert after.returncode == 0
    assert json.loads(after.stdout)["pending"] == []


def test_config_show_gives_values_and_sources(tmp_path: Path) -> None:
    done = command("config", "show", "--json", data_dir=tmp_path, CITYOPS_MQTT__HOST="broker.example")
    shown = {item["name"]: item for item in json.loads(done.stdout)}
    assert shown["mqtt.host"] == {
        "name": "mqtt.host",
        "value": "broker.example",
        "source": "CITYOPS_MQTT__HOST",
    }
    assert shown["mqtt.port"]["source"] == "default"


@pytest.mark.parametrize("debug", [False, True])
def test_an_expected_error_is_one_line_unless_debugging(debug: bool, tmp_path: Path) -> None:
    options = ["--debug"] if debug else []
    done = command(*options, "config", "show", data_dir=tmp_path, CITYOPS_NONSENSE="1")
    assert done.returncode == (1 if debug else 2)
    assert ("Traceback" in done.stderr) is debug
    assert "CITYOPS_NONSENSE: no such setting" in done.stderr
