"""The agent as its user starts it: a process with a file, a probe and a broker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.errors import ConfigurationError
from devices.agent.__main__ import main
from devices.agent.config import load_config
from devices.agent.service import DeviceService
from devices.agent.systemd import Notifier
from tests.fakes.receipt_server import ReceiptServer

CONFIG = """
[device]
name = "frog-77"
kind = "frog"
cadence_s = 1
data_dir = "{folder}"

[broker]
host = "{host}"
port = {port}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


def config_file(folder: Path, host: str = "127.0.0.1", port: int = 1883, text: str = CONFIG) -> Path:
    path = folder / "agent.toml"
    path.write_text(text.format(folder=folder / "data", host=host, port=port))
    return path


class Room:
    def read(self) -> dict[str, float]:
        return {"temperature_c": 0.0, "humidity_pct": 50.0}


def test_a_device_measures_sends_and_leaves_politely(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    config = load_config(config_file(tmp_path, broker.host, broker.port))
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1200000"})
    with ReceiptServer(broker.host, broker.port) as server:
        service = DeviceService(
            config, [Room()], notifier=notifier, synchronised=lambda: True, first_within_s=0.0
        )
        deadline = time.monotonic() + 15
        service.run(lambda: service.agent.counts.receipted >= 3 or time.monotonic() > deadline)
        assert service.agent.counts.receipted >= 3
        reading = next(
            held for (device, _, seq), held in server.held.items() if (device, seq) == ("frog-77", 0)
        )
        assert (reading["temperature_c"], reading["clk"]) == (0.0, 2)
        assert abs(reading["ts"] / 1000 - time.time()) < 20
        until = time.monotonic() + 5
        while server.statuses[-1][1]["online"] and time.monotonic() < until:
            time.sleep(0.02)
        said = [status["online"] for _, status in server.statuses]
        assert (said[0], said[-1]) == (True, False)
        assert len(said) <= 3, "born, perhaps that the outbox has emptied, gone"
    listening.setblocking(False)
    told = []
    with listening:
        while True:
            try:
                told.append(listening.recv(100))
            except BlockingIOError:
                break
    assert told[0] == b"READY=1"
    assert told[-1] == b"STOPPING=1"
    assert told.count(b"WATCHDOG=1") >= 3


def test_the_process_stops_at_sigterm_and_says_what_failed(tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound, and not listening: each attempt is refused
        nobody.bind(("127.0.0.1", 0))
        said = _what_a_process_says(config_file(tmp_path, port=nobody.getsockname()[1]))
    assert b"28-0316a2798fff does not answer" in said
    assert b"not connected" in said
    assert b"Connection refused" in said
    assert b"stopped" in said


def _what_a_process_says(path: Path) -> bytes:
    agent = subprocess.Popen(
        [sys.executable, "-m", "devices.agent", "run", "--config", str(path), "--first-within-s", "0"],
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert agent.stderr is not None
    os.set_blocking(agent.stderr.fileno(), False)
    said, deadline = b"", time.monotonic() + 15
    while not (b"sensor failed" in said and b"not connected" in said) and time.monotonic() < deadline:
        said += agent.stderr.read() or b""
        time.sleep(0.05)
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(5) == 0
    said += agent.stderr.read() or b""
    agent.stderr.close()
    return said


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('kind = "frog"', 'kind = "toad"'), r"'toad' does not exist; there are bin, frog"),
        (('name = "frog-77"', 'name = "Frog 77"'), "lower case"),
        (("cadence_s = 1", "cadence_s = 0"), r"device\.cadence_s 0: expected int >= 1"),
        (("cadence_s = 1", "cadense_s = 1"), r"device\.cadense_s is not known; did you mean cadence_s\?"),
        (('driver = "ds18b20"', 'driver = "ds18b99"'), r"'ds18b99' does not exist; did you mean ds18b20\?"),
        (('rom = "28-0316a2798fff"', 'rom = "10-0316a2798fff"'), r"sensors"),
        (('rom = "28-0316a2798fff"', 'rom = "28-0316a2798fff"\nfield = "mood"'), "'mood' is no field"),
        (("port = {port}", "port = 99999"), "65535"),
        (("[broker]", "[broker"), "no TOML"),
    ],
)
def test_a_wrong_file_is_explained(change: tuple[str, str], reason: str, tmp_path: Path) -> None:
    path = config_file(tmp_path, text=CONFIG.replace(*change))
    with pytest.raises(ConfigurationError, match=reason):
        load_config(path)
    assert main(["check", "--config", str(path)]) == 2


def test_check_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = config_file(tmp_path)
    assert main(["check", "--config", str(path)]) == 0
    assert "frog-77, frog, shard" in capsys.readouterr().out
    assert main(["read", "--config", str(path)]) == 1
    assert "does not answer" in capsys.readouterr().out
    assert main(["check", "--config", str(tmp_path / "none.toml")]) == 2


def test_secrets_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hush\n")
    text = CONFIG.replace("[[sensors]]", f'password_file = "{tmp_path / "password"}"\n[[sensors]]', 1)
    config = load_config(config_file(tmp_path, text=text))
    address = config.address()
    assert (address.username, address.password) == ("frog-77", "hush")
    assert "hush" not in repr(address)
    (tmp_path / "password").unlink()
    with pytest.raises(ConfigurationError, match="password_file"):
        config.address()
