"""A simulated Bosch BME280, or a BMP280 by its id. Data sheet BST-BME280-DS002: 5.3 memory map, 3.3 modes.

It turns the truth into raw words by the *integer* formulas of section 4.2.3, searched backwards; the driver uses those
in floating point, so the two check each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import I2cChip, nack

T = (27504, 26435, -1000)
P = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
H = (75, 362, 0, 313, 50, 30)
"""Trimming values: T and P of the example in the BMP280 data sheet (3.12), H of a common chip."""
_MEASURE_S, _START_S = 0.008, 0.002
_RESET_VALUE = bytes([0x80, 0, 0, 0x80, 0, 0, 0x80, 0])


class SimBme280(I2cChip):
    """A memory of registers that measures when it is told to."""

    name = "bme280"
    defaults: Mapping[str, float] = {"temperature_c": 20.0, "humidity_pct": 50.0, "pressure_hpa": 1013.25}
    faults: Mapping[str, str] = {
        "nack": "does not acknowledge",
        "stuck": "the same value for ever",
        "out_of_range": "raw temperature of all ones",
        "held_low": "holds the bus low",
        "bad_memory": "a calibration that reads differently each time",
        "no_measurement": "registers keep their power-on values",
        "busy": "never finishes",
    }

    def __init__(
        self,
        clock: Callable[[], float],
        address: int = 0x76,
        noise: int = 0,
        chip_id: int = 0x60,
        **truth: float,
    ) -> None:
        super().__init__(clock, address, noise, **truth)
        self._registers = bytearray(256)
        self._registers[0xD0] = chip_id
        self._registers[0x88:0xA2] = low_block()
        self._registers[0xE1:0xE8] = high_block()
        self._registers[0xF7:0xFF] = _RESET_VALUE
        self._pointer = 0
        self._busy_until_s = self._starting_until_s = float("-inf")

    def transfer(self, written: bytes, length: int) -> bytes:
        """Write pairs of register and value, or set the pointer and read on from it."""
        if self.hit("nack"):
            raise nack()
        if written:
            self._pointer = written[0]
            if len(written) > 1:
                for register, value in zip(written[::2], written[1::2], strict=False):
                    self._set(register, value)
        if not length:
            return b""
        self._settle()
        block = bytearray(self._registers[self._pointer : self._pointer + length])
        if self._pointer == 0xE1 and self.hit("bad_memory"):
            block[0] ^= self._rng.randint(1, 255)
        return bytes(block)

    def _set(self, register: int, value: int) -> None:
        if register == 0xE0 and value == 0xB6:
            self._registers[0xF2:0xF6] = bytes(4)
            self._registers[0xF7:0xFF] = _RESET_VALUE
            self._starting_until_s = self.clock() + _START_S
        elif register in (0xF2, 0xF4, 0xF5):
            self._registers[register] = value
            if register == 0xF4 and value & 0b11 in (1, 2):
                self._busy_until_s = self.clock() + _MEASURE_S
                if not self.hit("no_measurement"):
                    self._registers[0xF7:0xFF] = self._measured(value, self._registers[0xF2])

    def _settle(self) -> None:
        busy = self.clock() < self._busy_until_s or self.has("busy")
        starting = self.clock() < self._starting_until_s
        self._registers[0xF3] = busy << 3 | int(starting)
        if not busy:
            self._registers[0xF4] &= ~0b11

    def _measured(self, control: int, control_humidity: int) -> bytes:
        temperature = 0xFFFFF if self.hit("out_of_range") else self._raw_temperature()
        fine = t_fine(temperature)
        wanted = self.sense("pressure_hpa") * 100.0
        # Pressure falls where its raw word rises; humidity and temperature rise with theirs.
        pressure = search(lambda raw: -pressure_pa(raw, fine), -wanted, 20) + self.wander()
        humidity = search(lambda raw: humidity_pct(raw, fine), self.sense("humidity_pct"), 16) + self.wander()
        if not control >> 5:
            temperature = 0x80000
        if not control >> 2 & 0b111:
            pressure = 0x80000
        if not control_humidity & 0b111 or self._registers[0xD0] != 0x60:
            humidity = 0x8000
        words = (pressure << 4).to_bytes(3, "big") + (temperature << 4).to_bytes(3, "big")
        return words + min(0xFFFF, max(0, humidity)).to_bytes(2, "big")

    def _raw_temperature(self) -> int:
        wanted = self.sense("temperature_c")
        return search(lambda raw: (t_fine(raw) * 5 + 128 >> 8) / 100.0, wanted, 20) + self.wander()


def low_block() -> bytes:
    """Return registers 0x88..0xA1 (table 16)."""
    words = b"".join((value & 0xFFFF).to_bytes(2, "little") for value in T + P)
    return words + bytes([0, H[0]])


def high_block() -> bytes:
    """Return registers 0xE1..0xE7 (table 16): H4 and H5 share 0xE5."""
    _, h2, h3, h4, h5, h6 = H
    e4, e5, e6 = h4 >> 4 & 0xFF, h4 & 0x0F | (h5 & 0x0F) << 4, h5 >> 4 & 0xFF
    return (h2 & 0xFFFF).to_bytes(2, "little") + bytes([h3 & 0xFF, e4, e5, e6, h6 & 0xFF])


def search(formula: Callable[[int], float], wanted: float, bits: int) -> int:
    """Return the smallest word for which a rising ``formula`` reaches ``wanted``."""
    low, high = 0, (1 << bits) - 1
    while low < high:
        middle = (low + high) // 2
        if formula(middle) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def t_fine(raw: int) -> int:
    """Return the fine temperature by integers (4.2.3, ``BME280_compensate_T_int32``)."""
    t1, t2, t3 = T
    first = ((raw >> 3) - (t1 << 1)) * t2 >> 11
    offset = (raw >> 4) - t1
    return first + ((offset * offset >> 12) * t3 >> 14)


def pressure_pa(raw: int, fine: int) -> float:
    """Return the pressure by 64-bit integers (4.2.3, ``BME280_compensate_P_int64``) [Pa]."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = P
    a = fine - 128000
    b = a * a * p6 + (a * p5 << 17) + (p4 << 35)
    a = (a * a * p3 >> 8) + (a * p2 << 12)
    a = ((1 << 47) + a) * p1 >> 33
    p = ((1048576 - raw << 31) - b) * 3125 // a
    c = p9 * (p >> 13) * (p >> 13) >> 25
    d = p8 * p >> 19
    return ((p + c + d >> 8) + (p7 << 4)) / 256.0


def humidity_pct(raw: int, fine: int) -> float:
    """Return the humidity by 32-bit integers (4.2.3, ``bme280_compensate_H_int32``) [%]."""
    h1, h2, h3, h4, h5, h6 = H
    x = fine - 76800
    left = ((raw << 14) - (h4 << 20) - h5 * x) + 16384 >> 15
    right = ((x * h6 >> 10) * ((x * h3 >> 11) + 32768) >> 10) + 2097152
    v = left * (right * h2 + 8192 >> 14)
    v -= ((v >> 15) * (v >> 15) >> 7) * h1 >> 4
    return (min(max(v, 0), 419430400) >> 12) / 1024.0
