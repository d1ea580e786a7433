"""What a simulated chip is told to measure, its driver reads: whatever the value, within the chip's step."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.sensor_build import Times, build_sensors
from devices.agent.sensor_sections import DRIVERS
from devices.contract.kind import discover
from devices.drivers import crc8, ds18b20, mlx90614
from devices.drivers.a02yyuw import A02yyuw, split
from devices.drivers.base import BadFrame, Sensor, SensorError
from devices.drivers.bme280 import Bme280
from devices.drivers.boards import Boards
from devices.drivers.care.adjust import cooled
from devices.drivers.dht22 import Dht22Kernel, Dht22Pin
from devices.drivers.ds18b20 import Ds18b20
from devices.drivers.gps import Gps
from devices.drivers.hcsr04 import HcSr04
from devices.drivers.mlx90614 import Mlx90614
from devices.drivers.nmea import sentence_of
from devices.drivers.sensirion import words
from devices.drivers.sht3x import Sht3x
from devices.drivers.sht4x import Sht4x, decode
from devices.drivers.vl53l1x import Vl53l1x
from firmware_sim.lab.bench import CHIPS, Bench
from firmware_sim.lab.chips.a02yyuw import SimA02yyuw
from firmware_sim.lab.chips.bme280 import SimBme280
from firmware_sim.lab.chips.chip import Chip, Clock
from firmware_sim.lab.chips.dht22 import SimDht22
from firmware_sim.lab.chips.ds18b20 import SimDs18b20
from firmware_sim.lab.chips.gps import SimGps
from firmware_sim.lab.chips.hcsr04 import SimHcSr04
from firmware_sim.lab.chips.mlx90614 import SimMlx90614
from firmware_sim.lab.chips.sht3x import SimSht3x
from firmware_sim.lab.chips.sht4x import SimSht4x
from firmware_sim.lab.chips.vl53l1x import SimVl53l1x

few = settings(max_examples=60, deadline=None)
percent = st.floats(0.0, 100.0)


def bench(*chips: type[Chip]) -> tuple[Bench, Clock]:
    clock = Clock(50.0)
    return Bench(clock, clock.sleep), clock


def near(sensor: Sensor, **wanted: tuple[float, float]) -> None:
    values = sensor.read()
    for name, (value, step) in wanted.items():
        assert abs(values[name] - value) <= step, (name, values[name], value)


@few
@given(st.floats(-40.0, 125.0), percent)
def test_sht(temperature: float, humidity: float) -> None:
    board, clock = bench()
    board.add(SimSht4x(clock, 0x44, temperature_c=temperature, humidity_pct=humidity))
    board.add(SimSht3x(clock, 0x45, temperature_c=temperature, humidity_pct=humidity))
    for driver in (Sht4x(board.i2c(1), 0x44, clock.sleep), Sht3x(board.i2c(1), 0x45, clock.sleep)):
        near(driver, temperature_c=(temperature, 0.0014), humidity_pct=(humidity, 0.001))


@few
@given(st.floats(-20.0, 65.0), st.floats(10.0, 90.0), st.floats(850.0, 1080.0))
def test_bme280_by_floats_reads_what_integers_wrote(
    temperature: float, humidity: float, pressure: float
) -> None:
    board, clock = bench()
    board.add(SimBme280(clock, temperature_c=temperature, humidity_pct=humidity, pressure_hpa=pressure))
    driver = Bme280(board.i2c(1), sleep=clock.sleep)
    near(
        driver,
        temperature_c=(temperature, 0.02),
        humidity_pct=(humidity, 0.05),
        pressure_hpa=(pressure, 0.05),
    )


@few
@given(st.floats(-60.0, 200.0), st.floats(-30.0, 80.0))
def test_mlx90614(surface: float, case: float) -> None:
    board, clock = bench()
    board.add(SimMlx90614(clock, object_temperature_c=surface, ambient_temperature_c=case))
    near(
        Mlx90614(board.i2c(1)),
        object_temperature_c=(surface, 0.0101),
        ambient_temperature_c=(case, 0.0101),
    )


@few
@given(st.floats(-30.0, 60.0), st.floats(-10.0, 40.0), st.floats(0.6, 1.0))
def test_mlx90614_of_a_grey_road(road: float, case: float, emissivity: float) -> None:
    """The chip sees emissivity · (road⁴ - case⁴) and takes it for a black surface's; the driver undoes that."""
    fourth = emissivity * ((road + 273.15) ** 4 - (case + 273.15) ** 4) + (case + 273.15) ** 4
    board, clock = bench()
    board.add(SimMlx90614(clock, object_temperature_c=fourth**0.25 - 273.15, ambient_temperature_c=case))
    near(Mlx90614(board.i2c(1), emissivity=emissivity), object_temperature_c=(road, 0.05))


