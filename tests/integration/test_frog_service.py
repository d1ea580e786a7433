"""A frog as it stands in a home: measuring, its page, its button; with the town and without it."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import free_port
from devices.agent.config import load_config
from devices.agent.frog import FrogParts
from devices.agent.frog_parts import serve_page
from devices.agent.service import DeviceService, boot_time_s
from devices.drivers.button import SimulatedButton
from devices.drivers.eyes import SimulatedLight, thanks
from devices.page.guard import is_home
from devices.page.server import CONNECTIONS, PageServer
from devices.page.standing import Desk
from tests.fakes.frog_page import ZONE, app_of, filled, standing
from tests.fakes.receipt_server import ReceiptServer

CONFIG = """
[device]
name = "frog-77"
kind = "frog"
cadence_s = {cadence}
data_dir = "{folder}/data"

[broker]
host = "127.0.0.1"
port = {port}

[page]
room = "Bedroom"
port = {page}
listen = "127.0.0.1"

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


class Room:
    def read(self) -> dict[str, float]:
        return {"temperature_c": 18.0, "humidity_pct": 70.0}


def ask(port: int, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str, str]:
    """Return status, location and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    connection.request(
        method, path, body or None, {**form, **{k.replace("_", "-"): v for k, v in headers.items()}}
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Location", ""), text


@contextmanager
def frog(
    folder: Path, port: int, cadence_s: int = 300
) -> Iterator[tuple[DeviceService, SimulatedButton, SimulatedLight]]:
    """Run a frog in a thread until the end of the block."""
    path = folder / "agent.toml"
    path.write_text(CONFIG.format(folder=folder, port=port, page=free_port(), cadence=cadence_s))
    config, button, light = load_config(path), SimulatedButton(), SimulatedLight()

    def serve(ring: object, desk: Desk) -> PageServer:
        return serve_page(config, boot_time_s, ring, desk)  # type: ignore[arg-type]

    over, ready = threading.Event(), threading.Event()
    made: list[DeviceService] = []

    def live() -> None:
        parts = FrogParts(button=button, light=light, zone=ZONE, serve=serve)
        made.append(
            DeviceService(config, [Room()], synchronised=lambda: True, first_within_s=0.0, parts=parts)
        )
        ready.set()
        made[0].run(over.is_set)

    thread = threading.Thread(target=live)
    thread.start()
    assert ready.wait(30)
    try:
        until(lambda: made[0].frog is not None and made[0].frog.port is not None)
        yield made[0], button, light
    finally:
        over.set()
        thread.join(30)
    assert not thread.is_alive()


def until(condition: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def page_port(service: DeviceService) -> int:
    assert service.frog is not None
    assert service.frog.port is not None
    return service.frog.port


def test_a_press_and_a_tap_reach_the_town_once_each(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    with (
        ReceiptServer(broker.host, broker.port) as server,
        frog(tmp_path, broker.port, cadence_s=1) as (service, button, light),
    ):
        for _ in range(3):
            button.press(boot_time_s())
            time.sleep(0.3)
        port = page_port(service)
        until(lambda: "Temperature" in ask(port, "GET", "/")[2])
        token = re.search(r'name="token" value="([^"]+)"', ask(port, "GET", "/")[2])
        assert token is not None
        form = f"activity=window&token={token[1]}"
        answers = [ask(port, "POST", "/diary", form, Origin=f"http://127.0.0.1:{port}")[:2] for _ in range(2)]
        assert answers == [(303, "/?saved=window#diary")] * 2
        until(lambda: len(server.diary) == 2)
        until(lambda: "The town has everything" in ask(port, "GET", "/")[2])
        assert sorted((d["activity"], d["source"]) for d in server.diary) == [
            ("washing", "button"),
            ("window", "page"),
        ]
        assert thanks(3) in light.shown
        assert "Kept here until" not in ask(port, "GET", "/")[2]
        seen = server.sequences("frog-77")
        assert len(seen) == len(set(seen))
        assert server.conflicts == 0


def test_without_the_town_everything_works_and_waits(tmp_path: Path) -> None:
    with frog(tmp_path, free_port(), cadence_s=1) as (service, button, _):
        port = page_port(service)
        button.press(boot_time_s())
        until(lambda: "by the button" in ask(port, "GET", "/")[2])
        text = ask(port, "GET", "/")[2]
        assert "The town has not answered since today at" in text
        assert "Kept here until the town has it." in text
        assert "18.0" in text
    with frog(tmp_path, free_port()) as (again, _, _):
        text = ask(page_port(again), "GET", "/")[2]
        assert "Shower or bath" in text
        assert "Kept here until the town has it." in text


# -- the server --------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[PageServer]:
    ring, desk = filled(tmp_path, 1), Desk(lambda: 0.0)
    desk.standing = standing()
    server = PageServer(app_of(ring, desk), "127.0.0.1", 0)
    server.start()
    yield server
    server.stop()
    ring.close()


def test_a_head_a_long_form_and_a_wrong_length(served: PageServer) -> None:
    assert ask(served.port, "HEAD", "/")[::2] == (200, "")
    assert ask(served.port, "POST", "/diary", "x" * 3000)[0] == 413
    assert ask(served.port, "POST", "/diary", Content_Length="ten")[0] == 413
    assert ask(served.port, "GET", "/", Host="evil.example")[0] == 421


def test_more_connections_than_threads_are_closed_and_the_page_stays(served: PageServer) -> None:
    held = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(CONNECTIONS)]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", served.port)) as one_more:
            one_more.settimeout(0.2)
            try:
                if one_more.recv(1) == b"":
                    break
            except TimeoutError:
                continue
    else:
        pytest.fail("a connection too many was kept")
    for connection in held:
        connection.close()
    until(lambda: _answers(served.port))


def _answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_who_is_not_at_home_is_closed_unread(served: PageServer) -> None:
    inner = served._server

    class Elsewhere:
        def getsockname(self) -> tuple[str, int]:
            return ("203.0.113.7", 8080)

    class Here:
        def getsockname(self) -> tuple[str, int]:
            return ("192.168.1.20", 8080)

    assert inner.verify_request(Here(), ("192.168.1.30", 5000))
    assert not inner.verify_request(Here(), ("198.51.100.9", 5000)), "a port that the router forwards"
    assert not inner.verify_request(Elsewhere(), ("192.168.1.30", 5000)), "a public address of its own"


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("10.1.2.3", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("::ffff:192.168.0.4", True),
        ("::ffff:8.8.8.8", False),
        ("fe80::1%eth0", True),
        ("2a00:1450::1", False),
        ("100.64.0.1", False),
        ("nonsense", False),
    ],
)
def test_what_a_home_network_is(address: str, home: bool) -> None:
    assert is_home(address) is home


MEASURE = """
import resource, sys, time
from pathlib import Path
from devices.agent.config import load_config
from devices.agent.service import DeviceService
class Room:
    def read(self): return {"temperature_c": 18.0, "humidity_pct": 70.0}
