"""The launcher and the agent as processes, killed again and again while they are updated over a real broker."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.ota_server import OtaServer
from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.contract.topics import shard_of
from firmware_sim.lab.update_fleet import prepare_card
from ingest.fleet.asks import Asking
from ingest.fleet.bundles.build import Opened
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_stages
from ingest.fleet.updates.memory import MemoryUpdates
from ingest.fleet.updates.ports import Bundle, Start
from tests.fakes.update_bench import Council

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
COUNCIL = Council()
CONFIG = """
[device]
name = "frog-1"
kind = "frog"
cadence_s = 1
data_dir = "{folder}/data"

[broker]
host = "127.0.0.1"
port = {port}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"

[update]
keys_file = "{folder}/keys.json"
start_within_s = 0.2
confirm_within_s = {within}
starts = {starts}
rate_bytes_s = 3000000
"""
ROOM = """
class _Room:
    def read(self):
        return {"temperature_c": 18.0, "humidity_pct": 50.0}


def make_sensors(config):
    return [_Room()]
"""


def tree(version: int, at_start: str = "") -> dict[str, bytes]:
    """The agent as it is here, with a room to measure in."""
    found = {}
    for top in ("devices", "cityops"):
        for path in (ROOT / top).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(("cityops/db/", "cityops/embedded/")):
                found[f"code/{name}"] = path.read_bytes()
    service = found["code/devices/agent/service.py"].decode()
    begin, end = service.index("def make_sensors"), service.index("class DeviceService")
    found["code/devices/agent/service.py"] = (
        service[:begin].replace("from devices.drivers", "from devices.drivers")
        + ROOM.lstrip()
        + "\n\n"
        + service[end:]
    ).encode()
    main = found["code/devices/agent/__main__.py"].decode()
    found["code/devices/agent/__main__.py"] = (
        main.replace("import argparse\n", f"import argparse\n{at_start}\n", 1)
    ).encode()
    found["code/devices/version.txt"] = str(version).encode()
    return found


class Device:
    """What systemd does with the agent: starts it again whenever it ends."""

    def __init__(self, folder: Path, broker: EmbeddedMosquitto, within: float = 20, starts: int = 6) -> None:
        self.folder = folder
        self.root = folder / "data/update"
        (folder / "agent.toml").write_text(
            CONFIG.format(folder=folder, port=broker.port, within=within, starts=starts)
        )
        # Copied, as to a place of the card that no update writes; with a quicker alarm.
        text = (ROOT / "devices/launcher/launch.py").read_text()
        (folder / "launch.py").write_text(re.sub("ALARM_MORE_S = .*", "ALARM_MORE_S = 1", text))
        body, opened = COUNCIL.bundle(1, tree(1))
        (folder / "old.bundle").write_bytes(body)
        prepare_card(folder / "data", folder / "old.bundle", opened.bundle_id, b"")
        (folder / "keys.json").write_bytes(msgspec.json.encode(COUNCIL.keys()))
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        command = [
            sys.executable,
            str(self.folder / "launch.py"),
            str(self.root),
            "run",
            "--first-within-s",
            "0.1",
        ]
        command += ["--config", str(self.folder / "agent.toml")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("CITYOPS", "PYTHON", "COV"))}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self.starts += 1

    def kill(self) -> None:
        """Pull the plug: agent and the process that stages at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def keep_up(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def until(self, done: Callable[[], bool], most_s: float = 90) -> None:
        end = time.monotonic() + most_s
        while not done():
            self.keep_up()
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "state.json").read_bytes())
        return found

    def running(self) -> str:
        return (self.root / "slots" / self.state["current"] / "code/devices/version.txt").read_text()

    def log(self) -> str:
        return f"{self.state}\n{(self.folder / 'log').read_text()[-3000:]}"


class Town:
    def __init__(self, broker: EmbeddedMosquitto) -> None:
        self.store = MemoryUpdates([Asking(name="frog-1", kind="frog", shard=shard_of("frog-1"))])
        self.server = OtaServer(self.store, "127.0.0.1", broker.port)

    def roll_out(self, body: bytes, opened: Opened) -> int:
        manifest = opened.manifest
        bundle = Bundle(
            bundle_id=opened.bundle_id,
            serial=manifest.serial,
            version=manifest.version,
            size=len(body),
            unpacked=manifest.unpacked_bytes,
        )
        self.store.add(bundle, body)
        start = Start(bundle_id=opened.bundle_id, stages=parse_stages("100%"), limits=Limits(tries=1))
        return self.store.start(start, datetime.now(UTC))

    def ended(self, number: int) -> str:
        return str(self.store.ended(number).get("frog-1", ""))


@pytest.fixture
def town(broker: EmbeddedMosquitto) -> Iterator[Town]:
    made = Town(broker)
    with made.server:
        yield made


@pytest.fixture
def device(tmp_path: Path, broker: EmbeddedMosquitto) -> Iterator[Device]:
    made = Device(tmp_path, broker)
    yield made
    made.kill()


def test_killed_again_and_again_it_ends_on_the_new_version(device: Device, town: Town) -> None:
    rng = random.Random(7)
    device.until(lambda: bool(town.store.said))
    number = town.roll_out(*COUNCIL.bundle(2, tree(2)))
    killed: list[str] = []
    while len(killed) < 8:
        phase = device.state["phase"]
        # On trial twice: a start that is cut off counts, and there are six.
        if phase != "idle" and killed.count("trying") < 2:
            time.sleep(rng.uniform(0, 0.4))
            killed.append(device.state["phase"])
            device.kill()
        elif town.ended(number) == "confirmed":
            break
        device.keep_up()
        time.sleep(0.02)
    assert len(killed) >= 3, device.log()
    device.until(lambda: town.ended(number) == "confirmed")
    assert device.running() == "2"
    assert device.state["last"]["result"] == "confirmed"
    assert device.state["floor"] == 2


def test_one_that_crashes_goes_back_by_itself(device: Device, town: Town) -> None:
    device.until(lambda: bool(town.store.said))
    number = town.roll_out(*COUNCIL.bundle(2, tree(2, "raise SystemExit('broken')")))
    device.until(lambda: town.ended(number) == "failed")
    assert device.running() == "1"
    assert device.state["last"]["code"] == "starts"
    assert device.starts >= 7  # six starts of the new one, and the old one again
    assert town.store.reasons[number, "frog-1"] == "starts: it did not prove itself in 6 starts"


def test_one_that_hangs_is_ended_by_the_kernels_alarm(
    tmp_path: Path, broker: EmbeddedMosquitto, town: Town
) -> None:
    device = Device(tmp_path, broker, within=2.6, starts=2)
    try:
        device.until(lambda: bool(town.store.said))
        number = town.roll_out(*COUNCIL.bundle(2, tree(2, "import time; time.sleep(1000)")))
        device.until(lambda: town.ended(number) == "failed")
        assert device.running() == "1"
        assert device.state["last"]["code"] == "starts"
    finally:
        device.kill()


def test_the_launcher_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    text = (ROOT / "devices/launcher/launch.py").read_text()
    assert len(text.splitlines()) < 150
    shutil.copy(ROOT / "devices/launcher/launch.py", tmp_path)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import launch; print(launch.prepare(__import__('pathlib').Path('/nowhere')))"
    said = subprocess.run(
        [sys.executable, "-S", "-I", "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "('factory', None)"
