"""A simulated GPS receiver: GGA, GSA and RMC each second. NMEA 0183, version 4.1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import xor

from firmware_sim.lab.chips.chip import SerialChip

_KNOT_M_S = 1852.0 / 3600.0
_STEP_DEG = 1e-6


class SimGps(SerialChip):
    """Talks on the line ``port``."""

    name = "gps"
    period_s = 1.0
    defaults: Mapping[str, float] = {
        "latitude_deg": 51.5007, "longitude_deg": -0.1246, "speed_m_s": 8.0, "hdop": 0.9, "satellites": 9.0,
    }  # fmt: skip
    faults: Mapping[str, str] = {
        "nack": "silence",
        "bad_crc": "checksums that do not fit",
        "stuck": "the same position for ever",
        "out_of_range": "a latitude of 99 degrees",
        "held_low": "the line held low: silence",
        "no_fix": "no fix: quality 0, status V",
        "coarse": "HDOP 25",
        "zero": "a fix at 0, 0",
    }

    def __init__(
        self, clock: Callable[[], float], port: str = "/dev/ttyACM0", noise: int = 0, **truth: float
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.port = port

    def say(self, at_s: float) -> bytes:
        """Return the sentences of one second."""
        if self.hit("nack") or self.hit("held_low"):
            return b""
        whole = int(at_s) % 86_400
        time = f"{whole // 3600:02d}{whole // 60 % 60:02d}{whole % 60:02d}.00"
        damage = 0x11 if self.hit("bad_crc") else 0
        bodies = self._no_fix(time) if self.hit("no_fix") else self._fix(time)
        return b"".join(sentence(body, damage) for body in bodies)

    def _fix(self, time: str) -> tuple[str, ...]:
        latitude = (
            99.0 if self.hit("out_of_range") else self.sense("latitude_deg") + self.wander() * _STEP_DEG
        )
        longitude = self.sense("longitude_deg") + self.wander() * _STEP_DEG
        if self.hit("zero"):
            latitude = longitude = 0.0
        place = f"{minutes(latitude, 2)},{'N' if latitude >= 0 else 'S'},"
        place += f"{minutes(longitude, 3)},{'E' if longitude >= 0 else 'W'}"
        hdop = 25.0 if self.hit("coarse") else self.truth["hdop"]
        knots = self.sense("speed_m_s") / _KNOT_M_S
        return (
            f"GPGGA,{time},{place},1,{round(self.truth['satellites']):02d},{hdop:.1f},35.0,M,47.0,M,,",
            f"GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,{hdop:.1f},2.1",
            f"GPRMC,{time},A,{place},{knots:.3f},084.4,090126,,,A",
        )

    def _no_fix(self, time: str) -> tuple[str, ...]:
        return (f"GPGGA,{time},,,,,0,00,99.9,,,,,,", f"GPRMC,{time},V,,,,,,,090126,,,N")


def minutes(value: float, digits: int) -> str:
    """Return degrees as ``d…dmm.mmmmm``; minutes that round to 60 are the next degree's."""
    hundred_thousandths = round(abs(value) * 60.0 * 1e5)
    degrees, rest = divmod(hundred_thousandths, 60 * 100_000)
    return f"{degrees:0{digits}d}{rest / 1e5:08.5f}"


def sentence(body: str, damage: int = 0) -> bytes:
    """Return a sentence with its checksum, which ``damage`` spoils."""
    return f"${body}*{reduce(xor, body.encode()) ^ damage:02X}\r\n".encode()
