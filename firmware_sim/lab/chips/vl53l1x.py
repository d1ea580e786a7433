"""A simulated ST VL53L1X. Data sheet DS12385 (addresses, boot), UM2510 (start, ready, result, clear).

It measures only after its configuration was written, as the real one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import I2cChip, clamp, nack

_BOOT_S = 0.0012
_VALID, _SIGNAL, _WRAPPED = 9, 4, 7
_BUDGETS_S = {0x01CC: 0.1, 0x00AD: 0.05, 0x02D9: 0.2}


class SimVl53l1x(I2cChip):
    """A memory with 16-bit addresses that measures between start and stop."""

    name = "vl53l1x"
    defaults: Mapping[str, float] = {"distance_mm": 700.0}
    faults: Mapping[str, str] = {
        "nack": "does not acknowledge",
        "stuck": "the same value for ever",
        "out_of_range": "a distance of 8190 mm that it calls good",
        "held_low": "holds the bus low",
        "no_target": "signal too weak",
        "wrapped": "the target is beyond the longest range",
        "power_lost": "starts again without its configuration",
    }

    def __init__(
        self,
        clock: Callable[[], float],
        address: int = 0x29,
        noise: int = 0,
        model: int = 0xEACC,
        **truth: float,
    ) -> None:
        super().__init__(clock, address, noise, **truth)
        self._model = model
        self._power_on()

    def transfer(self, written: bytes, length: int) -> bytes:
        """Write from a register on, or read from it on."""
        if self.hit("power_lost"):
            self._power_on()
        if self.hit("nack"):
            raise nack()
        if len(written) >= 2:
            self._pointer = int.from_bytes(written[:2], "big")
            for number, value in enumerate(written[2:]):
                self._set(self._pointer + number, value)
        if length:
            self._settle()
        return bytes(self._registers[self._pointer : self._pointer + length])

    def _power_on(self) -> None:
        self._registers = bytearray(0x200)
        self._registers[0x010F:0x0111] = self._model.to_bytes(2, "big")
        self._registers[0x00DE:0x00E0] = (0x03F1).to_bytes(2, "big")
        self._pointer = 0
        self._booted_s = self.clock() + _BOOT_S
        self._ready_s: float | None = None

    def _set(self, register: int, value: int) -> None:
        self._registers[register] = value
        if register == 0x0086 and value == 0x01:
            self._ready_s = None
        elif register == 0x0087:
            self._ready_s = self.clock() + self._budget_s() if value == 0x40 and self._configured() else None

    def _configured(self) -> bool:
        """Whether the block that UM2510 prescribes is there, told by three of its undocumented registers."""
        r = self._registers
        return (r[0x46], r[0x58], r[0x81]) == (0x20, 0xFF, 0x9B)

    def _budget_s(self) -> float:
        return _BUDGETS_S.get(int.from_bytes(self._registers[0x5E:0x60], "big"), 0.1)

    def _settle(self) -> None:
        self._registers[0x00E5] = 0x03 if self.clock() >= self._booted_s else 0x00
        ready = self._ready_s is not None and self.clock() >= self._ready_s
        active_high = not self._registers[0x30] & 0x10
        self._registers[0x31] = 0x02 | int(ready == active_high)
        if ready and self._pointer == 0x0089:
            self._registers[0x89:0x9A] = self._result()

    def _result(self) -> bytes:
        code = _SIGNAL if self.hit("no_target") else _WRAPPED if self.hit("wrapped") else _VALID
        distance = 8190 if self.hit("out_of_range") else clamp(self.sense("distance_mm") + self.wander(), 16)
        block = bytearray(17)
        block[0] = 0x40 | code
        block[3] = 0x9E
        block[13:15] = distance.to_bytes(2, "big")
        block[15:17] = (0x0420).to_bytes(2, "big")
        return bytes(block)
