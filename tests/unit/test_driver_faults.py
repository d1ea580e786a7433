"""Every driver against every fault of its simulated chip, as the agent builds it: what is said, and what comes after."""

from __future__ import annotations

import pytest

from devices.agent.sensor_build import Built, Times, build_sensors
from devices.agent.sensor_check import sensor_faults
from devices.agent.sensor_paste import section_of
from devices.agent.sensor_sections import DRIVERS, Section
from devices.contract.kind import discover
from devices.drivers.base import BadFrame, Implausible, NoAnswer, NoSignal, SensorError
from devices.drivers.boards import Boards
from devices.drivers.scan import Found
from firmware_sim.lab.bench import CHIPS, Bench
from firmware_sim.lab.chips.chip import Chip, Clock

SETTINGS: dict[str, tuple[str, dict[str, str | int]]] = {
    "sht3x": ("weather", {}),
    "sht4x": ("frog", {}),
    "bme280": ("frog", {}),
    "mlx90614": ("road", {}),
    "vl53l1x": ("bin", {}),
    "ds18b20": ("frog", {"rom": "28-0316a2798fff"}),
    "dht22": ("frog", {}),
    "hcsr04": ("bin", {"trigger": 23, "echo": 24}),
    "a02yyuw": ("bin", {"port": "/dev/serial0"}),
    "gps": ("gritter", {"port": "/dev/ttyACM0"}),
}
ADDRESS = {"sht3x": 0x44, "sht4x": 0x44, "bme280": 0x76, "mlx90614": 0x5A, "vl53l1x": 0x29}
I2C_LOW = (NoAnswer, "holds the bus low")

EXPECTED: dict[tuple[str, str], tuple[type[SensorError], str]] = {
    ("sht3x", "nack"): (NoAnswer, "SHT3x at 0x44 does not answer: no acknowledgement"),
    ("sht3x", "bad_crc"): (BadFrame, "temperature: bad checksum"),
    ("sht3x", "out_of_range"): (Implausible, "130.0 °C is outside"),
    ("sht3x", "held_low"): I2C_LOW,
    ("sht4x", "nack"): (NoAnswer, "SHT4x at 0x44 does not answer: no acknowledgement"),
    ("sht4x", "bad_crc"): (BadFrame, "humidity: bad checksum"),
    ("sht4x", "out_of_range"): (Implausible, "119.0 % is impossible"),
    ("sht4x", "held_low"): I2C_LOW,
    ("bme280", "nack"): (NoAnswer, "BME280 at 0x76 does not answer: no acknowledgement"),
    ("bme280", "out_of_range"): (Implausible, "outside -40 to 85"),
    ("bme280", "held_low"): I2C_LOW,
    ("bme280", "bad_memory"): (BadFrame, "calibration read twice and different"),
    ("bme280", "no_measurement"): (BadFrame, "power-on value"),
    ("bme280", "busy"): (NoAnswer, "still busy"),
    ("mlx90614", "nack"): (NoAnswer, "MLX90614 at 0x5a does not answer: no acknowledgement"),
    ("mlx90614", "bad_crc"): (BadFrame, "bad packet error code"),
    ("mlx90614", "out_of_range"): (Implausible, "-109.31 °C is outside -70"),
    ("mlx90614", "held_low"): I2C_LOW,
    ("mlx90614", "flagged"): (NoSignal, "flags an error"),
    ("vl53l1x", "nack"): (NoAnswer, "VL53L1X at 0x29 does not answer: no acknowledgement"),
    ("vl53l1x", "out_of_range"): (Implausible, "8190 mm is outside"),
    ("vl53l1x", "held_low"): I2C_LOW,
    ("vl53l1x", "no_target"): (NoSignal, "signal too weak"),
    ("vl53l1x", "wrapped"): (NoSignal, "beyond the longest range"),
    ("vl53l1x", "power_lost"): (NoAnswer, "does not boot"),
    ("ds18b20", "nack"): (NoAnswer, "input/output error"),
    ("ds18b20", "gone"): (NoAnswer, "there is no such file"),
    ("ds18b20", "bad_crc"): (BadFrame, "bad checksum"),
    ("ds18b20", "out_of_range"): (Implausible, "250 °C is outside -55 to 125"),
    ("ds18b20", "held_low"): (BadFrame, "only zeros, the bus is held low"),
    ("ds18b20", "power_on"): (BadFrame, "power-on value"),
    ("dht22", "nack"): (NoAnswer, "does not answer"),
    ("dht22", "bad_crc"): (NoAnswer, "input/output error"),
    ("dht22", "out_of_range"): (Implausible, "150.0 % is outside"),
    ("dht22", "held_low"): (NoAnswer, "does not answer"),
    ("dht22", "lost_bits"): (NoAnswer, "does not answer"),
    ("hcsr04", "nack"): (NoAnswer, "no pulse came"),
    ("hcsr04", "out_of_range"): (Implausible, "outside 20 to 4000"),
    ("hcsr04", "held_low"): (NoAnswer, "no pulse came"),
    ("hcsr04", "held_high"): (NoAnswer, "is high before the trigger"),
    ("hcsr04", "no_echo"): (NoSignal, "no echo within 38 ms"),
    ("a02yyuw", "nack"): (NoAnswer, "silent"),
    ("a02yyuw", "bad_crc"): (BadFrame, "bad checksum"),
    ("a02yyuw", "out_of_range"): (Implausible, "6000 mm is outside"),
    ("a02yyuw", "held_low"): (NoAnswer, "silent"),
    ("a02yyuw", "no_echo"): (NoSignal, "within 30 mm"),
    ("a02yyuw", "no_target"): (NoSignal, "nothing in range"),
    ("gps", "nack"): (NoAnswer, "no RMC and GGA .* nothing"),
    ("gps", "bad_crc"): (BadFrame, "bad checksum"),
    ("gps", "out_of_range"): (Implausible, "beyond 90"),
    ("gps", "held_low"): (NoAnswer, "nothing"),
    ("gps", "no_fix"): (NoSignal, "no fix; 00 satellites"),
    ("gps", "coarse"): (NoSignal, "HDOP 25 is above 5"),
    ("gps", "zero"): (Implausible, "position 0, 0"),
}  # fmt: skip
AT_SET_UP = {("bme280", "bad_memory")}
"""Faults that show when a chip is set up only."""
PASSING = {("sht3x", "dead_heater")} | {(name, "stuck") for name in CHIPS}
"""Faults that a single reading can't show."""


