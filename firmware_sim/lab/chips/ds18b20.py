"""A simulated Maxim DS18B20 behind the kernel's ``w1_therm``: the text of its file ``w1_slave``.

Data sheet 19-7487: table 1 (sixteenths of a degree), figure 9 (scratchpad), figure 4 (power-on value).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import FileChip

_FOLDER = "/sys/bus/w1/devices"


class SimDs18b20(FileChip):
    """A probe with the name ``rom`` on the bus."""

    name = "ds18b20"
    defaults: Mapping[str, float] = {"temperature_c": 15.0}
    faults: Mapping[str, str] = {
        "nack": "the kernel gets no answer",
        "gone": "no longer on the bus",
        "bad_crc": "a checksum that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "a raw value above 125 °C",
        "held_low": "holds the bus low: zeros",
        "power_on": "85 °C, no conversion was made",
    }

    def __init__(
        self, clock: Callable[[], float], rom: str = "28-0316a2798fff", noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.rom = rom

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the bus with its master and this probe."""
        return {_FOLDER: ("w1_bus_master1",) if self.has("gone") else (self.rom, "w1_bus_master1")}

    def file(self, path: str) -> str:
        """Return the text of ``w1_slave``."""
        if path != f"{_FOLDER}/{self.rom}/w1_slave" or self.hit("gone"):
            raise OSError(errno.ENOENT, "No such file or directory")
        if self.hit("nack"):
            raise OSError(errno.EIO, "Input/output error")
        scratchpad = self._scratchpad()
        fits = crc(scratchpad[:8]) == scratchpad[8]
        raw = int.from_bytes(scratchpad[:2], "little", signed=True)
        spaced = scratchpad.hex(" ")
        verdict = f"{spaced} : crc={scratchpad[8]:02x} {'YES' if fits else 'NO'}\n"
        return verdict + f"{spaced} t={raw * 1000 // 16}\n"

    def _scratchpad(self) -> bytes:
        if self.hit("held_low"):
            return bytes(9)
        raw = round(self.sense("temperature_c") * 16.0) + self.wander()
        if self.hit("power_on"):
            raw = 0x0550
        if self.hit("out_of_range"):
            raw = 0x0FA0
        body = (raw & 0xFFFF).to_bytes(2, "little") + bytes.fromhex("4b467fff0c10")
        return body + bytes([crc(body) ^ (0x40 if self.hit("bad_crc") else 0)])


def crc(data: bytes) -> int:
    """Return Maxim's CRC x⁸ + x⁵ + x⁴ + 1 as the shift register of the data sheet's figure 11."""
    register = 0
    for bit in (byte >> position & 1 for byte in data for position in range(8)):
        feedback = register & 1 ^ bit
        register >>= 1
        if feedback:
            register ^= 0b10001100
    return register
