"""Drivers against the frames of the data sheets, and against buses that misbehave."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.drivers import crc8, ds18b20, sht4x
from devices.drivers.base import SensorError


class FakeBus:
    """Answers with what it was told, or raises it."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self.answers = list(answers)
        self.written: list[tuple[int, int]] = []

    def write_byte(self, i2c_addr: int, value: int) -> None:
        self.written.append((i2c_addr, value))

    def read_bytes(self, i2c_addr: int, length: int) -> bytes:
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer[:length]


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
    assert bus.written == [(0x44, 0xFD)]
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
    (tmp_path / "28-0000").mkdir()
    spaced = scratchpad(0x0191).hex(" ")
    (tmp_path / "28-0000" / "w1_slave").write_text(f"{spaced} : crc=00 YES\n{spaced} t=25062\n")
    probe = ds18b20.Ds18b20("28-0000", folder=tmp_path)
    assert probe.read() == {"wall_temperature_c": 25.0625}
    (tmp_path / "28-0000" / "w1_slave").write_text("garbage that is no scratchpad at all\n")
    with pytest.raises(SensorError, match="unreadable"):
        probe.read()
    with pytest.raises(SensorError, match="28-9999 does not answer"):
        ds18b20.Ds18b20("28-9999", folder=tmp_path).read()


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