def section(driver: str, **more: object) -> Section:
    found = Found("", "", driver, {**SETTINGS[driver][1], **more})  # type: ignore[dict-item]
    return section_of(found)


def made(driver: str, noise: int = 2, **more: object) -> tuple[Built, Chip, Bench, Clock]:
    clock = Clock(1000.0)
    bench = Bench(clock, clock.sleep)
    place = {"address": ADDRESS[driver]} if driver in ADDRESS else {}
    chip = CHIPS[driver](clock, noise=noise, **place)
    bench.add(chip)
    clock.sleep(1.0)
    kind = discover()[SETTINGS[driver][0]]
    sections = [section(driver, **more)]
    assert list(sensor_faults(sections, kind)) == []
    (built,) = build_sensors(sections, kind, Boards(bench), Times(clock, clock.sleep))
    return built, chip, bench, clock


def test_no_fault_and_no_driver_is_forgotten() -> None:
    every = {(name, fault) for name, chip in CHIPS.items() for fault in chip.faults}
    assert set(EXPECTED) | PASSING == every
    assert set(DRIVERS) == set(CHIPS) == set(SETTINGS)


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_good_chip_gives_only_fields_of_its_kind(driver: str) -> None:
    built, _, _, _ = made(driver)
    values = built.sensor.read()
    assert values
    fields = discover()[SETTINGS[driver][0]].by_name
    for name, value in values.items():
        assert fields[name].minimum <= value <= fields[name].maximum


@pytest.mark.parametrize(("driver", "fault"), EXPECTED)
def test_a_fault_is_said_never_a_value_and_ends(driver: str, fault: str) -> None:
    built, chip, _, clock = made(driver)
    before = made(driver)[0].sensor.read() if (driver, fault) in AT_SET_UP else built.sensor.read()
    kind, words = EXPECTED[driver, fault]
    chip.fail(fault)
    for _ in range(2):
        clock.sleep(5.0)
        with pytest.raises(kind, match=words):
            built.sensor.read()
    chip.heal()
    clock.sleep(5.0)
    after = built.sensor.read()
    assert after.keys() == before.keys()
    for name, value in after.items():
        assert value == pytest.approx(before[name], abs=abs(before[name]) * 0.01 + 0.5)


ONCE = sorted(
    key for key, (kind, _) in EXPECTED.items() if kind in (NoAnswer, BadFrame) and key[1] not in ("busy",)
)


@pytest.mark.parametrize(("driver", "fault"), ONCE)
def test_what_fails_once_is_tried_again(driver: str, fault: str) -> None:
    built, chip, bench, _ = made(driver)
    if (driver, fault) not in AT_SET_UP:
        built.sensor.read()
    chip.fail(fault, 1)
    assert built.sensor.read()
    assert not chip.has(fault), "it did happen"
    silent = EXPECTED[driver, fault][0] is NoAnswer
    if silent and driver in ADDRESS and fault != "power_lost":
        assert bench.reopened == 1, "the bus was opened again"


