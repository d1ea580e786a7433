"""A simulated Aosong DHT22, on a pin and through the kernel's ``dht11``. Data sheet AM2302, section 7."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence

from firmware_sim.lab.chips.chip import FileChip

_FOLDER = "/sys/bus/iio/devices"
_REST_S = 1.99
"""Two seconds between readings; asked earlier it says nothing."""
_GREETING_US, _ZERO_US, _ONE_US = 80.0, 27.0, 70.0


class SimDht22(FileChip):
    """Sends forty bits when its pin ``pin`` was pulled low for a millisecond; the kernel shows it as ``device``."""

    name = "dht22"
    defaults: Mapping[str, float] = {"temperature_c": 20.0, "humidity_pct": 50.0}
    faults: Mapping[str, str] = {
        "nack": "no pulse comes back",
        "bad_crc": "a sum that does not fit",
        "stuck": "the same value for ever",
        "out_of_range": "150 % of humidity with a good sum",
        "held_low": "holds the line low",
        "lost_bits": "edges are missed on a busy machine",
    }

    def __init__(
        self,
        clock: Callable[[], float],
        pin: int = 4,
        device: str = "iio:device0",
        noise: int = 0,
        **truth: float,
    ) -> None:
        super().__init__(clock, noise, **truth)
        self.pin = pin
        self.device = device
        self._asked_s = float("-inf")

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return its folder and its attributes."""
        inside = ("in_humidityrelative_input", "in_temp_input", "name")
        return {_FOLDER: (self.device,), f"{_FOLDER}/{self.device}": inside}

    def file(self, path: str) -> str:
        """Return an attribute as the kernel gives it, in thousandths; it checks the sum itself."""
        folder, _, attribute = path.rpartition("/")
        if folder != f"{_FOLDER}/{self.device}":
            raise OSError(errno.ENOENT, "No such file or directory")
        if attribute == "name":
            return f"dht11@{self.pin:x}\n"
        if self.hit("nack") or self.hit("held_low") or self.hit("lost_bits"):
            raise OSError(errno.ETIMEDOUT, "Connection timed out")
        if self.hit("bad_crc"):
            raise OSError(errno.EIO, "Input/output error")
        frame = self.frame()
        if attribute == "in_humidityrelative_input":
            return f"{int.from_bytes(frame[:2], 'big') * 100}\n"
        size = int.from_bytes(frame[2:4], "big") & 0x7FFF
        return f"{(-size if frame[2] & 0x80 else size) * 100}\n"

    def highs_us(self, low_s: float) -> Sequence[float]:
        """Return the high pulses after the host pulled the line low for ``low_s`` [µs]."""
        rested = self.clock() - self._asked_s >= _REST_S
        self._asked_s = self.clock()
        if not rested or low_s < 0.0008 or self.hit("nack") or self.hit("held_low"):
            return ()
        frame = self.frame()
        if self.hit("bad_crc"):
            frame = bytes([*frame[:4], frame[4] ^ 0x01])
        bits = int.from_bytes(frame, "big")
        pulses = [_ONE_US if bits >> place & 1 else _ZERO_US for place in range(39, -1, -1)]
        return pulses[3:] if self.hit("lost_bits") else [_GREETING_US, *pulses]

    def frame(self) -> bytes:
        """Return the five bytes of a measurement."""
        humidity = (
            1500 if self.hit("out_of_range") else round(self.sense("humidity_pct") * 10.0) + self.wander()
        )
        tenths = round(self.sense("temperature_c") * 10.0) + self.wander()
        temperature = 0x8000 | -tenths if tenths < 0 else tenths
        body = min(0xFFFF, max(0, humidity)).to_bytes(2, "big") + temperature.to_bytes(2, "big")
        return body + bytes([sum(body) & 0xFF])
