"""The stack without containers: each service's own command, as a process, in compose's order.

What compose gives, the test gives: the environment, the secrets as settings, health
checks before what depends on them. Host names become the address of an embedded
PostgreSQL and a Mosquitto with the stack's users and rights.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_files import Access, ServiceUser
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.embedded.process import ServerProcess, free_port
from devices.contract.access import DEVICE_RIGHTS
from tests.fakes.compose import ROOT, is_once, is_ours, load, order, secret_files
from tests.fakes.grafana_boards import queries
from tests.fakes.grafana_sql import expand

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# Patience, no promise: the stack starts ten processes beside whatever else the machine does.
READY_S = 120.0
READINGS_S = 120.0
# A small town, fast: the stack is tested here, not its size.
TOWN = {"HOMES": "8", "ROAD_SENSORS": "6", "WEATHER_STATIONS": "1", "BINS": "8", "GRITTERS": "1"}
COMPOSE = load({"STACK_TOWN_SPEED": "600"})


def _rights(user: str) -> tuple[str, ...]:
    """Return a service's lines of the stack's ACL."""
    blocks = (ROOT / "deploy" / "mosquitto" / "acl").read_text(encoding="utf-8").split("user ")
    block = next(b for b in blocks if b.startswith(f"{user}\n"))
    return tuple(line.removeprefix("topic ") for line in block.splitlines() if line.startswith("topic "))


@dataclass
class Processes:
    """The stack's services as processes.

    Attributes:
        dsn, broker: what stands for ``db`` and ``broker``.
        ports: port here by port in the compose file.
        running: by service, in the order of their start.
    """

    dsn: str
    broker: EmbeddedMosquitto
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, ServerProcess] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        service = COMPOSE["services"][name]
        found = {key: str(value) for key, value in service.get("environment", {}).items()}
        for target, source in secret_files(service).items():
            found[target.upper()] = self.dsn if source == "cityops_db__dsn" else f"{source}!"
        if found.get("CITYOPS_MQTT__HOST") == "broker":
            found |= {
                "CITYOPS_MQTT__HOST": self.broker.host,
                "CITYOPS_MQTT__PORT": str(self.broker.service_port),
            }
        for key in [k for k in found if k.endswith(("HEALTH_PORT", "API__PORT"))]:
            found[key] = str(self.port(found[key]))
        if name == "town":
            found |= {f"CITYOPS_SIM__{key}": value for key, value in TOWN.items()}
        return found | {"CITYOPS_DATA_DIR": str(self.folder / name), "CITYOPS_LOG__FORMAT": "json"}

    def port(self, compose_port: str) -> int:
        if compose_port not in self.ports:
            self.ports[compose_port] = free_port()
        return self.ports[compose_port]

    def start(self, name: str) -> None:
        log = self.folder / f"{name}.log"
        words = [str(word) for word in COMPOSE["services"][name]["command"]]
        self.running[name] = ServerProcess(
            [sys.executable, "-m", "ops_api", *words],
            account=None,
            log_file=log,
            stop_signal=signal.SIGTERM,
            grace_s=float(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")),
            env=self.environment(name),
        )

    def well(self, name: str) -> bool:
        """Run the service's health check: the same Python as in the container."""
        check = COMPOSE["services"][name]["healthcheck"]["test"]
        code = check[-1]
        for theirs, ours in self.ports.items():
            code = code.replace(f":{theirs}/", f":{ours}/")
        return subprocess.run([sys.executable, *check[2:-1], code], capture_output=True).returncode == 0

    def until_done(self, name: str) -> None:
        process = self.running.pop(name)
        _until(lambda: not process.running, READY_S, lambda: process.last_words(20))
        assert process.stop() == 0, f"{name}: {process.last_words(20)}"

    def until_well(self, name: str) -> None:
        def check() -> bool:
            assert self.running[name].running, f"{name} ended: {self.running[name].last_words(30)}"
            return self.well(name)

        _until(check, READY_S, lambda: f"{name}: {self.running[name].last_words(20)}")


def _until(done: Any, seconds: float, why: Any) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, why()
        time.sleep(0.2)


