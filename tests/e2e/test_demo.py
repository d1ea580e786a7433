"""``cityops demo`` as its user starts and stops it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from cityops.embedded.postgres import running_dsn
from ops_api.web_login import APART
from tests.fakes import command_line
from tests.fakes.stretched import stretched_s

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SMALL = {
    "CITYOPS_SIM__HOMES": "20",
    "CITYOPS_SIM__ROAD_SENSORS": "20",
    "CITYOPS_SIM__BINS": "20",
    "CITYOPS_SIM__GRITTERS": "2",
}
FROST = {"CITYOPS_SIM__HOMES": "40", "CITYOPS_SIM__ROAD_SENSORS": "30", "CITYOPS_SIM__BINS": "60"}
"""So many of each that every promise of the scenario is of some: the usual town's night is in test_soak_scenarios.py."""
FROST_SPEED = "3000"
"""What services look for by the clock of life, as whether there is a plan, they look for half as often as at a check's
usual speed, which test_a_check_that_fails_exits_with_1 has."""


@pytest.fixture
def folder(server_dir: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    place = server_dir / f"demo-{abs(hash(request.node.name)) % 10**6}"
    place.mkdir()
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def demo(
    folder: Path, *arguments: str, town: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "ops_api", "demo", "--data-dir", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **(town or {})},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def cityops(folder: Path, *arguments: str) -> str:
    """Return what a command prints while a demo runs in ``folder``."""
    return command_line.cityops(*arguments, **os.environ | {"CITYOPS_DATA_DIR": str(folder)}).stdout


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Return the output up to the line that matches."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if re.search(pattern, line):
            return seen
    raise AssertionError(f"the demo ended without {pattern!r}:\n{seen}")


def left_over(folder: Path) -> list[str]:
    """Command lines of processes that have to do with this demo."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "pid", "status"]):
        if process.info["pid"] == os.getpid() or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        text = " ".join(process.info["cmdline"] or []) + " ".join((process.info["environ"] or {}).values())
        if str(folder) in text or str(folder) in written_to(process.info["pid"]):
            found.append(" ".join(process.info["cmdline"] or ["?"]))
    return found


def written_to(pid: int) -> str:
    """Return the files that a process says its words to: a copy of another has that one's arguments and environment."""
    try:
        return " ".join(str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (1, 2))
    except OSError:  # it has ended, has closed them, or is somebody else's
        return ""


def gone_within(folder: Path, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (left := left_over(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def test_the_frost_night_keeps_its_promises(folder: Path) -> None:
    with demo(folder, "--check", "--speed", FROST_SPEED, town=FROST) as process:
        output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    counts = re.search(
        r"published ([\d,]+)  committed ([\d,]+)  dead-lettered ([\d,]+)  duplicates ([\d,]+)", output
    )
    assert counts is not None, output
    published, committed, dead, _ = (int(c.replace(",", "")) for c in counts.groups())
    assert published == committed + dead > 18_000
    assert "✗" not in output
    assert not left_over(folder)


def test_a_check_that_fails_exits_with_1(folder: Path, tmp_path: Path) -> None:
    impossible = tmp_path / "impossible.toml"
    impossible.write_text(
        'name = "impossible"\ntitle = "A night that cannot be"\ndescription = "Expects alarms that nothing raises."\n'
        'start_local = "15:00"\nduration_h = 0.5\n[expect.alarms]\n"winter.ice" = 9999\n'
    )
    words = ("demo", "--check", "--scenario", str(impossible), "--data-dir", str(folder))
    done = command_line.cityops(*words, **os.environ | SMALL | {"NO_COLOR": "1"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ alarms winter.ice: 0 (wanted ≥ 9999)" in done.stdout


@pytest.mark.usefixtures("quick_start")
def test_pages_answer_and_ctrl_c_leaves_nothing_within_5_s(folder: Path) -> None:
    with demo(folder, "--port", "0", town=SMALL) as process:
        output = read_until(process, r"/ops ")
        address = re.search(r"(http://127\.0\.0\.1:\d+)/winter", output)
        assert address is not None, output
        home = re.search(r"/home/\S+", output)
        assert home is not None
        for path in ("/", "/winter", "/bins", "/ops", "/alarms", "/api/v1/devices", home[0]):
            with urllib.request.urlopen(address[1] + path, timeout=20) as answer:
                assert answer.status == 200, path
        read_until(process, "readings committed")
        with urllib.request.urlopen(address[1] + "/api/v1/openapi.json", timeout=20) as answer:
            assert json.load(answer)["info"]["title"]
        # The pages' process has logins of its own and not the owner's.
        with psycopg.connect(running_dsn(folder / "demo") or "") as owner:
            logins: dict[str, str] = dict(
                owner.execute(
                    "select application_name, min(usename) || max(usename) from pg_stat_activity where application_name"
                    " in ('cityops-api', 'cityops-people', 'cityops-accounts', 'cityops-housing') group by 1"
                ).fetchall()
            )
            assert heard_by_lorawan(owner) == {"bin", "road"}
        assert logins == {"cityops-api": "cityops_web" * 2} | {
            f"cityops-{key}": f"cityops_web_{key}" * 2 for key in APART
        }
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        took_s = time.monotonic() - asked
    assert process.returncode == 0
    assert took_s < stretched_s(5.0)
    assert not left_over(folder)


def heard_by_lorawan(owner: psycopg.Connection[Any]) -> set[str]:
    """Kinds of the devices that speak LoRaWAN and have a reading by it, once each has."""
    query = (
        "select distinct d.kind from lorawan_inbox i join lorawan_binding b using (dev_eui) join device d using (device_id)"
        " where i.state = 'stored' and i.event_kind = 'uplink' and i.codec_id is not null"
    )
    deadline_s = time.monotonic() + stretched_s(30.0)
    found: set[str] = set()
    while len(found) < 2 and time.monotonic() < deadline_s:
        found = {kind for (kind,) in owner.execute(query).fetchall()}
        owner.rollback()
        time.sleep(0.2)
    return found


@pytest.mark.usefixtures("quick_start")
def test_a_second_demo_is_refused_the_first_goes_on_and_killed_it_leaves_no_process(folder: Path) -> None:
    with demo(folder, "--port", "0", town=SMALL) as first:
        output = read_until(first, r"/ops ")
        address = re.search(r"(http://127\.0\.0\.1:\d+)/winter", output)
        assert address is not None
        with demo(folder, "--port", "0", town=SMALL) as second:
            said, _ = second.communicate(timeout=30)
        assert second.returncode == 2
        assert f"in use by another cityops (process {first.pid})" in said
        report = json.loads(cityops(folder, "doctor", "--json"))
        assert {f["level"] for f in report["findings"] if f["name"] in {"database", "tables"}} == {"ok"}
        assert "applied  0001_registry" in cityops(folder, "db", "status")
        with urllib.request.urlopen(address[1] + "/api/v1/devices", timeout=20) as answer:
            assert answer.status == 200
        read_until(first, "readings committed")
        assert len(left_over(folder)) > 4
        first.kill()
        first.wait()
    assert not gone_within(folder, 15.0)


def test_a_taken_port_is_named_before_anything_is_cleared(folder: Path) -> None:
    kept = folder / "demo" / "devices" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with demo(folder, "--port", str(port), town=SMALL) as process:
            output, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert f"port {port} is in use by another program" in output
    assert kept.exists()


@pytest.mark.parametrize("after_s", [0.2, 2.0])
def test_ctrl_c_in_a_terminal_while_it_starts(
    folder: Path, after_s: float, request: pytest.FixtureRequest
) -> None:
    if after_s < 1.0:  # no service has been started by then
        request.getfixturevalue("quick_start")
    with demo(folder, "--check", town=SMALL) as process:
        read_until(process, "cityops demo:")
        time.sleep(after_s)
        asked = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
        output, _ = process.communicate(timeout=30)
        took_s = time.monotonic() - asked
    assert process.returncode == 130, output  # nothing was checked, so nothing has passed
    assert "stopping" in output
    assert "initdb" not in output
    assert took_s < stretched_s(5.0)
    assert not gone_within(folder, 2.0)
