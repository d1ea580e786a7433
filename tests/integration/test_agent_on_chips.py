"""From a simulated chip's bytes to the broker: the agent as its user starts it, on chips in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.drivers.remote_bus import RemoteBoard
from firmware_sim.lab.bench import load_bench
from firmware_sim.lab.bus_server import serving
from tests.fakes.receipt_server import ReceiptServer

CONFIG = """
[device]
name = "frog-78"
kind = "frog"
cadence_s = 1
data_dir = "{folder}"

[broker]
host = "{host}"
port = {port}

[[sensors]]
driver = "sht4x"
bus = "unix:{bus}"
self_heating_k = 1.3

[[sensors]]
driver = "bme280"
bus = "unix:{bus}"
fields = {{ temperature_c = "", humidity_pct = "" }}

[[sensors]]
driver = "ds18b20"
bus = "unix:{bus}"
rom = "28-0316a2798fff"
attempts = 1
"""

Reading = Mapping[str, float]


@contextmanager
def agent(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "devices.agent", "run", "--config", str(path), "--first-within-s", "0"],
        stderr=subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def waited(server: ReceiptServer, wanted: Callable[[Reading], bool], after: int = -1) -> tuple[int, Reading]:
    """Return the first reading after number ``after`` that is wanted, and its number."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for (device, _, seq), held in sorted(dict(server.held).items(), key=lambda item: item[0][2]):
            if device == "frog-78" and seq > after and wanted(held):
                return seq, held
        time.sleep(0.05)
    pytest.fail(f"no such reading after {after}; there are {sorted(server.held)}")


def test_readings_of_chips_reach_the_broker_and_a_chip_that_is_pulled_out_leaves_only_its_own_field(
    broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    path, bus = tmp_path / "agent.toml", tmp_path / "bus"
    path.write_text(CONFIG.format(folder=tmp_path / "data", host=broker.host, port=broker.port, bus=bus))
    with serving(bus, load_bench("kitchen")), ReceiptServer(broker.host, broker.port) as server, agent(path):
        wires = RemoteBoard(str(bus))
        seq, whole = waited(server, lambda reading: "wall_temperature_c" in reading)
        assert whole["temperature_c"] == pytest.approx(20.0, abs=0.05), "21.3 in a box 1.3 K too warm"
        assert whole["humidity_pct"] == pytest.approx(68.2, abs=0.4), "63 % there"
        assert whole["pressure_hpa"] == pytest.approx(1009.4, abs=0.2)
        assert whole["wall_temperature_c"] == 14.19
        wires.ask("fail", chip=2, fault="gone")
        wires.ask("fail", chip=0, fault="bad_crc", times=2)
        seq, without = waited(server, lambda reading: "wall_temperature_c" not in reading, seq)
        assert without.keys() >= {"temperature_c", "humidity_pct", "pressure_hpa"}
        wires.ask("heal", chip=2)
        wires.ask("set", chip=2, truth={"temperature_c": 0.0})
        # A step of 14 K in seconds is believed once three readings agree on it.
        _, cold = waited(server, lambda reading: reading.get("wall_temperature_c") == 0.0, seq)
        assert cold["temperature_c"] == pytest.approx(20.0, abs=0.05)
