"""DFRobot/DYP A02YYUW: a waterproof ultrasonic distance meter with a serial line, for bins.

Product page SEN0311 (9600 baud 8N1): frames of four bytes, 0xFF, high, low, and the low byte of their sum,
every 100 to 300 ms; 30 mm to 4.5 m, nearer is its blind zone. 0 is sent where it sees nothing or too near a
thing; modules of the family send 0xFFFD (nothing there) and 0xFFFE (disturbed by another).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from devices.drivers.base import BadFrame, Implausible, NoAnswer, NoSignal, SensorError
from devices.drivers.bus import SerialPort, why

_NEAREST_MM, _FARTHEST_MM = 30, 4500
_CODES = {
    0: "no echo, or something within 30 mm",
    0xFFFD: "nothing in range",
    0xFFFE: "disturbed by another sensor",
    0xFFFF: "no measurement",
}
_HEADER = 0xFF


class A02yyuw:
    """One module; implements :class:`devices.drivers.base.Sensor`.

    Args:
        port: its line.
        samples: frames for one reading; the median counts.
        timeout_s: how long to wait for them [s].
        clock: monotonic [s].
    """

    def __init__(
        self,
        port: SerialPort,
        name: str = "",
        samples: int = 3,
        timeout_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._name = name
        self._samples = samples
        self._timeout_s = timeout_s
        self._clock = clock

    def read(self) -> Mapping[str, float]:
        """Return ``distance_mm``.

        Raises:
            SensorError: silence, damaged frames, no echo, or a distance that it can't measure.
        """
        distances: list[int] = []
        last: SensorError | None = None
        for frame in self._frames():
            try:
                distances.append(decode(frame))
            except SensorError as e:
                last = e
        if len(distances) * 2 > self._samples:
            return {"distance_mm": float(statistics.median(distances))}
        if last is not None:
            raise last
        raise NoAnswer(f"A02YYUW on {self._name} is silent: no whole frame in {self._timeout_s:g} s")

    def _frames(self) -> list[bytes]:
        until = self._clock() + self._timeout_s
        pending = b""
        frames: list[bytes] = []
        try:
            self._port.discard()
            while len(frames) < self._samples and (left := until - self._clock()) > 0:
                data = self._port.read(64, left)
                if not data:
                    break
                found, pending = split(pending + data)
                frames += found
        except OSError as e:
            raise NoAnswer(f"A02YYUW on {self._name} does not answer: {why(e)}") from e
        return frames[: self._samples]


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the frames in ``data`` and what is left of it; a damaged frame is one of them.

    A 0xFF may also be a distance's byte: the line is in step where four bytes fit their sum, and a header
    that does not fit is given up only where the next header shows that it was in step.
    """
    frames: list[bytes] = []
    at = 0
    while (at := data.find(_HEADER, at)) >= 0 and at + 4 <= len(data):
        frame = data[at : at + 4]
        in_step = sum(frame[:3]) & 0xFF == frame[3]
        if not in_step and at + 4 == len(data):
            break
        if in_step or data[at + 4] == _HEADER:
            frames.append(frame)
            at += 4
        else:
            at += 1
    return frames, data[at:] if at >= 0 else b""


def decode(frame: bytes) -> int:
    """Return the distance [mm] in a frame of four bytes.

    Raises:
        SensorError: as in :meth:`A02yyuw.read`.
    """
    if len(frame) != 4 or frame[0] != _HEADER or sum(frame[:3]) & 0xFF != frame[3]:
        raise BadFrame(f"A02YYUW: bad checksum in {frame.hex(' ')}")
    distance = int.from_bytes(frame[1:3], "big")
    if distance in _CODES:
        raise NoSignal(f"A02YYUW: {_CODES[distance]} (code {distance})")
    if distance < _NEAREST_MM:
        raise NoSignal(f"A02YYUW: {distance} mm is in its blind zone of 30 mm")
    if distance > _FARTHEST_MM:
        raise Implausible(f"A02YYUW distance {distance} mm is outside 30 to 4500")
    return distance
