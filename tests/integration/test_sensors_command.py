"""``cityops-agent sensors scan|read`` against simulated chips in another process, and the agent's own reading of them."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.agent.commands import read, sensors
from devices.agent.config import load_config
from devices.agent.doctor import agent_state
from devices.agent.sampler import Sampler
from devices.agent.service import make_sensors
from devices.contract.kind import discover
from devices.drivers.remote_bus import RemoteBoard

HEAD = """
[device]
name = "box-1"
kind = "{kind}"
data_dir = "/tmp/x"

[broker]
host = "127.0.0.1"

"""


def command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    sensors.add_arguments(parser)
    return sensors.run(parser.parse_args(arguments))


@contextmanager
def lent(folder: Path, scenario: str) -> Iterator[str]:
    """Run a bus server as a developer does."""
    path = folder / f"{scenario}.sock"
    process = subprocess.Popen(
        [sys.executable, "-m", "firmware_sim.lab.bus_server", "--socket", str(path), "--scenario", scenario],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready unix:{path}\n"
        try:
            yield f"unix:{path}"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert not path.exists()


def pasted(output: str) -> str:
    """Return what the scan says to paste: from the first section's comment on."""
    return output.partition("# for a device of kind")[2].partition("\n")[2]


@pytest.mark.parametrize(
    ("scenario", "kind", "drivers", "fields"),
    [
        ("kitchen", "frog", ["sht4x", "bme280", "ds18b20"], {"temperature_c", "humidity_pct", "pressure_hpa", "wall_temperature_c"}),
        ("road", "road", ["sht3x", "mlx90614", "ds18b20"], {"air_temperature_c", "humidity_pct", "surface_temperature_c", "subsurface_temperature_c"}),
        ("bins", "bin", ["vl53l1x", "dht22"], {"distance_mm", "temperature_c"}),
        ("gritter", "gritter", ["mlx90614", "gps"], {"surface_temperature_c", "latitude_deg", "longitude_deg", "speed_m_s"}),
    ],
)  # fmt: skip
def test_what_a_scan_prints_is_a_configuration_that_the_agent_reads(
    scenario: str,
    kind: str,
    drivers: list[str],
    fields: set[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with lent(tmp_path, scenario) as bus:
        assert command("scan", "--bus", bus, "--kind", kind, "--listen") == 0
        text = pasted(capsys.readouterr().out)
        assert [section["driver"] for section in tomllib.loads(text)["sensors"]] == drivers
        path = tmp_path / "agent.toml"
        path.write_text(HEAD.format(kind=kind) + text)
        config = load_config(path)
        reading = Sampler(discover()[kind], make_sensors(config), 300.0, 0.0).read()
        assert reading is not None
        assert set(reading) == fields
        assert command("read", "--config", str(path), "--count", "2", "--every", "0") == 0
        out = capsys.readouterr().out
        assert len(out.splitlines()) == 2 * len(drivers)
        for name in fields:
            assert f"{name} " in out


def test_a_fault_is_said_in_words_and_the_status_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lent(tmp_path, "kitchen") as bus:
        path = tmp_path / "agent.toml"
        section = '[[sensors]]\ndriver = "{}"\nbus = "{}"\n'
        path.write_text(
            HEAD.format(kind="frog") + section.format("sht4x", bus)
            + section.format("ds18b20", bus) + 'rom = "28-0316a2798fff"\n'
        )  # fmt: skip
        board = RemoteBoard(bus.removeprefix("unix:"))
        assert command("read", "--config", str(path)) == 0
        out = capsys.readouterr().out
        assert "sht4x 0x44: temperature_c 21.3" in out
        assert "ds18b20 28-0316a2798fff: wall_temperature_c 14.19 °C" in out
        board.ask("fail", chip=0, fault="bad_crc")
        board.ask("fail", chip=2, fault="power_on")
        assert command("read", "--config", str(path)) == 1
        out = capsys.readouterr().out
        assert "sht4x 0x44: FAULT SHT4x humidity: bad checksum in" in out
        assert "power-on value, no conversion was made" in out
        board.ask("heal", chip=0)
        board.ask("heal", chip=2)
        board.ask("fail", chip=0, fault="bad_crc", times=1)
        assert command("read", "--config", str(path)) == 0, "once is tried again"


def test_the_same_without_a_server_or_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("read", "--bus", "fake:faulty") == 1
    out = capsys.readouterr().out
    assert "power-on value" in out
    assert "no fix; 00 satellites" in out
    assert "not read: I²C bus 1, 0x44: something answers, but not as it should" in out
    assert "not read: I²C bus 1, 0x76: a BMP280" in out
    assert command("scan", "--bus", "fake:faulty", "--kind", "gritter") == 0
    out = capsys.readouterr().out
    assert "0x44: something answers, but not as it should: SHT4x serial: bad checksum" in out
    assert "0x76: a BMP280, id 0x58: no BME280" in out


def test_a_configuration_is_read_on_another_bus_where_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(HEAD.format(kind="frog") + '[[sensors]]\ndriver = "sht4x"\n')
    assert command("read", "--config", str(path), "--bus", "fake:kitchen") == 0
    assert "temperature_c 21.3" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["scan", "--kind", "fish"], "--kind 'fish' does not exist; there are bin, frog"),
        (["scan", "--bus", "fake:attic"], "no bench 'attic'"),
        (["scan", "--bus", "unix:/nowhere/x"], "unix:/nowhere/x can't be reached"),
        (["read", "--count", "0"], "--count must be at least 1"),
        (["read", "--config", "/nowhere/agent.toml"], "/nowhere/agent.toml can't be read"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_scan_of_a_bus_that_is_held_low_says_so_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lent(tmp_path, "kitchen") as bus:
        RemoteBoard(bus.removeprefix("unix:")).ask("fail", chip=0, fault="held_low")
        assert command("scan", "--bus", bus) == 0
        out = capsys.readouterr().out
        assert "not scanned: I²C bus 1: timed out; a chip holds the bus low" in out
        assert "1-wire, 28-0316a2798fff: DS18B20" in out


def test_a_server_ends_with_who_started_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "firmware_sim.lab.bus_server", "--until-eof", "--socket", str(tmp_path / "bus")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline().startswith("ready")
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_machine_without_anything_is_scanned_without_a_crash(capsys: pytest.CaptureFixture[str]) -> None:
    if Path("/dev/i2c-1").exists() or any(Path("/dev").glob("tty[AU]*")):
        pytest.skip("this machine has buses of its own")
    assert command("scan") == 1
    out = capsys.readouterr().out
    assert "nothing was found" in out
    assert "not scanned: " in out


def test_no_traceback_for_who_stops_reading_or_presses_ctrl_c(tmp_path: Path) -> None:
    code = (
        "import argparse, sys; from devices.agent.commands import sensors; p = argparse.ArgumentParser(); "
        "sensors.add_arguments(p); sys.exit(sensors.run(p.parse_args()))"
    )
    with lent(tmp_path, "kitchen") as bus:
        read = [sys.executable, "-c", code, "read", "--bus", bus, "--count", "1000"]
        head = subprocess.Popen(
            [*read, "--every", "0.01"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with head:
            assert head.stdout is not None
            assert head.stderr is not None
            assert "sht4x" in head.stdout.readline()
            head.stdout.close()
            assert head.stderr.read() == ""
        assert head.returncode == 1
        long = subprocess.Popen(
            [*read, "--every", "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with long:
            assert long.stdout is not None
            assert long.stderr is not None
            lines = [long.stdout.readline() for _ in range(3)]
            assert "ds18b20" in lines[-1]
            long.send_signal(signal.SIGINT)
            assert long.stderr.read() == ""
        assert long.returncode == 130


def test_read_and_the_doctor_say_it_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with lent(tmp_path, "kitchen") as bus:
        assert command("scan", "--bus", bus) == 0
        path = tmp_path / "agent.toml"
        path.write_text(HEAD.format(kind="frog") + pasted(capsys.readouterr().out))
        assert read.run(argparse.Namespace(config=path)) == 0
        lines = capsys.readouterr().out.splitlines()
        told = [finding.detail for finding in agent_state.sensors(load_config(path))]
    assert [line.split(":")[0] for line in lines] == ["sht4x 0x44", "bme280 0x76", "ds18b20 28-0316a2798fff"]
    assert "wall_temperature_c 14.19 °C" in lines[2]
    assert "wall_temperature_c 14.19 °C" in told[2]
