"""A simulated A02YYUW: a frame of four bytes each tenth of a second. Product page SEN0311."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firmware_sim.lab.chips.chip import SerialChip, clamp


class SimA02yyuw(SerialChip):
    """Talks on the line ``port``."""

    name = "a02yyuw"
    period_s = 0.1
    defaults: Mapping[str, float] = {"distance_mm": 700.0}
    faults: Mapping[str, str] = {
        "nack": "silence",
        "bad_crc": "a sum that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "6000 mm",
        "held_low": "the line held low: silence",
        "no_echo": "code 0: no echo, or too near",
        "no_target": "code 0xFFFD: nothing in range",
    }

    def __init__(
        self, clock: Callable[[], float], port: str = "/dev/serial0", noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.port = port

    def say(self, at_s: float) -> bytes:
        """Return one frame."""
        if self.hit("nack") or self.hit("held_low"):
            return b""
        distance = clamp(self.sense("distance_mm") + self.wander(), 16)
        for fault, code in (("out_of_range", 6000), ("no_echo", 0), ("no_target", 0xFFFD)):
            if self.hit(fault):
                distance = code
        body = b"\xff" + distance.to_bytes(2, "big")
        return body + bytes([sum(body) & 0xFF ^ (0x55 if self.hit("bad_crc") else 0)])
