"""Drivers against the frames of the data sheets, and against buses that misbehave."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.drivers import (
    a02yyuw,
    bme280_math,
    crc8,
    dht22,
    ds18b20,
    hcsr04,
    mlx90614,
    nmea,
    sht3x,
    sht4x,
    vl53l1x,
)
from devices.drivers.base import BadFrame, Implausible, NoSignal, SensorError
from devices.drivers.kernel_files import LocalFiles
from devices.drivers.vl53l1x_table import DEFAULTS, FIRST, ROWS


class FakeBus:
    """Answers with what it was told, or raises it."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self.answers = list(answers)
        self.written: list[tuple[int, bytes]] = []

    def write(self, address: int, data: bytes) -> None:
        self.written.append((address, data))

    def read(self, address: int, length: int) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer[:length]

    def write_read(self, address: int, data: bytes, length: int) -> bytes:
        self.write(address, data)
        return self.read(address, length)

    def reopen(self) -> None:
        pass


def sensor(*answers: bytes | OSError) -> tuple[sht4x.Sht4x, FakeBus, list[float]]:
    bus, slept = FakeBus(*answers), []
    return sht4x.Sht4x(bus, sleep=slept.append), bus, slept


@pytest.mark.parametrize(("data", "crc"), [("beef", 0x92), ("0000", 0x81), ("ffff", 0xAC)])
def test_sensirion_checksum(data: str, crc: int) -> None:
    assert crc8.sensirion(bytes.fromhex(data)) == crc


@pytest.mark.parametrize(("data", "crc"), [("021cb801000000", 0xA2), ("50054b467fff0c10", 0x1C)])
def test_maxim_checksum(data: str, crc: int) -> None:
    assert crc8.maxim(bytes.fromhex(data)) == crc


@pytest.mark.parametrize(
    ("frame", "temperature", "humidity"),
    [("5f161a72b0dc", 20.0, 50.0), ("5c29dcb02096", 18.0, 80.0), ("3a83f4ced8fb", -5.0, 95.0)],
)
def test_sht4x_frames(frame: str, temperature: float, humidity: float) -> None:
    chip, bus, slept = sensor(bytes.fromhex(frame))
    got = chip.read()
    assert got["temperature_c"] == pytest.approx(temperature, abs=0.002)
    assert got["humidity_pct"] == pytest.approx(humidity, abs=0.002)
    assert bus.written == [(0x44, b"\xfd")]
    assert sum(slept) >= 0.0083


def framed(temperature: int, humidity: int) -> bytes:
    parts = (temperature.to_bytes(2, "big"), humidity.to_bytes(2, "big"))
    return b"".join(part + bytes([crc8.sensirion(part)]) for part in parts)


def test_sht4x_humidity_a_little_outside_is_cropped_and_far_outside_refused() -> None:
    assert sht4x.decode(framed(0x5F16, round((103 + 6) / 125 * 65535)))["humidity_pct"] == 100.0
    assert sht4x.decode(framed(0x5F16, round((-3 + 6) / 125 * 65535)))["humidity_pct"] == 0.0
    with pytest.raises(SensorError, match="impossible"):
        sht4x.decode(framed(0x5F16, round((112 + 6) / 125 * 65535)))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (bytes.fromhex("5f161b72b0dc"), "temperature: bad checksum"),
        (bytes.fromhex("5f161a72b0dd"), "humidity: bad checksum"),
        (bytes.fromhex("5f161a"), "3 bytes"),
        (OSError(121, "Remote I/O error"), "0x44 does not answer"),
    ],
)
def test_sht4x_faults(answer: bytes | OSError, reason: str) -> None:
    chip, _, _ = sensor(answer, bytes.fromhex("5f161a72b0dc"))
    with pytest.raises(SensorError, match=reason):
        chip.read()
    assert chip.read()["temperature_c"] == pytest.approx(20.0, abs=0.002), "the next read works again"


