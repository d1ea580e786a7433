"""A simulated Sensirion SHT3x. Data sheet SHT3x-DIS, version 7: 4.3 single shot, 4.9 reset, 4.10 heater, 4.11 status."""

from __future__ import annotations

import math
from collections.abc import Mapping

from firmware_sim.lab.chips.chip import I2cChip, clamp, nack
from firmware_sim.lab.chips.sht4x import crc

_MEASURE_S = {0x2400: 0.0155, 0x240B: 0.0065, 0x2416: 0.0045}
_HEATER_ON, _HEATER_OFF, _STATUS, _CLEAR, _RESET = 0x306D, 0x3066, 0xF32D, 0x3041, 0x30A2
_POWER_UP, _HEATER = 0x8010, 0x2000
_REST_S = 0.00099
"""4.1: a millisecond of rest before the next command; one that comes earlier is not acknowledged."""
_WARMTH_K, _WARMS_IN_S = 4.0, 30.0


class SimSht3x(I2cChip):
    """Answers a single shot with six bytes once it is ready; the status with three at once."""

    name = "sht3x"
    defaults: Mapping[str, float] = {"temperature_c": 20.0, "humidity_pct": 50.0}
    faults: Mapping[str, str] = {
        "nack": "does not acknowledge",
        "bad_crc": "a checksum that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "words of all ones, 130 °C",
        "held_low": "holds the bus low",
        "dead_heater": "the heater does not go on",
    }
    _answer = b""
    _ready_s = math.inf
    _status = _POWER_UP
    _told_s = -math.inf
    _warm_k = 0.0
    _warm_at_s = 0.0

    def transfer(self, written: bytes, length: int) -> bytes:
        """Take a command of two bytes, or give its answer."""
        if self.hit("nack"):
            raise nack()
        if len(written) >= 2:
            self._command(int.from_bytes(written[:2], "big"))
        elif written:
            raise nack()
        if not length:
            return b""
        if self.clock() < self._ready_s or not self._answer:
            raise nack()
        answer, self._answer = self._answer, b""
        return answer[:length]

    def _command(self, command: int) -> None:
        now_s = self.clock()
        if now_s - self._told_s < _REST_S:
            raise nack()
        self._told_s = now_s
        self._warm(now_s)
        if command in _MEASURE_S:
            self._answer, self._ready_s = self._measured(), now_s + _MEASURE_S[command]
        elif command == _STATUS:
            self._answer, self._ready_s = self._framed(self._status), now_s
        elif command == _HEATER_ON and not self.has("dead_heater"):
            self._status |= _HEATER
        elif command == _HEATER_OFF:
            self._status &= ~_HEATER
        elif command == _CLEAR:
            self._status &= _HEATER
        elif command == _RESET:
            self._status, self._answer = _POWER_UP, b""

    def _warm(self, now_s: float) -> None:
        goal = _WARMTH_K if self._status & _HEATER else 0.0
        share = math.exp(-(now_s - self._warm_at_s) / _WARMS_IN_S)
        self._warm_k, self._warm_at_s = goal + (self._warm_k - goal) * share, now_s

    def _measured(self) -> bytes:
        temperature, humidity = self.sense("temperature_c"), self.sense("humidity_pct")
        if self.hit("out_of_range"):
            return self._framed(0xFFFF, 0xFFFF)
        raw = (temperature + self._warm_k + 45.0) / 175.0 * 65535.0 + self.wander()
        damp = humidity * math.exp(-0.06 * self._warm_k) / 100.0 * 65535.0 + self.wander()
        return self._framed(clamp(raw, 16), clamp(damp, 16))

    def _framed(self, *words: int) -> bytes:
        frame = bytearray()
        for word in words:
            part = word.to_bytes(2, "big")
            frame += part + bytes([crc(part)])
        if self.hit("bad_crc"):
            frame[2] ^= 0x80
        return bytes(frame)