@pytest.fixture(scope="module")
def stack(server_dir: Path) -> Iterator[Processes]:
    folder = server_dir / "stack"
    folder.mkdir()
    services = {u: ServiceUser(f"mqtt_{u}_password!", _rights(u)) for u in ("ingest", "town")}
    access = Access(devices={}, device_rights=DEVICE_RIGHTS, services=services)
    with (
        EmbeddedPostgres(server_dir / "stack-db", durable=False) as db,
        EmbeddedMosquitto(server_dir / "stack-mqtt", access=access) as broker,
    ):
        processes = Processes(db.dsn, broker, folder)
        try:
            for name in order(COMPOSE):
                service = COMPOSE["services"][name]
                if not is_ours(service):
                    continue
                processes.start(name)
                if is_once(service):
                    processes.until_done(name)
                elif "test" in service["healthcheck"]:
                    processes.until_well(name)
            yield processes
        finally:
            for process in reversed(processes.running.values()):
                process.stop()


def test_every_service_runs(stack: Processes) -> None:
    wanted = {n for n, s in COMPOSE["services"].items() if is_ours(s) and not is_once(s)}
    assert set(stack.running) == wanted
    for name, process in stack.running.items():
        assert process.running, f"{name}: {process.last_words(20)}"


def test_the_towns_readings_are_committed(stack: Processes) -> None:
    def committed() -> int:
        with psycopg.connect(stack.dsn) as conn:
            row = conn.execute("select coalesce(sum(readings), 0) from ingest_batch").fetchone()
            assert row is not None
            return int(row[0])

    _until(
        lambda: committed() >= 200,
        READINGS_S,
        lambda: f"{committed()} readings; town: {_words(stack, 'town')}",
    )
    with psycopg.connect(stack.dsn) as conn:
        for kind in ("frog", "road", "weather", "bin"):
            row = conn.execute(f"select count(*) from {kind}_reading").fetchone()
            assert row is not None
            assert row[0] > 0, kind
        refused = conn.execute("select reason_code, kind, reason from dead_letter limit 5").fetchall()
        assert refused == []


def test_the_rules_follow(stack: Processes) -> None:
    def judged() -> int:
        with psycopg.connect(stack.dsn) as conn:
            row = conn.execute("select count(distinct subject_kind) from subject_state").fetchone()
            assert row is not None
            return int(row[0])

    _until(lambda: judged() >= 3, READINGS_S, lambda: _words(stack, "rules"))


def test_the_pages_answer(stack: Processes) -> None:
    base = f"http://127.0.0.1:{stack.port('8080')}"
    for path in ("/", "/winter", "/bins", "/ops", "/readyz"):
        with urllib.request.urlopen(base + path, timeout=10) as answer:
            assert answer.status == 200, path
    with urllib.request.urlopen(base + "/api/v1/openapi.json", timeout=10) as answer:
        assert json.load(answer)["openapi"].startswith("3.")


# What may well not have happened in the first minutes of a small town's night.
MAY_BE_EMPTY = re.compile(
    r"annotation|Alarms raised|alarms|Where/|Silent|Dead letters|Reasons|Worst|empt|Empt|rounds|To collect|Coldest road now|treat by"
    r"|Devices with gaps"  # none, where nothing is lost
    r"|cityops-homes/"  # hours with five homes reporting, percentiles of them
)


def test_the_boards_read_what_the_services_wrote(stack: Processes) -> None:
    """Every query as the dashboards' role, over the town's own night: the rules' JSON is as read."""
    with psycopg.connect(stack.dsn, autocommit=True) as conn:
        conn.execute("set role cityops_reader")
        night = "select min(ts), max(ts) + interval '1 minute' from road_reading"
        start, end = conn.execute(night).fetchone() or (None, None)
        choices = {
            "route": [str(row[0]) for row in conn.execute("select route_id from gritting_route")],
            "stream": [str(row[0]) for row in conn.execute("select distinct stream from bin_site")],
        }
        empty = []
        for query in queries():
            wall_clock = "received_at" in query.sql
            period = (
                (datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC)) if wall_clock else (start, end)
            )
            found = conn.execute(expand(query.sql, *period, variables=choices)).fetchall()  # type: ignore[call-overload]
            if not any(value is not None for row in found for value in row):
                empty.append(query.where)
    assert [where for where in empty if not MAY_BE_EMPTY.search(where)] == []


def test_stopping_is_orderly_and_in_time(stack: Processes) -> None:
    """SIGTERM, as compose sends it, in the reverse of the starting order; last test of the module."""
    for name in reversed(list(stack.running)):
        process = stack.running.pop(name)
        began = time.monotonic()
        assert process.stop() == 0, f"{name}: {process.last_words(20)}"
        assert time.monotonic() - began < 15, name


def _words(stack: Processes, name: str) -> str:
    return stack.running[name].last_words(30)