def scratchpad(raw: int) -> bytes:
    body = raw.to_bytes(2, "little", signed=True) + bytes.fromhex("4b467fff0c10")
    return body + bytes([crc8.maxim(body)])


@pytest.mark.parametrize(
    ("raw", "temperature"), [(0x07D0, 125.0), (0x0191, 25.0625), (-162, -10.125), (0, 0.0)]
)
def test_ds18b20_values_of_the_data_sheet(raw: int, temperature: float) -> None:
    assert ds18b20.decode(scratchpad(raw)) == temperature


def test_ds18b20_through_the_kernels_file(tmp_path: Path) -> None:
    folder = tmp_path / "sys/bus/w1/devices"
    (folder / "28-0000").mkdir(parents=True)
    spaced = scratchpad(0x0191).hex(" ")
    (folder / "28-0000" / "w1_slave").write_text(f"{spaced} : crc=00 YES\n{spaced} t=25062\n")
    probe = ds18b20.Ds18b20("28-0000", files=LocalFiles(tmp_path))
    assert probe.read() == {"wall_temperature_c": 25.0625}
    (folder / "28-0000" / "w1_slave").write_text("garbage that is no scratchpad at all\n")
    with pytest.raises(SensorError, match="unreadable"):
        probe.read()
    with pytest.raises(SensorError, match="28-9999 does not answer"):
        ds18b20.Ds18b20("28-9999", files=LocalFiles(tmp_path)).read()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (bytes.fromhex("50054b467fff0c101c"), "power-on"),
        (bytes(9), "held low"),
        (bytes.fromhex("91014b467fff0c1000"), "checksum"),
        (bytes(4), "4 bytes"),
    ],
)
def test_ds18b20_faults(frame: bytes, reason: str) -> None:
    with pytest.raises(SensorError, match=reason):
        ds18b20.decode(frame)


def test_ds18b20_beyond_what_it_measures_and_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(Implausible, match="250 °C is outside -55 to 125"):
        ds18b20.decode(scratchpad(0x0FA0))
    folder = tmp_path / "sys/bus/w1/devices/28-0000"
    folder.mkdir(parents=True)
    (folder / "w1_slave").write_text("")
    with pytest.raises(SensorError, match="does not answer: the kernel's file is empty"):
        ds18b20.Ds18b20("28-0000", files=LocalFiles(tmp_path)).read()


@pytest.mark.parametrize(
    ("frame", "temperature", "humidity"), [("5f161a8000a2", 20.0011, 50.0008), ("5c29dccccca5", 18.0, 80.0)]
)
def test_sht3x_frames(frame: str, temperature: float, humidity: float) -> None:
    got = sht3x.decode(bytes.fromhex(frame))
    assert got["temperature_c"] == pytest.approx(temperature, abs=0.002)
    assert got["humidity_pct"] == pytest.approx(humidity, abs=0.002)
    with pytest.raises(BadFrame, match="humidity: bad checksum"):
        sht3x.decode(bytes.fromhex(frame)[:5] + b"\x00")


def test_sht3x_says_what_the_data_sheet_says() -> None:
    slept: list[float] = []
    bus = FakeBus(bytes.fromhex("5f161a8000a2"))
    chip = sht3x.Sht3x(bus, sleep=slept.append)
    chip.read()
    # 4.10 heater off, 4.11 clear status, 4.3 single shot of high repeatability without clock stretching
    assert [data.hex() for _, data in bus.written] == ["3066", "3041", "2400"]
    assert sum(slept) >= 0.0155
    status = (0x2010).to_bytes(2, "big")
    bus.answers = [status + bytes([crc8.sensirion(status)])]
    chip.heat()
    assert [data.hex() for _, data in bus.written[3:]] == ["306d", "f32d"]


