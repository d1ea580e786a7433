"""The agent over TLS: its loop sleeps on a socket whose bytes may be decrypted already."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devices.agent.config import load_config
from devices.agent.doctor.broker import broker as look
from devices.agent.service import DeviceService
from tests.fakes.certificates import make
from tests.integration.test_agent_doctor import config_file


class Room:
    def read(self) -> dict[str, float]:
        return {"temperature_c": 20.0, "humidity_pct": 50.0}


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A broker with a certificate of 127.0.0.1 that is its own authority."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no mosquitto")
    make(tmp_path / "ca.pem", tmp_path / "key.pem")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "mosquitto.conf"
    config.write_text(
        f"user root\nlistener {port} 127.0.0.1\ncertfile {tmp_path / 'ca.pem'}\nkeyfile {tmp_path / 'key.pem'}\n"
        "allow_anonymous true\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with closing(socket.socket()) as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    process.kill()
    process.wait()


def test_readings_leave_over_tls_and_are_answered(tls_port: int, tmp_path: Path) -> None:
    path = config_file(tmp_path, "127.0.0.1", tls_port, f'tls_ca = "{tmp_path / "ca.pem"}"')
    path.write_text(path.read_text().replace('kind = "frog"', 'kind = "frog"\ncadence_s = 1'))
    config = load_config(path)
    service = DeviceService(config, [Room()], synchronised=lambda: True, first_within_s=0.0)
    deadline = time.monotonic() + 30
    # Nobody subscribes: the broker answers 0x10, which comes over the same encrypted way.
    service.run(lambda: service.agent.counts.refused[0x10] >= 2 or time.monotonic() > deadline)
    assert service.agent.counts.connects == 1
    assert service.agent.counts.refused[0x10] >= 2
    assert {f.name: f.level for f in look(config, connect=True)} == {
        "authority": "warn",
        "broker": "ok",
        "name": "ok",
        "tcp": "ok",
        "tls": "warn",
        "login": "ok",
        "topics": "ok",
    }, "certificates of thirty days are told in time"


def test_a_broker_of_another_authority_is_not_trusted(tls_port: int, tmp_path: Path) -> None:
    make(tmp_path / "other.pem", tmp_path / "other.key", 300)
    config = load_config(config_file(tmp_path, "127.0.0.1", tls_port, f'tls_ca = "{tmp_path / "other.pem"}"'))
    said = {f.name: f for f in look(config, connect=True)}
    assert said["tls"].level == "fail"
    assert "certificate is refused" in said["tls"].detail
    assert "login" not in said