@few
@given(st.integers(10, 4000))
def test_vl53l1x(distance: int) -> None:
    board, clock = bench()
    board.add(SimVl53l1x(clock, distance_mm=float(distance)))
    clock.sleep(0.1)
    near(Vl53l1x(board.i2c(1), sleep=clock.sleep), distance_mm=(float(distance), 0.0))


@few
@given(st.integers(-880, 2000).filter(lambda raw: raw != 0x0550))
def test_ds18b20(sixteenths: int) -> None:
    board, clock = bench()
    board.add(SimDs18b20(clock, temperature_c=sixteenths / 16.0))
    near(Ds18b20("28-0316a2798fff", "temperature_c", board.files()), temperature_c=(sixteenths / 16.0, 0.0))


@few
@given(st.integers(-400, 800), st.integers(0, 1000))
def test_dht22_both_ways(temperature: int, humidity: int) -> None:
    if temperature == 0 and humidity == 0:
        return
    board, clock = bench()
    board.add(SimDht22(clock, temperature_c=temperature / 10.0, humidity_pct=humidity / 10.0))
    for driver in (Dht22Kernel(board.files()), Dht22Pin(board.pins(), 4)):
        near(driver, temperature_c=(temperature / 10.0, 1e-9), humidity_pct=(humidity / 10.0, 1e-9))


@few
@given(st.floats(25.0, 3900.0), st.floats(-20.0, 45.0))
def test_hcsr04(distance: float, air: float) -> None:
    board, clock = bench()
    board.add(SimHcSr04(clock, distance_mm=distance, air_c=air))
    driver = HcSr04(board.pins(), 23, 24, lambda: air, sleep=clock.sleep)
    near(driver, distance_mm=(distance, distance * 0.001))


@few
@given(st.integers(30, 4500))
def test_a02yyuw(distance: int) -> None:
    board, clock = bench()
    board.add(SimA02yyuw(clock, distance_mm=float(distance)))
    clock.sleep(0.5)
    near(A02yyuw(board.serial("/dev/serial0", 9600), clock=clock), distance_mm=(float(distance), 0.0))


@few
@given(st.lists(st.integers(30, 4500), min_size=2, max_size=6), st.integers(0, 3))
def test_a02yyuw_gets_into_step_wherever_it_begins(distances: list[int], missing: int) -> None:
    frames = []
    for distance in distances:
        body = b"\xff" + distance.to_bytes(2, "big")
        frames.append(body + bytes([sum(body) & 0xFF]))
    found, _ = split(b"".join(frames)[missing:])
    whole = [frame for frame in found if sum(frame[:3]) & 0xFF == frame[3]]
    assert whole[-len(distances) + 2 :] == frames[2:] or len(frames) == 2


@few
@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9), st.floats(0.0, 60.0))
def test_gps(latitude: float, longitude: float, speed: float) -> None:
    board, clock = bench()
    board.add(SimGps(clock, latitude_deg=latitude, longitude_deg=longitude, speed_m_s=speed))
    driver = Gps(board.serial("/dev/ttyACM0", 9600), clock=clock)
    if abs(latitude) < 1e-6 and abs(longitude) < 1e-6:
        return
    near(driver, latitude_deg=(latitude, 1e-6), longitude_deg=(longitude, 1e-6), speed_m_s=(speed, 0.0003))


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=0, max_size=8))
def test_no_bytes_make_a_driver_fall_over(data: bytes) -> None:
    try:
        values = decode(data)
    except SensorError:
        return
    assert -40.01 <= values["temperature_c"] <= 125.0
    assert 0.0 <= values["humidity_pct"] <= 100.0


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=90))
def test_no_line_makes_the_gps_fall_over(line: str) -> None:
    try:
        sentence_of(line)
    except SensorError:
        return


