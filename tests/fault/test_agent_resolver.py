"""A resolver that hangs, as one does behind a router without a line: the device measures, is fed, and stops in time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.agent.broker import BrokerAddress, Will
from devices.agent.config import AgentConfig, BrokerSection, DeviceSection
from devices.agent.link import ServerLimits
from devices.agent.paho_link import PahoLink
from devices.agent.sensor_sections import Sht4xSection
from devices.agent.service import DeviceService
from devices.agent.systemd import Notifier

pytestmark = pytest.mark.fault

REAL = socket.getaddrinfo
STOP_WITHIN_S = 10.0
"""Half of the unit's TimeoutStopSec."""


class Resolver:
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        self.asked, self.goes_on = threading.Event(), threading.Event()

    def __call__(self, host: str, *rest: object, **more: object) -> object:
        if host != "mqtt.council.example":
            return REAL(host, *rest, **more)  # type: ignore[arg-type]
        self.asked.set()
        self.goes_on.wait(60.0)
        return REAL("127.0.0.1", *rest, **more)  # type: ignore[arg-type]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.goes_on.set()


class Room:
    def __init__(self) -> None:
        self.read_s: list[float] = []

    def read(self) -> Mapping[str, float]:
        self.read_s.append(time.monotonic())
        return {"temperature_c": 20.0, "humidity_pct": 50.0}


def service(folder: Path, room: Room, port: int, notifier: Notifier | None = None) -> DeviceService:
    config = AgentConfig(
        device=DeviceSection(name="frog-1", kind="frog", data_dir=str(folder), cadence_s=1),
        broker=BrokerSection(host="mqtt.council.example", port=port),
        sensors=(Sht4xSection(),),
    )
    return DeviceService(config, [room], notifier=notifier, first_within_s=0.0)


def test_readings_go_on_at_their_cadence_and_the_watchdog_is_fed(tmp_path: Path, resolver: Resolver) -> None:
    room, path = Room(), tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "2000000"})
        device = service(tmp_path, room, 1, notifier)
        until_s = time.monotonic() + 5.0
        device.run(lambda: time.monotonic() > until_s)
        heard.settimeout(0.0)
        told = []
        while True:
            try:
                told.append(heard.recv(100))
            except BlockingIOError:
                break
    assert resolver.asked.is_set(), "it never came to that"
    assert not resolver.goes_on.is_set()
    assert len(room.read_s) >= 4
    assert max(after - before for before, after in pairwise(room.read_s)) < 2.5, "a cadence of a second"
    assert told.count(b"WATCHDOG=1") >= 3
    assert device.agent.counts.created == len(room.read_s)


def test_it_connects_as_soon_as_the_name_is_found(
    tmp_path: Path, broker: EmbeddedMosquitto, resolver: Resolver
) -> None:
    room = Room()
    device = service(tmp_path, room, broker.port)
    threading.Timer(1.5, resolver.goes_on.set).start()
    until_s = time.monotonic() + 20.0
    device.run(lambda: device.agent.counts.connects > 0 or time.monotonic() > until_s)
    assert device.agent.counts.connects == 1
    assert room.read_s


def test_a_device_that_looks_up_a_name_stops_when_it_is_told_to(tmp_path: Path) -> None:
    code = (
        "import signal, socket, sys, time\n"
        "def hang(*words, **more):\n"
        "    print('asked', flush=True)\n"
        "    time.sleep(300)\n"
        "socket.getaddrinfo = hang\n"
        "from devices.agent.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    config = tmp_path / "agent.toml"
    config.write_text(
        f'[device]\nname = "frog-1"\nkind = "frog"\ndata_dir = "{tmp_path}/data"\n'
        '[broker]\nhost = "mqtt.council.example"\nport = 1883\nplain = true\n'
        '[[sensors]]\ndriver = "ds18b20"\nrom = "28-0316a2798fff"\n'
    )
    command = [sys.executable, "-c", code, "run", "--config", str(config), "--first-within-s", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()


class Events:
    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.connects = 0

    def on_connected(self, limits: ServerLimits) -> None:
        self.connects += 1

    def on_disconnected(self, reason: str) -> None:
        self.reasons.append(reason)

    def on_puback(self, mid: int, code: int) -> None: ...

    def on_message(self, topic: str, payload: bytes) -> None: ...


def test_a_broker_that_was_left_meanwhile_is_left_and_never_spoken_of(
    broker: EmbeddedMosquitto, resolver: Resolver
) -> None:
    """The settings name another broker while the first one's name is looked up."""
    events = Events()
    old = BrokerAddress(host="mqtt.council.example", port=broker.port)
    link = PahoLink(old, "frog-1", Will("t", b""), events, first_within_s=0.0)
    link.service(0.05)
    assert resolver.asked.wait(10.0)
    link.move(BrokerAddress(host="127.0.0.1", port=broker.port))
    until_s = time.monotonic() + 20.0
    while not link.connected and time.monotonic() < until_s:
        link.service(0.05)
    assert link.connected
    resolver.goes_on.set()
    # Both have the device's name: a CONNECT of the old one would end the new one's connection.
    while [t for t in threading.enumerate() if t.name == "connecting"] and time.monotonic() < until_s:
        link.service(0.05)
    for _ in range(10):
        link.service(0.05)
    assert link.connected
    assert (events.connects, events.reasons) == (1, ["moved to another broker"])
    link.close()