@pytest.mark.parametrize("word", [0x0000, 0xFFFF])
def test_words_of_all_zeros_or_ones_are_no_temperature_even_with_a_good_checksum(word: int) -> None:
    for chip in (sht3x, sht4x):
        with pytest.raises(Implausible, match="outside -40 to 125"):
            chip.decode(framed(word, 0x8000))


# --- BME280: the example of the BMP280 data sheet (3.12), and the published test of the package RPi.bme280.

EXAMPLE = bme280_math.Calibration(
    (27504, 26435, -1000),
    (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000),
    (75, 362, 0, 313, 50, 30),
)


def test_bme280_example_of_the_data_sheet() -> None:
    fine = bme280_math.t_fine(519888, EXAMPLE)
    assert round(fine) == 128422
    assert fine / 5120 == pytest.approx(25.08, abs=0.005)
    assert bme280_math.pressure_pa(415148, fine, EXAMPLE) == pytest.approx(100653.27, abs=0.005)


def test_bme280_as_another_implementation_has_it() -> None:
    calibration = bme280_math.Calibration(
        (20, 21, 22), (10, 11, 12, 13, 14, 15, 16, 17, 18), (0, 1, 4, 3, 5, 6)
    )
    raw = bme280_math.raw_of(bytes(range(8)))
    fine = bme280_math.t_fine(raw.temperature, calibration)
    assert fine / 5120 == pytest.approx(0.0030482932925224304, rel=1e-12)
    assert bme280_math.pressure_pa(raw.pressure, fine, calibration) / 100 == pytest.approx(
        8801790.518824806, rel=1e-12
    )
    assert bme280_math.humidity_pct(raw.humidity, fine, calibration) == pytest.approx(
        0.02082886288568924, rel=1e-12
    )
    whole = bme280_math.decode(bytes.fromhex("655ac07eed007230"), EXAMPLE)
    assert whole["humidity_pct"] == pytest.approx(50.72677671862893, rel=1e-12)


def test_bme280_calibration_registers() -> None:
    low = bytes.fromhex("706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017") + bytes([0, 75])
    high = bytes.fromhex("6a01001329031e")
    got = bme280_math.calibration_of(low, high)
    assert (got.t, got.p, got.h) == (EXAMPLE.t, EXAMPLE.p, EXAMPLE.h)
    # H4 and H5 are of 12 bits with a sign: 0xFF0 | 0x0F and 0xFF0 | 0x0E
    assert bme280_math.calibration_of(low, bytes.fromhex("6a0100ffefff1e")).h[3:5] == (-1, -2)


@pytest.mark.parametrize("fill", [b"\x00", b"\xff"])
def test_bme280_memory_that_was_not_read(fill: bytes) -> None:
    with pytest.raises(BadFrame, match="was not read"):
        bme280_math.calibration_of(fill * 26, fill * 7)


def test_bme280_values_of_power_on_are_none() -> None:
    with pytest.raises(BadFrame, match="power-on value"):
        bme280_math.raw_of(bytes.fromhex("8000008000008000"))
    with pytest.raises(BadFrame, match="7 bytes, not 8"):
        bme280_math.raw_of(bytes(7))


# --- MLX90614: the frames of the data sheet's figures (8.4.3): read word, and write word for the code alone.


def test_packet_error_codes_of_the_data_sheet() -> None:
    assert crc8.smbus(bytes.fromhex("b407b5d23a")) == 0x30
    assert crc8.smbus(bytes.fromhex("b42207c8")) == 0x48
    assert crc8.smbus(bytes.fromhex("002e0000")) == 0x6F


def test_mlx90614_word_of_the_data_sheet() -> None:
    word = mlx90614.decode(bytes.fromhex("d23a30"), 0x5A, 0x07)
    assert word == 0x3AD2
    assert mlx90614.temperature_c(word, "object") == pytest.approx(28.01, abs=0.001)
    with pytest.raises(BadFrame, match="packet error code"):
        mlx90614.decode(bytes.fromhex("d23a31"), 0x5A, 0x07)
    with pytest.raises(BadFrame, match="packet error code"):
        mlx90614.decode(bytes.fromhex("d23a30"), 0x5A, 0x06)
    with pytest.raises(NoSignal, match="flags an error"):
        mlx90614.temperature_c(0x8000, "object")