@pytest.mark.parametrize(("driver", "fault"), sorted(key for key in EXPECTED if EXPECTED[key][0] is NoSignal))
def test_what_the_chip_says_itself_is_not_asked_again(driver: str, fault: str) -> None:
    built, chip, bench, _ = made(driver, attempts=5)
    built.sensor.read()
    chip.fail(fault)
    with pytest.raises(NoSignal):
        built.sensor.read()
    assert bench.reopened == 0


@pytest.mark.parametrize("driver", [name for name, chip in DRIVERS.items() if chip.STUCK_AFTER])
def test_a_chip_whose_last_bits_should_move_and_do_not(driver: str) -> None:
    built, chip, _, clock = made(driver)
    limit = DRIVERS[driver].STUCK_AFTER
    for _ in range(3 * limit):
        clock.sleep(60.0)
        assert built.sensor.read()
    chip.fail("stuck")
    for _ in range(limit - 1):
        clock.sleep(60.0)
        built.sensor.read()
    for _ in range(2):
        clock.sleep(60.0)
        with pytest.raises(Implausible, match=f"stuck: {limit}|stuck: {limit + 1}"):
            built.sensor.read()
    chip.heal()
    assert built.sensor.read()


@pytest.mark.parametrize("driver", [name for name, chip in DRIVERS.items() if not chip.STUCK_AFTER])
def test_a_chip_of_coarse_steps_may_say_the_same_for_long(driver: str) -> None:
    built, chip, _, clock = made(driver, noise=0)
    chip.fail("stuck")
    first = built.sensor.read()
    for _ in range(70):
        clock.sleep(60.0)
        assert built.sensor.read() == pytest.approx(first)


def test_a_dht22_on_a_pin_says_what_the_kernel_hides() -> None:
    built, chip, _, clock = made("dht22", pin=4)
    assert built.sensor.read()
    for fault, kind, words in (
        ("nack", NoAnswer, "GPIO 4 does not answer: no pulse came"),
        ("lost_bits", BadFrame, "37 pulses of 40"),
        ("bad_crc", BadFrame, "bad checksum"),
        ("held_low", NoAnswer, "no pulse came"),
        ("out_of_range", Implausible, "150.0 %"),
    ):
        chip.fail(fault)
        clock.sleep(2.0)
        with pytest.raises(kind, match=words):
            built.sensor.read()
        chip.heal()


@pytest.mark.parametrize(
    ("chip_id", "words"),
    [(0x58, "a BMP280, which measures no humidity"), (0x61, "a BME680"), (0x12, "id 0x12")],
)
def test_another_chip_at_the_bme280s_address_is_named(chip_id: int, words: str) -> None:
    clock = Clock()
    bench = Bench(clock, clock.sleep)
    bench.add(CHIPS["bme280"](clock, address=0x76, chip_id=chip_id))  # type: ignore[call-arg, arg-type]
    (built,) = build_sensors([section("bme280")], None, Boards(bench), Times(clock, clock.sleep))
    with pytest.raises(SensorError, match=words):
        built.sensor.read()


def test_another_chip_at_the_vl53l1xs_address_is_named() -> None:
    clock = Clock(10.0)
    bench = Bench(clock, clock.sleep)
    bench.add(CHIPS["vl53l1x"](clock, address=0x29, model=0xEEAA))  # type: ignore[call-arg, arg-type]
    (built,) = build_sensors([section("vl53l1x")], None, Boards(bench), Times(clock, clock.sleep))
    clock.sleep(1.0)
    with pytest.raises(SensorError, match="model id 0xeeaa, a VL53L1X has 0xeacc"):
        built.sensor.read()


def test_one_chip_that_holds_the_bus_low_silences_its_neighbours_and_no_one_else() -> None:
    clock = Clock(10.0)
    bench = Bench(clock, clock.sleep)
    for name in ("sht4x", "mlx90614"):
        bench.add(CHIPS[name](clock, address=ADDRESS[name]))  # type: ignore[call-arg, arg-type]
    bench.add(CHIPS["ds18b20"](clock))
    sections = [section("sht4x"), section("mlx90614"), section("ds18b20")]
    sht, mlx, probe = build_sensors(sections, None, Boards(bench), Times(clock, clock.sleep))
    bench.chips[0].fail("held_low")
    for built in (sht, mlx):
        with pytest.raises(NoAnswer, match="holds the bus low"):
            built.sensor.read()
    assert probe.sensor.read()


def test_a_serial_line_of_another_speed_is_damage_not_a_distance() -> None:
    built, _, _, _ = made("a02yyuw", baud=115_200)
    with pytest.raises(SensorError):
        built.sensor.read()