@few
@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 47))
def test_one_wrong_bit_of_a_sensirion_frame_is_always_found(first: int, second: int, bit: int) -> None:
    frame = b"".join(
        part + bytes([crc8.sensirion(part)]) for part in (first.to_bytes(2, "big"), second.to_bytes(2, "big"))
    )
    with pytest.raises(BadFrame, match="bad checksum"):
        words(flipped(frame, bit), ("a", "b"), "chip")
    assert words(frame, ("a", "b"), "chip") == [first, second]


@few
@given(st.binary(min_size=8, max_size=8), st.integers(0, 71))
def test_one_wrong_bit_of_a_scratchpad_is_always_found(body: bytes, bit: int) -> None:
    damaged = flipped(body + bytes([crc8.maxim(body)]), bit)
    if any(damaged):
        with pytest.raises(BadFrame, match="bad checksum"):
            ds18b20.decode(damaged)


@few
@given(st.integers(0, 0xFFFF), st.integers(0, 23))
def test_one_wrong_bit_of_an_infrared_word_is_always_found(word: int, bit: int) -> None:
    body = word.to_bytes(2, "little")
    frame = body + bytes([crc8.smbus(bytes([0xB4, 0x07, 0xB5]) + body)])
    assert mlx90614.decode(frame, 0x5A, 0x07) == word
    with pytest.raises(BadFrame):
        mlx90614.decode(flipped(frame, bit), 0x5A, 0x07)


def flipped(frame: bytes, bit: int) -> bytes:
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


SOURCES: dict[str, tuple[str, dict[str, str | int], dict[str, float]]] = {
    "sht3x": ("weather", {}, {"air_temperature_c": 20.0, "humidity_pct": 50.0}),
    "sht4x": ("frog", {}, {"temperature_c": 20.0, "humidity_pct": 50.0}),
    "bme280": ("frog", {}, {"temperature_c": 20.0, "humidity_pct": 50.0, "pressure_hpa": 1013.25}),
    "mlx90614": ("road", {}, {"surface_temperature_c": 5.0}),
    "vl53l1x": ("bin", {}, {"distance_mm": 700.0}),
    "ds18b20": ("frog", {"rom": "28-0316a2798fff"}, {"wall_temperature_c": 15.0}),
    "dht22": ("frog", {"pin": 4}, {"temperature_c": 20.0, "humidity_pct": 50.0}),
    "hcsr04": ("bin", {"trigger": 23, "echo": 24}, {"distance_mm": 700.0}),
    "a02yyuw": ("bin", {"port": "/dev/serial0"}, {"distance_mm": 700.0}),
    "gps": ("gritter", {"port": "/dev/ttyACM0"}, {"latitude_deg": 51.5007, "longitude_deg": -0.1246, "speed_m_s": 8.0}),
}  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_whatever_goes_wrong_what_is_read_is_true(data: st.DataObject) -> None:
    """Faults in any order and number: a reading is either refused or what there is to measure."""
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    kind_name, more, truth = SOURCES[name]
    board, clock = bench()
    chip = CHIPS[name](clock)
    board.add(chip)
    section = msgspec.convert(more, DRIVERS[name])
    kind = discover()[kind_name]
    (built,) = build_sensors([section], kind, Boards(board), Times(clock, clock.sleep))
    faults = sorted(chip.faults.keys() - {"stuck"})
    given_any = False
    for _ in range(data.draw(st.integers(1, 12))):
        clock.sleep(data.draw(st.sampled_from([0.5, 5.0, 300.0])))
        chip.heal()
        if data.draw(st.booleans()):
            chip.fail(data.draw(st.sampled_from(faults)), data.draw(st.sampled_from([None, 1, 2, 3, 7])))
        try:
            values = built.sensor.read()
        except SensorError:
            continue
        given_any = True
        assert values.keys() <= set(kind.by_name)
        for field, value in values.items():
            assert value == pytest.approx(truth[field], abs=max(0.1, abs(truth[field]) * 0.005)), (
                name,
                field,
            )
    chip.heal()
    clock.sleep(10.0)
    assert built.sensor.read() or given_any


@few
@given(st.floats(-20.0, 50.0), st.floats(1.0, 100.0), st.floats(0.0, 10.0))
def test_a_box_warmed_and_put_right_is_the_room(room: float, humidity: float, warmth: float) -> None:
    boxed = cooled({"temperature_c": room, "humidity_pct": humidity}, -warmth)
    back = cooled(boxed, warmth)
    assert abs(back["temperature_c"] - room) < 1e-9
    assert abs(back["humidity_pct"] - humidity) < 1e-6