@pytest.mark.parametrize(("word", "celsius"), [(0x27AD, -70.01), (0x7FFF, 382.19)])
def test_mlx90614_ends_of_its_range(word: int, celsius: float) -> None:
    assert mlx90614.temperature_c(word, "object") == pytest.approx(celsius, abs=0.005)


def test_a_road_of_less_emissivity_is_further_from_the_air() -> None:
    assert mlx90614.corrected_c(-2.0, 5.0, 1.0, 1.0) == pytest.approx(-2.0)
    assert mlx90614.corrected_c(-2.0, 5.0, 1.0, 0.95) == pytest.approx(-2.387, abs=0.01)
    assert mlx90614.corrected_c(5.0, 5.0, 1.0, 0.5) == pytest.approx(5.0)


# --- VL53L1X: ST's block and its statuses.


def test_vl53l1x_configuration_is_whole_and_in_order() -> None:
    at = FIRST
    for register, values, _ in ROWS:
        assert register == at
        at += len(bytes.fromhex(values))
    assert at == 0x88
    assert len(DEFAULTS) == 91
    # the sum of ST's published block: a slip of the pen in one of the 91 is found
    assert sum(DEFAULTS) == 2643


def vl53_block(code: int, distance: int) -> bytes:
    return bytes([code | 0xE0]) + bytes(12) + distance.to_bytes(2, "big") + bytes(2)


def test_vl53l1x_results() -> None:
    assert vl53l1x.decode(vl53_block(9, 1234)) == 1234
    for code, words in {
        6: "sigma",
        4: "signal",
        5: "out of bounds",
        7: "wrapped",
        0: "not known",
        31: "not known",
    }.items():
        with pytest.raises(NoSignal, match=words):
            vl53l1x.decode(vl53_block(code, 1234))
    with pytest.raises(Implausible, match="8190"):
        vl53l1x.decode(vl53_block(9, 8190))


# --- DHT22: the examples of its data sheet.


@pytest.mark.parametrize(
    ("frame", "temperature", "humidity"),
    [("028c015fee", 35.1, 65.2), ("028c806573", -10.1, 65.2), ("0000000101", 0.1, 0.0)],
)
def test_dht22_frames_of_the_data_sheet(frame: str, temperature: float, humidity: float) -> None:
    assert dht22.decode(bytes.fromhex(frame)) == {"temperature_c": temperature, "humidity_pct": humidity}


def test_dht22_pulses() -> None:
    bits = int.from_bytes(bytes.fromhex("028c015fee"), "big")
    highs = [80.0] + [70.0 if bits >> place & 1 else 26.0 for place in range(39, -1, -1)]
    assert dht22.bits_of(highs) == bytes.fromhex("028c015fee")
    assert dht22.bits_of(highs[1:]) == bytes.fromhex("028c015fee"), (
        "without the greeting, which may be missed"
    )
    with pytest.raises(BadFrame, match="38 pulses of 40"):
        dht22.bits_of(highs[3:])
    with pytest.raises(BadFrame, match="300 µs is neither"):
        dht22.bits_of([*highs[:-1], 300.0])


# --- HC-SR04 and A02YYUW.


def test_hcsr04_distance_by_the_speed_of_sound() -> None:
    # 343.2 m/s at 20 °C: 1 m there and back takes 5.828 ms
    assert hcsr04.sound_m_s(20.0) == pytest.approx(343.2, abs=0.1)
    assert hcsr04.decode(0.005828, 20.0) == pytest.approx(1000.0, abs=0.5)
    assert hcsr04.decode(0.005828, -10.0) / hcsr04.decode(0.005828, 20.0) == pytest.approx(0.9475, abs=0.001)
    with pytest.raises(Implausible, match="outside 20 to 4000"):
        hcsr04.decode(0.00005, 20.0)


