"""A simulated Melexis MLX90614. Data sheet 3901090614, rev. 13: 8.3 memory, 8.4.3 read word with its error code."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import I2cChip, clamp, nack

_AMBIENT, _OBJECT, _EMISSIVITY, _ADDRESS = 0x06, 0x07, 0x24, 0x2E


class SimMlx90614(I2cChip):
    """Knows read word only: a read without a command is not acknowledged (8.4.2)."""

    name = "mlx90614"
    defaults: Mapping[str, float] = {
        "object_temperature_c": 5.0, "ambient_temperature_c": 10.0, "emissivity": 1.0,
    }  # fmt: skip
    faults: Mapping[str, str] = {
        "nack": "does not acknowledge",
        "bad_crc": "a packet error code that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "a word below -70 °C",
        "held_low": "holds the bus low",
        "flagged": "the error flag, bit 15",
    }

    def __init__(
        self, clock: Callable[[], float], address: int = 0x5A, noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, address, noise, **truth)

    def transfer(self, written: bytes, length: int) -> bytes:
        """Give low byte, high byte and error code of a command's word."""
        if self.hit("nack") or len(written) != 1 or not length:
            raise nack()
        word = self._word(written[0])
        body = bytes([self.address << 1, written[0], self.address << 1 | 1]) + word.to_bytes(2, "little")
        code = pec(body)
        if self.hit("bad_crc"):
            code ^= 0x10
        return (body[3:] + bytes([code]))[:length]

    def _word(self, command: int) -> int:
        if command == _EMISSIVITY:
            return clamp(self.truth["emissivity"] * 65535.0, 16)
        if command == _ADDRESS:
            return 0xBE00 | self.address
        if command not in (_AMBIENT, _OBJECT):
            raise nack()
        if self.hit("flagged"):
            return 0x8000
        if command == _OBJECT and self.hit("out_of_range"):
            return 0x2000
        name = "ambient_temperature_c" if command == _AMBIENT else "object_temperature_c"
        return clamp((self.sense(name) + 273.15) / 0.02 + self.wander(), 15)


def pec(data: bytes) -> int:
    """Return the packet error code, x⁸ + x² + x + 1, bit by bit from the highest (8.4.3.1)."""
    remainder = 0
    for bit in (byte >> position & 1 for byte in data for position in range(7, -1, -1)):
        top = remainder >> 7 ^ bit
        remainder = (remainder << 1 & 0xFF) ^ (0x07 if top else 0)
    return remainder
