"""The loop of a device: how long it sleeps after slow sensors, and how often it feeds the watchdog."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from devices.agent.config import AgentConfig, BrokerSection, DeviceSection
from devices.agent.sensor_sections import Sht4xSection
from devices.agent.service import DeviceService
from devices.agent.systemd import Notifier


class Slow:
    def read(self) -> Mapping[str, float]:
        time.sleep(0.4)
        return {"temperature_c": 20.0, "humidity_pct": 50.0}


def test_what_sensors_take_is_not_slept_besides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = AgentConfig(
        device=DeviceSection(name="frog-1", kind="frog", data_dir=str(tmp_path), cadence_s=1),
        broker=BrokerSection(host="127.0.0.1", port=1),
        sensors=(Sht4xSection(),),
    )
    service = DeviceService(config, [Slow()], first_within_s=3600.0)
    slept: list[float] = []
    monkeypatch.setattr(service._link, "service", slept.append)
    turns = iter([False, True])
    service.run(lambda: next(turns))
    assert len(slept) == 1
    assert slept[0] <= 0.61


def test_the_watchdog_is_fed_in_time_by_a_loop_that_is_slow(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        heard.settimeout(0.0)
        notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "120000000"})
        fed, now_s = [0.0], 1000.0
        notifier.alive(now_s)
        heard.recv(100)
        for took_s in (
            29.0,
            30.0 + 10.0 + 30.0,
            29.0,
            30.0 + 10.0 + 30.0,
        ):  # sleep, sensors, a name looked up
            now_s += took_s
            notifier.alive(now_s)
            try:
                heard.recv(100)
            except BlockingIOError:
                continue
            fed.append(now_s - 1000.0)
        assert max(after - before for before, after in pairwise(fed)) < 120.0
