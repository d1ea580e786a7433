"""A GPS receiver on a serial line or a USB dongle, for the gritter. What it says: :mod:`devices.drivers.nmea`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from devices.drivers.base import NoAnswer, SensorError
from devices.drivers.bus import SerialPort, why
from devices.drivers.nmea import Fix, Sentence, fix_of, sentence_of

_LONGEST_LINE = 200


class Gps:
    """One receiver; implements :class:`devices.drivers.base.Sensor`.

    RMC has the speed and GGA the quality: both of the same second are needed. What came before
    the read is thrown away, so that a position is never older than a few seconds.

    Args:
        port: its line.
        hdop_limit: a fix with a larger dilution of precision is refused; 5 is some 25 m.
        timeout_s: how long to wait for both [s]; receivers send each second.
        clock: monotonic [s].
    """

    def __init__(
        self,
        port: SerialPort,
        name: str = "",
        hdop_limit: float = 5.0,
        timeout_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._name = name
        self._hdop_limit = hdop_limit
        self._timeout_s = timeout_s
        self._clock = clock

    def read(self) -> Mapping[str, float]:
        """Return ``latitude_deg``, ``longitude_deg`` and, where it is said, ``speed_m_s``.

        Raises:
            SensorError: silence, damaged sentences, no fix: never the position 0, 0.
        """
        try:
            fix = self._fix()
        except OSError as e:
            raise NoAnswer(f"GPS on {self._name} does not answer: {why(e)}") from e
        values = {"latitude_deg": fix.latitude_deg, "longitude_deg": fix.longitude_deg}
        return values if fix.speed_m_s is None else {**values, "speed_m_s": fix.speed_m_s}

    def _fix(self) -> Fix:
        damaged: SensorError | None = None
        latest: dict[str, Sentence] = {}
        for line in self._lines():
            try:
                sentence = sentence_of(line)
            except SensorError as e:
                damaged = e
                continue
            latest[sentence.name] = sentence
            rmc, gga = latest.get("RMC"), latest.get("GGA")
            if rmc is not None and gga is not None and rmc.time == gga.time:
                return fix_of(rmc, gga, self._hdop_limit)
        if damaged is not None:
            raise damaged
        heard = f"only {', '.join(sorted(latest))}" if latest else "nothing"
        raise NoAnswer(
            f"GPS on {self._name}: no RMC and GGA of one second within {self._timeout_s:g} s, {heard}"
        )

    def _lines(self) -> Iterator[str]:
        """Yield whole lines until the time is up; the first, which began before the read, is left out."""
        until = self._clock() + self._timeout_s
        self._port.discard()
        pending, whole = b"", False
        while (left := until - self._clock()) > 0:
            data = self._port.read(256, left)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                if whole or line.startswith(b"$"):
                    yield line.decode("ascii", errors="replace")
                whole = True
            pending = pending[-_LONGEST_LINE:]
