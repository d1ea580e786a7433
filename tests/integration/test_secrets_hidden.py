"""A started service shows none of its secrets: not in its log, its list of arguments, its pages, its errors or its metrics."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from pydantic import SecretStr

from cityops.embedded.process import free_port
from cityops.settings import Settings, load_settings
from cityops.settings_check import leaves, variable
from cityops.settings_report import report
from tests.fakes.website import PLAIN

CANARY = "canary-Kx81-"
ROOT = Path(__file__).parents[2]
PAGES = (
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/alarms",
    "/nothing",
    "/api/v1/nothing",
    "/sign-in",
    "/account",
    "/api/v1/status",
    "/api/v1/openapi.json",
)


BESIDE = {
    "CITYOPS_MQTT__USERNAME": "ingest",
    "CITYOPS_IDENTITY__OIDC_ISSUER": "https://sign-in.example",
    "CITYOPS_IDENTITY__OIDC_CLIENT_ID": "cityops",
}
"""What has to be given with some of them."""


def secrets() -> list[tuple[str, ...]]:
    """Return the settings that are secrets by their type."""
    found = []
    for path in leaves(Settings):
        model: object = Settings
        for part in path[:-1]:
            model = model.model_fields[part].annotation  # type: ignore[attr-defined]
        if SecretStr in _parts(model.model_fields[path[-1]].annotation):  # type: ignore[attr-defined]
            found.append(path)
    return found


def _parts(annotation: object) -> tuple[object, ...]:
    """Return the types of one value, or of one that may be missing; of tables of secrets none."""
    return (
        (annotation,)
        if annotation is SecretStr
        else getattr(annotation, "__args__", ())
        if "None" in str(annotation)
        else ()
    )


def canaries() -> dict[str, str]:
    """Return an environment in which every secret that is one text has a value of its own, long enough for any of them."""
    found = {variable(path): f"{CANARY}{n:02}-" + "x" * 30 for n, path in enumerate(secrets())}
    return found | BESIDE


@contextmanager
def started(dsn: str, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The web server as ``cityops api`` starts it, with every secret set; its log is ``folder/log``."""
    port = free_port()
    own = {
        "CITYOPS_DB__DSN": dsn,
        "CITYOPS_API__PORT": str(port),
        "CITYOPS_DATA_DIR": str(folder),
        "CITYOPS_LOG__LEVEL": "debug",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops_api", "api"],
            env={"PATH": os.environ["PATH"], **canaries(), **own},
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def is_up(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", verify=PLAIN).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")


def with_password(dsn: str) -> str:
    """Return the connection string with a password, which the test's server does not ask for."""
    return psycopg.conninfo.make_conninfo(dsn, password=f"{CANARY}database")


def test_there_are_secrets_to_look_for() -> None:
    names = {".".join(path) for path in secrets()}
    assert {"mqtt.password", "identity.secret", "ops.password", "housing.password"} <= names


def test_what_is_shown_of_settings_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in canaries().items():
        monkeypatch.setenv(name, value)
    settings = load_settings(db={"dsn": f"postgresql://u:{CANARY}db@h/x"})
    shown = "\n".join(f"{item.name} {item.value} {item.source}" for item in report(settings)) + repr(settings)
    assert CANARY not in shown


def test_a_started_server_shows_none(db_dsn: str, tmp_path: Path) -> None:
    with started(with_password(db_dsn), tmp_path) as (url, process):
        is_up(url, process)
        with httpx.Client(base_url=url, verify=PLAIN, timeout=60) as http:
            said = [http.get(path).text for path in PAGES]
            said.append(http.post("/api/v1/join", json={"code": f"{CANARY}code"}).text)
            said.append(
                http.get("/api/v1/alarms", headers={"X-Api-Key": f"cok_aaaaaaaa_{CANARY}" + "k" * 31}).text
            )
            said.append(http.post("/sign-in", data={"name": "ada", "password": f"{CANARY}typed"}).text)
        family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
        arguments = [" ".join(psutil.Process(pid).cmdline()) for pid in family]
    log = (tmp_path / "log").read_text("utf-8", errors="replace")
    assert "api listening" in log
    assert [path for path, text in zip(PAGES, said, strict=False) if CANARY in text] == []
    assert CANARY not in "".join(said)
    assert CANARY not in "".join(arguments)
    assert [line for line in log.splitlines() if CANARY in line] == []