@pytest.mark.parametrize(("frame", "distance"), [("ff07a1a7", 1953), ("ff001e1d", 30), ("ff1194a4", 4500)])
def test_a02yyuw_frames_of_the_product_page(frame: str, distance: int) -> None:
    assert a02yyuw.decode(bytes.fromhex(frame)) == distance


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("ff07a1a8", "bad checksum"),
        ("ff0000ff", "no echo"),
        ("fffffdfb", "nothing in range"),
        ("fffffefc", "disturbed"),
        ("ff001d1c", "blind zone"),
        ("ff177086", "outside 30 to 4500"),
    ],
)
def test_a02yyuw_faults(frame: str, reason: str) -> None:
    with pytest.raises(SensorError, match=reason):
        a02yyuw.decode(bytes.fromhex(frame))


def test_a02yyuw_finds_the_step_in_a_running_stream() -> None:
    good, other = bytes.fromhex("ff07a1a7"), bytes.fromhex("ff00fffe")
    assert a02yyuw.split(good[2:] + good + other) == ([good, other], b"")
    assert a02yyuw.split(good + good[:3]) == ([good], good[:3])
    assert a02yyuw.split(bytes.fromhex("ff07a1a8") + good) == ([bytes.fromhex("ff07a1a8"), good], b"")


# --- GPS: sentences as published in the standard's and receivers' manuals.

GGA = "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47"
RMC = "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"


def test_nmea_published_sentences() -> None:
    fix = nmea.fix_of(nmea.sentence_of(RMC), nmea.sentence_of(GGA), 5.0)
    assert fix.latitude_deg == pytest.approx(48.1173, abs=1e-6)
    assert fix.longitude_deg == pytest.approx(11.516667, abs=1e-6)
    assert fix.speed_m_s == pytest.approx(11.5235, abs=1e-3)
    assert nmea.sentence_of("$GPGLL,4916.45,N,12311.12,W,225444,A*31").name == "GLL"


@pytest.mark.parametrize(
    ("rmc", "gga", "reason"),
    [
        (RMC.replace(",A,", ",V,"), GGA, "no fix; 08 satellites"),
        (RMC, GGA.replace(",E,1,", ",E,0,"), "no fix"),
        (RMC, GGA.replace(",E,1,", ",E,8,"), "simulated"),
        (RMC, GGA.replace(",0.9,", ",9.9,"), "HDOP 9.9 is above 5"),
        (RMC, GGA.replace(",0.9,", ",,"), "HDOP '' is no number"),
        (RMC.replace("4807.038,N", "0000.000,N").replace("01131.000,E", "00000.000,E"), GGA, "position 0, 0"),
        (RMC.replace("4807.038", "9107.038"), GGA, "beyond 90"),
        (RMC.replace("4807.038", "4861.000"), GGA, "no position"),
        (RMC.replace("4807.038,N", "4807.038,"), GGA, "no position"),
    ],
)
def test_nmea_what_is_no_position_is_said(rmc: str, gga: str, reason: str) -> None:
    def summed(text: str) -> nmea.Sentence:
        body, total = text[1:].rpartition("*")[0], 0
        for byte in body.encode():
            total ^= byte
        return nmea.sentence_of(f"${body}*{total:02X}")

    with pytest.raises(SensorError, match=reason):
        nmea.fix_of(summed(rmc), summed(gga), 5.0)


@pytest.mark.parametrize(
    "line", ["", "$GPRMC*ZZ", RMC[:-1] + "B", RMC[1:], "$" + "x" * 100 + "*00", "\ufffd\ufffd"]
)
def test_nmea_what_is_no_sentence_is_damaged(line: str) -> None:
    with pytest.raises(BadFrame):
        nmea.sentence_of(line)
