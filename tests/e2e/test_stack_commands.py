"""The stack without containers: each service's own command, as a process, in compose's order and environment.

How the places of the containers become places here is in ``tests/fakes/stack.py``. With ``CITYOPS_TEST_STACK_LOG`` the
log of the run is written there: ``docs/stack-start.md`` is one.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psycopg
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from dashboards.check_macros import expand
from devices.contract.topics import shard_of, topic
from ingest.devices_cache import UNKNOWN_S
from tests.fakes.compose import ROOT, is_once, is_ours, load, order
from tests.fakes.grafana_boards import BOARDS, Query, queries
from tests.fakes.promql import metrics
from tests.fakes.quick_start import Quick
from tests.fakes.stack import Stack, grace_s
from tests.fakes.stack_page import page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

# A small town, fast: the stack is tested here, not its size.
TOWN = {"HOMES": "8", "ROAD_SENSORS": "6", "WEATHER_STATIONS": "1", "BINS": "8", "GRITTERS": "1"}
COMPOSE = load({"STACK_TOWN_SPEED": "300"})
NOT_OURS = {"grafana", "prometheus", "alertmanager", "host"}
"""Images that no process here stands for."""
WAITING = {"backup", "verify"}
"""Run when they are asked for, and not with the others."""
NAMES = [name for name in order(COMPOSE) if name not in NOT_OURS | WAITING]
DEVICE = "road-9001"
PATIENCE_S = 60.0
"""For an answer: no promise, but what a machine may take that does much else."""


@pytest.fixture(scope="module")
def stack(server_dir: Path) -> Iterator[Stack]:
    folder = server_dir / "stack"
    folder.mkdir(mode=0o711)
    with pytest.MonkeyPatch.context() as patch:
        # Ten services import everything, twenty seconds of CPU; test_demo.py starts them as their user does.
        patch.setattr(subprocess, "Popen", Quick)
        found = Stack(
            COMPOSE, folder, {"town": {f"CITYOPS_SIM__{key}": value for key, value in TOWN.items()}}
        )
        try:
            found.start_all(NAMES)
            yield found
        finally:
            found.close()


def test_every_service_runs(stack: Stack) -> None:
    wanted = {n for n in NAMES if n != "db" and not is_once(COMPOSE["services"][n])}
    assert set(stack.running) == wanted
    assert {n for n, s in COMPOSE["services"].items() if is_ours(s)} <= wanted | {"migrate"} | WAITING
    for name, process in stack.running.items():
        assert process.running, f"{name}: {process.last_words(20)}"


def test_each_started_after_what_it_waits_for_was_well(stack: Stack) -> None:
    """By the log: nothing started before its conditions were true."""
    when = {(name, words.split(":")[0].split(" (")[0]): at for at, name, words in stack.log}
    for name in NAMES:
        for other, condition in COMPOSE["services"][name].get("depends_on", {}).items():
            done = "healthy" if condition["condition"] == "service_healthy" else "ended, exit code 0"
            assert when[other, done] < when[name, "started"], f"{name} before {other}"


def test_a_reading_comes_from_a_device_through_tls_to_the_api(stack: Stack) -> None:
    """A device is registered, let in and heard as docs/deploy.md says."""
    registry = stack.folder / "registry.json"
    one = {"name": DEVICE, "kind": "road", "shard": shard_of(DEVICE), "installed_at": "2026-01-01T00:00:00Z"}
    registry.write_text(json.dumps({"name": "More", "devices": [one]}))
    stack.run("migrate", "registry", "load", str(registry), shown="registry load registry.json")
    name, password = stack.run("broker-users", "/etc/cityops/devices.sh", "add", DEVICE).split()
    stack.hup("broker")
    # The ingester looks for devices that it lacks this often: the town's first may have made it look just before.
    time.sleep(UNKNOWN_S)
    client = Heard(stack, name, password)
    now = datetime.now(UTC).replace(microsecond=0)
    reading = {"surface_temperature_c": -1.5, "air_temperature_c": 0.5, "humidity_pct": 91.0}
    client.publish({"ts": now.isoformat(), "boot": 1, "seq": 1, **reading})
    stack.until(client.received, lambda: f"no receipt; ingest: {stack.last_words('ingest')}")
    assert client.tls in {"TLSv1.2", "TLSv1.3"}
    latest = _get(stack, f"/api/v1/devices/{DEVICE}/latest")
    assert latest["surface_temperature_c"] == -1.5
    stack.say(
        DEVICE,
        f"{client.tls}, its own login: reading sent, receipt received, read at `/api/v1/devices/{DEVICE}/latest`",
    )
    refused = Heard(stack, name, "guessed")
    assert refused.connected == ["Not authorized"]
    stack.say(DEVICE, "with another password: refused")


class Heard:
    """A device that connects with TLS and remembers its receipts."""

    def __init__(self, stack: Stack, name: str, password: str) -> None:
        self._up = topic(shard_of(name), "road", name, "reading")
        self._receipts: list[bytes] = []
        self.connected: list[str] = []
        self.tls: str | None = None
        end = time.monotonic() + PATIENCE_S
        while self.connected != ["Success"] and time.monotonic() < end:
            self.connected.clear()
            self._connect(stack, name, password)
            if password == "guessed":
                break
        self._paho.subscribe(topic(shard_of(name), "road", name, "receipt"), qos=1)
        socket = self._paho.socket()
        self.tls = socket.version() if isinstance(socket, ssl.SSLSocket) else None

    def _connect(self, stack: Stack, name: str, password: str) -> None:
        self._paho: Any = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5)
        self._paho.username_pw_set(name, password)
        self._paho.tls_set(ca_certs=str(stack.secrets / "mqtt_ca_crt"))
        self._paho.on_connect = lambda _c, _u, _f, reason, _p: self.connected.append(str(reason))
        self._paho.on_message = lambda _c, _u, message: self._receipts.append(message.payload)
        self._paho.connect("127.0.0.1", int(stack.ports["8883"]))
        end = time.monotonic() + PATIENCE_S
        while not self.connected and time.monotonic() < end:
            self._paho.loop(0.05)

    def publish(self, reading: dict[str, Any]) -> None:
        """Send a reading."""
        self._paho.publish(self._up, json.dumps(reading), qos=1)

    def received(self) -> bool:
        """Whether a receipt has come."""
        self._paho.loop(0.1)
        return bool(self._receipts)


def _get(stack: Stack, path: str) -> Any:
    with urllib.request.urlopen(
        f"http://127.0.0.1:{stack.ports['8080']}{path}", timeout=PATIENCE_S
    ) as answer:
        return json.load(answer)


def test_the_towns_readings_are_committed(stack: Stack) -> None:
    def committed() -> int:
        with psycopg.connect(stack.database.dsn) as conn:
            row = conn.execute("select coalesce(sum(readings), 0) from ingest_batch").fetchone()
            assert row is not None
            return int(row[0])

    stack.until(lambda: committed() >= 200, lambda: f"{committed()} readings; {stack.last_words('town')}")
    stack.say("town", f"{committed()} readings are committed")
    with psycopg.connect(stack.database.dsn) as conn:
        for kind in ("frog", "road", "weather", "bin"):
            row = conn.execute(f"select count(*) from {kind}_reading").fetchone()
            assert row is not None
            assert row[0] > 0, kind
        # A sentinel is what a simulated bin's broken sensor says, and should be set aside.
        others = "select reason_code, kind, reason from dead_letter where reason_code <> 'sentinel' limit 5"
        refused = conn.execute(others).fetchall()
        assert refused == []


def test_the_rules_follow(stack: Stack) -> None:
    def judged() -> int:
        with psycopg.connect(stack.database.dsn) as conn:
            row = conn.execute("select count(distinct subject_kind) from subject_state").fetchone()
            assert row is not None
            return int(row[0])

    stack.until(lambda: judged() >= 3, lambda: stack.last_words("rules"))


def test_the_pages_answer(stack: Stack) -> None:
    base = f"http://127.0.0.1:{stack.ports['8080']}"
    for path in ("/", "/winter", "/bins", "/ops", "/readyz"):
        with urllib.request.urlopen(base + path, timeout=PATIENCE_S) as answer:
            assert answer.status == 200, path
    assert _get(stack, "/api/v1/openapi.json")["openapi"].startswith("3.")


def test_every_metric_that_an_alarm_reads_is_exported(stack: Stack) -> None:
    """Asked of the running services: those of a rule that names a job, of that job."""
    exported: set[str] = {"up"}
    for port in ("9101", "9102", "9103", "9104", "9105", "8080"):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{stack.ports[port]}/metrics", timeout=PATIENCE_S
        ) as answer:
            page = answer.read().decode()
        exported |= _names(page)
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules" / "platform.yml").read_text())
    asked = {m: r["alert"] for g in rules["groups"] for r in g["rules"] for m in metrics(r["expr"])}
    assert {metric: alert for metric, alert in asked.items() if metric not in exported} == {}
    stack.say("prometheus", f"(not run) the {len(asked)} metrics that its alarms read are all exported")


def _names(page: str) -> set[str]:
    """Return the names under which the samples of a page are or will be; a counter by label has none at first."""
    found: set[str] = set()
    for family in text_string_to_metric_families(page):
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + end for end in ends}
    return found


def _metric(stack: Stack, name: str) -> float:
    url = f"http://127.0.0.1:{stack.ports['8080']}/metrics"
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        found = re.search(rf"^{name} (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_a_back_up_is_made_when_it_is_asked_for(stack: Stack) -> None:
    """``docker compose --profile backup run --rm backup``, and /metrics knows of it."""
    stack.run_once("backup")
    made = [p for p in stack.volume("backups").iterdir() if p.is_dir()]
    assert len(made) == 1
    assert 0 <= _metric(stack, "cityops_backup_age_seconds") < 600


def test_the_back_up_is_tried_and_metrics_say_so(stack: Stack) -> None:
    """``docker compose --profile backup run --rm verify``, once a week."""
    assert _metric(stack, "cityops_backup_verified_age_seconds") == float("inf")
    stack.run_once("verify")
    assert 0 <= _metric(stack, "cityops_backup_verified_age_seconds") < 600


# What may well not have happened in the first minutes of a small town's night.
MAY_BE_EMPTY = re.compile(
    r"annotation|Alarms raised|alarms|Where/|Silent|Dead letters|Reasons|Worst|empt|Empt|rounds|To collect|Coldest road now|treat by"
    r"|Devices with gaps"  # none, where nothing is lost
    r"|Policies"  # plain PostgreSQL has none
    r"|changed in the last hour|Warmest bins|Weakest batteries"  # of the wall's clock; the town's night is another
    r"|Gritters spread"  # not before they went out
    r"|cityops-homes/"  # hours with five homes reporting, percentiles of them
    r"|cityops-(alarms|bin-trends|fleet|winter-verify)/"  # alarms that were answered, days, nights that are over
)


def test_the_boards_read_what_the_services_wrote(stack: Stack) -> None:
    """Every query as the dashboards' role, over the town's own night: the rules' JSON is as read.

    The town and the rules go on meanwhile: what a slow machine has not come to yet is asked again.
    """
    with psycopg.connect(stack.database.dsn, autocommit=True) as conn:
        conn.execute("set role cityops_reader")
        empty = [query for query in queries() if not _answers(conn, query)]
        waiting = [query for query in empty if not MAY_BE_EMPTY.search(query.where)]
        stack.until(
            lambda: all(_answers(conn, query) for query in waiting),
            lambda: "; ".join(query.where for query in waiting if not _answers(conn, query)),
        )


def _answers(conn: psycopg.Connection[Any], query: Query) -> bool:
    """Run a panel's query; return whether it shows anything."""
    night = conn.execute("select min(ts), max(ts) + interval '1 minute' from road_reading").fetchone()
    assert night is not None
    last_hour = (datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC))
    choices = {
        variable["name"]: [str(row[-1]) for row in conn.execute(variable["query"]).fetchall()] or [""]
        for variable in BOARDS[query.board]["templating"]["list"]
        if variable["type"] == "query"
    }
    period = last_hour if "received_at" in query.sql or "board.ingest(" in query.sql else night
    found = conn.execute(expand(query.sql, *period, variables=choices)).fetchall()  # type: ignore[call-overload]
    return any(value is not None for row in found for value in row)


def test_stopping_is_orderly_and_in_time(stack: Stack) -> None:
    """SIGTERM, as compose sends it, in the reverse of the starting order; last test of the module."""
    for name in reversed(list(stack.running)):
        last = stack.last_words(name)
        code, seconds = stack.stop(name)
        assert code == 0, f"{name}: {last}"
        assert seconds < grace_s(COMPOSE["services"][name]), name
    began = time.monotonic()
    stack.database.stop()
    stack.say("db", f"stopped after {time.monotonic() - began:.1f} s")
    log = os.environ.get("CITYOPS_TEST_STACK_LOG")
    if log:
        Path(log).write_text(page(stack.log, NAMES), encoding="utf-8")