service = DeviceService(load_config(Path(sys.argv[1])), [Room()], synchronised=lambda: True)
heavy = sorted({"numpy", "fastapi", "psycopg", "jinja2", "typer", "scipy", "rules"} & set(sys.modules))
import urllib.request
def stop():
    global n
    n += 1
    if n == 3:
        import threading
        def look():
            for path in ("/", "/month", "/year") * 3:
                urllib.request.urlopen(f"http://127.0.0.1:{service.frog.port}{path}", timeout=60).read()
            done.append(1)
        threading.Thread(target=look).start()
    return bool(done) or n > 3000
n, done = 0, []
service.run(stop)
import re
high = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print("peak_kB", high[1] if high else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, "heavy", heavy, "looked", done)
"""


def test_it_fits_a_small_pi(tmp_path: Path) -> None:
    """A year of its own record, each page looked at three times: 60 MB are allowed."""
    folder = tmp_path / "data"
    folder.mkdir()
    filled(folder, 366).close()
    path = tmp_path / "agent.toml"
    text = CONFIG + "[button]\npin = 17\n[eyes]\npin = 27\n"
    path.write_text(text.format(folder=tmp_path, port=free_port(), page=free_port(), cadence=300))
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "GPIOZERO_PIN_FACTORY": "mock"},
        timeout=110,
    )
    assert told.returncode == 0, told.stderr
    found = re.search(r"peak_kB (\d+) heavy (\[.*\]) looked \[1\]", told.stdout)
    assert found is not None, told.stdout
    assert found[2] == "[]"
    assert int(found[1]) < 60_000
