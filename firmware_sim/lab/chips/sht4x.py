"""A simulated Sensirion SHT4x. Data sheet SHT4x, version 6: 4.5 commands, 4.6 conversion, 4.9 heater, 3.1 times."""

from __future__ import annotations

import math
from collections.abc import Mapping

from firmware_sim.lab.chips.chip import I2cChip, clamp, nack

_MEASURE_S = {0xFD: 0.0083, 0xF6: 0.0045, 0xE0: 0.0016}
_HEAT_S = {0x39: 1.0, 0x32: 0.1, 0x2F: 1.0, 0x24: 0.1, 0x1E: 1.0, 0x15: 0.1}
_SERIAL, _RESET = 0x89, 0x94
_WARMTH_K, _COOLS_IN_S = 60.0, 20.0


class SimSht4x(I2cChip):
    """Answers a command with six bytes once it is ready; until then it does not acknowledge."""

    name = "sht4x"
    defaults: Mapping[str, float] = {"temperature_c": 20.0, "humidity_pct": 50.0}
    faults: Mapping[str, str] = {
        "nack": "does not acknowledge",
        "bad_crc": "a checksum that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "humidity at the formula's end, 119 %",
        "held_low": "holds the bus low",
    }
    serial = 0x0F4A1234
    _answer = b""
    _ready_s = math.inf
    _heated_s = -math.inf

    def transfer(self, written: bytes, length: int) -> bytes:
        """Take a command, or give its answer."""
        if self.hit("nack") or self._busy_heating():
            raise nack()
        if written:
            self._command(written[0])
        if not length:
            return b""
        if self.clock() < self._ready_s or not self._answer:
            raise nack()
        answer, self._answer = self._answer, b""
        return answer[:length]

    def _busy_heating(self) -> bool:
        return self.clock() < self._heated_s

    def _command(self, command: int) -> None:
        now_s = self.clock()
        if command in _MEASURE_S:
            self._answer, self._ready_s = self._measured(), now_s + _MEASURE_S[command]
        elif command in _HEAT_S:
            self._answer = self._measured()
            self._heated_s = self._ready_s = now_s + _HEAT_S[command]
        elif command == _SERIAL:
            self._answer, self._ready_s = self._framed(self.serial >> 16, self.serial & 0xFFFF), now_s
        elif command == _RESET:
            self._answer = b""

    def _measured(self) -> bytes:
        temperature, humidity = self.sense("temperature_c"), self.sense("humidity_pct")
        warmth_k = _WARMTH_K * math.exp(-(self.clock() - self._heated_s) / _COOLS_IN_S)
        humidity *= math.exp(-0.06 * warmth_k)
        raw_humidity = 0xFFFF if self.hit("out_of_range") else clamp((humidity + 6.0) / 125.0 * 65535.0, 16)
        raw = (temperature + warmth_k + 45.0) / 175.0 * 65535.0 + self.wander()
        return self._framed(clamp(raw, 16), clamp(raw_humidity + self.wander(), 16))

    def _framed(self, first: int, second: int) -> bytes:
        frame = bytearray()
        for word in (first, second):
            part = word.to_bytes(2, "big")
            frame += part + bytes([crc(part)])
        if self.hit("bad_crc"):
            frame[5] ^= 0x01
        return bytes(frame)


_TABLE = [0] * 256
for _byte in range(256):
    _value = _byte
    for _ in range(8):
        _value = (_value << 1 ^ 0x31) & 0xFF if _value & 0x80 else _value << 1
    _TABLE[_byte] = _value


def crc(data: bytes) -> int:
    """Return Sensirion's CRC-8 (4.4) by table, apart from the driver's."""
    value = 0xFF
    for byte in data:
        value = _TABLE[value ^ byte]
    return value
