"""The ``[[sensors]]`` of a configuration: what is wrong is said with field, value and what is allowed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from cityops.errors import ConfigurationError
from devices.agent.config import load_config
from devices.agent.sensor_build import Latest, Times, build_sensors
from devices.agent.sensor_check import names_of
from devices.agent.sensor_sections import DRIVERS, AirSection, AnySection
from devices.contract.kind import discover
from devices.drivers.boards import Boards
from firmware_sim.lab.bench import Bench
from firmware_sim.lab.chips.chip import Clock
from firmware_sim.lab.chips.hcsr04 import SimHcSr04
from firmware_sim.lab.chips.sht4x import SimSht4x

HEAD = """
[device]
name = "box-1"
kind = "{kind}"
data_dir = "/tmp/x"

[broker]
host = "127.0.0.1"
"""
SHT = 'driver = "sht4x"'
PROBE = 'driver = "ds18b20"\nrom = "28-0316a2798fff"'


def written(folder: Path, kind: str, *sections: str, more: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(HEAD.format(kind=kind) + more + "".join(f"\n[[sensors]]\n{text}\n" for text in sections))
    return path


@pytest.mark.parametrize(
    ("kind", "sections", "reason"),
    [
        ("frog", ['driver = "sht5x"'], r"sensors\[0\]\.driver 'sht5x' does not exist; did you mean sht"),
        ("frog", [SHT + "\naddress = 0x90"], r"sensors\[0\]\.address 144: expected int <= 119"),
        ("frog", [SHT, 'driver = "ds18b20"\nrom = "28-XYZ"'], r"sensors\[1\]\.rom '28-XYZ'"),
        ("frog", ['driver = "ds18b20"'], r"sensors\[0\]\.rom is missing"),
        ("frog", [SHT + "\nspeed = 3"], r"sensors\[0\]\.speed is not known; there are"),
        ("frog", [SHT + "\nattempts = 0"], r"sensors\[0\]\.attempts 0: expected int >= 1"),
        ("frog", [SHT + '\nbus = "i2c"'], r"sensors\[0\] \(sht4x\)\.bus 'i2c': a number, or unix:PATH"),
        ("frog", [SHT, PROBE + '\nfield = "nose_c"'], r"sensors\[1\] \(ds18b20\)\.field 'nose_c' is no field of kind frog; there are temperature_c"),
        ("frog", [SHT + '\nfields = { humidity_pct = "nose" }'], r"\.fields\.humidity_pct 'nose' is no field of kind frog"),
        ("frog", [SHT + '\nfields = { pressure_hpa = "pressure_hpa" }'], r"'pressure_hpa' is no value of it; there are temperature_c, humidity_pct"),
        ("frog", [SHT, 'driver = "bme280"'], r"sensors\[1\] \(bme280\): sensors\[0\] \(sht4x\) writes 'temperature_c' already"),
        ("frog", [SHT, 'driver = "vl53l1x"'], r"sensors\[1\] \(vl53l1x\) gives distance_mm, none of which is a field of kind frog"),
        ("frog", [SHT + "\noffset = { nose = 1.0 }"], r"\.offset: 'nose' is no value of it"),
        ("frog", [SHT + "\ngain = { humidity_pct = 0.0 }"], r"\.gain\.humidity_pct 0: 0\.5 to 2"),
        ("frog", [SHT, PROBE, PROBE + '\nfield = "pressure_hpa"'], r"28-0316a2798fff is sensors\[1\] \(ds18b20\) already"),
        ("bin", ['driver = "hcsr04"\ntrigger = 23\necho = 23'], r"\.echo 23 is sensors\[0\] \(hcsr04\)\.trigger already"),
        ("bin", ['driver = "hcsr04"\ntrigger = 2\necho = 24'], r"\.trigger 2 is I²C's already"),
        ("bin", ['driver = "hcsr04"\ntrigger = 14\necho = 24', 'driver = "a02yyuw"\nport = "/dev/serial0"'], r"\.trigger 14 is the serial line's already"),
        ("frog", ['driver = "dht22"\npin = 4', PROBE], r"\(dht22\)\.pin 4 is 1-wire's already"),
        ("bin", ['driver = "hcsr04"\ntrigger = 23\necho = 24\nair_from = "temperature_c"'], r"air_from 'temperature_c': no sensor writes it; there are distance_mm"),
        ("bin", ['driver = "a02yyuw"\nport = "/dev/serial0"\nbaud = 9601'], r"\.baud 9601: one of 4800, 9600"),
        ("bin", ['driver = "a02yyuw"\nport = "serial0"'], r"port 'serial0'"),
        ("gritter", ['driver = "gps"\nport = "/dev/ttyACM0"\nhdop_limit = 0.0'], r"hdop_limit 0\.0: expected float > 0"),
        ("road", ['driver = "mlx90614"\nemissivity = 1.2'], r"emissivity 1\.2: expected float <= 1\.0"),
        ("frog", [SHT + "\ndry_after_h = 0.5"], r"dry_after_h 0\.5: expected float >= 1\.0"),
        ("frog", [], "no sensors|sensors is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(kind: str, sections: list[str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        load_config(written(tmp_path, kind, *sections))


def test_a_pin_belongs_to_one(tmp_path: Path) -> None:
    text = 'driver = "dht22"\npin = 17'
    with pytest.raises(ConfigurationError, match=r"\(dht22\)\.pin 17 is button\.pin already"):
        load_config(written(tmp_path, "frog", text, more="\n[button]\npin = 17\n"))


def test_names_follow_the_kind(tmp_path: Path) -> None:
    kinds = discover()
    sections = ['driver = "sht3x"', 'driver = "mlx90614"', PROBE + '\nfield = "subsurface_temperature_c"']
    config = load_config(written(tmp_path, "road", *sections))
    assert [names_of(section, kinds["road"]) for section in config.sensors] == [
        {"temperature_c": "air_temperature_c", "humidity_pct": "humidity_pct"},
        {"object_temperature_c": "surface_temperature_c"},
        {"temperature_c": "subsurface_temperature_c"},
    ]
    gritter = load_config(
        written(
            tmp_path, "gritter", 'driver = "gps"\nport = "/dev/ttyACM0"',
            'driver = "mlx90614"\nfields = { ambient_temperature_c = "air_temperature_c" }',
        )
    )  # fmt: skip
    assert names_of(gritter.sensors[1], kinds["gritter"]) == {
        "object_temperature_c": "surface_temperature_c",
        "ambient_temperature_c": "air_temperature_c",
    }


def test_two_sensors_of_one_kind_by_leaving_out(tmp_path: Path) -> None:
    pressure = 'driver = "bme280"\nfields = { temperature_c = "", humidity_pct = "" }'
    config = load_config(written(tmp_path, "frog", SHT, pressure, PROBE))
    clock = Clock()
    bench = Bench(clock, clock.sleep)
    bench.add(SimSht4x(clock, 0x44))
    built = build_sensors(config.sensors[:1], discover()["frog"], Boards(bench), Times(clock, clock.sleep))
    assert built[0].sensor.read().keys() == {"temperature_c", "humidity_pct"}
    assert built[0].label == "sht4x 0x44"


def test_the_speed_of_sound_is_that_of_the_air_another_sensor_measures(tmp_path: Path) -> None:
    sonar = 'driver = "hcsr04"\ntrigger = 23\necho = 24\nair_from = "temperature_c"\nair_temperature_c = 20'
    config = load_config(written(tmp_path, "bin", SHT, sonar))
    clock = Clock()
    bench = Bench(clock, clock.sleep)
    bench.add(SimSht4x(clock, 0x44, temperature_c=-5.0))
    bench.add(SimHcSr04(clock, distance_mm=900.0, air_c=-5.0))
    air, distance = build_sensors(config.sensors, discover()["bin"], Boards(bench), Times(clock, clock.sleep))
    assert distance.sensor.read()["distance_mm"] == pytest.approx(900.0 * 343.2 / 328.2, rel=0.003), (
        "at 20 °C"
    )
    air.sensor.read()
    assert distance.sensor.read()["distance_mm"] == pytest.approx(900.0, rel=0.002)
    clock.sleep(3700.0)
    assert distance.sensor.read()["distance_mm"] > 930.0, "an hour later the air is not known any more"


def test_zero_degrees_are_a_temperature() -> None:
    latest = Latest(lambda: 0.0)
    latest.tell({"temperature_c": 0.0})
    assert latest.get("temperature_c", 10.0) == 0.0
    assert latest.get(None, 10.0) == 10.0


def test_settings_reach_the_values(tmp_path: Path) -> None:
    text = SHT + "\nself_heating_k = 2.0\noffset = { temperature_c = -0.5 }"
    config = load_config(written(tmp_path, "frog", text))
    clock = Clock()
    bench = Bench(clock, clock.sleep)
    bench.add(SimSht4x(clock, 0x44, temperature_c=22.5, humidity_pct=50.0))
    (built,) = build_sensors(config.sensors, discover()["frog"], Boards(bench), Times(clock, clock.sleep))
    values = built.sensor.read()
    assert values["temperature_c"] == pytest.approx(20.0, abs=0.01)
    assert values["humidity_pct"] == pytest.approx(56.5, abs=0.3)


def test_the_chain_with_drying_heats_and_rests(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "frog", SHT + "\ndry_after_h = 1\nstuck_after = 0"))
    clock = Clock()
    bench = Bench(clock, clock.sleep)
    bench.add(SimSht4x(clock, 0x44, temperature_c=12.0, humidity_pct=99.0))
    (built,) = build_sensors(config.sensors, discover()["frog"], Boards(bench), Times(clock, clock.sleep))
    words = []
    for _ in range(16):
        try:
            built.sensor.read()
            words.append("")
        except Exception as e:
            words.append(str(e))
        clock.sleep(300.0)
    assert [word for word in words if word] == [
        "the chip is being dried with its heater",
        "the chip cools down after it was dried",
    ]


def test_what_is_not_configured_is_not_imported() -> None:
    """A Pi Zero pays for each import at each start: libraries of pins and buses, and drivers, come with a sensor."""
    code = (
        "import sys, devices.agent.service as s\n"
        "names = {'smbus2', 'lgpio', 'gpiozero', 'subprocess', 'scipy', 'pydantic', 'devices.drivers.sht4x',"
        " 'devices.drivers.vl53l1x', 'devices.drivers.remote_bus', 'devices.drivers.pins', 'devices.drivers.scan'}\n"
        "print(sorted(names & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("[]", "['subprocess']"), done.stdout


def test_the_examples_of_the_documentation_are_valid_and_name_every_driver(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "drivers.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    found = tomllib.loads(example)["sensors"]
    sections = [msgspec.convert(section, AnySection) for section in found]
    assert {section.driver for section in sections} | {"sht3x"} == set(DRIVERS)
    for name in (
        "bus",
        "fields",
        "offset",
        "attempts",
        "stuck_after",
        "check_steps",
        *AirSection.__struct_fields__,
        "dry_after_h",
    ):
        assert f"`{name}`" in text, name
