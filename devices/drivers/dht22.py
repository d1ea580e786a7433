"""Aosong DHT22 (AM2302): air temperature and relative humidity on one pin. The least reliable of our chips.

Data sheet AM2302, section 7: the host pulls the line low for a millisecond; 40 bits follow, each a high pulse,
26 to 28 µs for 0 and 70 µs for 1; humidity and temperature in tenths, the temperature's first bit is
its sign, the last byte the sum of the others. Two seconds between readings.

Best read by the kernel (``dtoverlay=dht11,gpiopin=4`` knows the DHT22 as well), which times the pulses in an
interrupt; :class:`Dht22Pin` does it from Python and loses bits on a busy machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devices.drivers.base import BadFrame, Implausible, NoAnswer
from devices.drivers.bus import KernelFiles, Pins, why

IIO_DEVICES = "/sys/bus/iio/devices"
_THRESHOLD_US = 48.0
_SHORTEST_US, _LONGEST_US = 10.0, 110.0
_START_S, _LISTEN_S = 0.0012, 0.010


class Dht22Kernel:
    """A DHT22 that the kernel reads; implements :class:`devices.drivers.base.Sensor`.

    Args:
        device: its name below ``/sys/bus/iio/devices``, e.g. ``iio:device0``.
    """

    def __init__(self, files: KernelFiles, device: str = "iio:device0") -> None:
        self._files = files
        self._device = device

    def read(self) -> Mapping[str, float]:
        """Return ``temperature_c`` and ``humidity_pct``; blocks for 20 ms.

        Raises:
            SensorError: no answer (the kernel checks the sum), or values that the chip can't measure.
        """
        return checked(
            self._tenths("in_temp_input") / 1000.0, self._tenths("in_humidityrelative_input") / 1000.0
        )

    def _tenths(self, name: str) -> int:
        path = f"{IIO_DEVICES}/{self._device}/{name}"
        try:
            text = self._files.read(path).strip()
        except OSError as e:
            raise NoAnswer(f"DHT22 {self._device} does not answer: {why(e)}") from e
        try:
            return int(text)
        except ValueError as e:
            raise BadFrame(f"DHT22 {self._device}: {name} says {text[:20]!r}, no number") from e


class Dht22Pin:
    """A DHT22 timed from Python; implements :class:`devices.drivers.base.Sensor`."""

    def __init__(self, pins: Pins, pin: int) -> None:
        self._pins = pins
        self._pin = pin

    def read(self) -> Mapping[str, float]:
        """Return ``temperature_c`` and ``humidity_pct``.

        Raises:
            SensorError: no answer, lost bits, a bad sum, or values that the chip can't measure.
        """
        try:
            highs = self._pins.highs_us(self._pin, _START_S, _LISTEN_S)
        except OSError as e:
            raise NoAnswer(f"DHT22 on GPIO {self._pin} does not answer: {why(e)}") from e
        if not highs:
            raise NoAnswer(f"DHT22 on GPIO {self._pin} does not answer: no pulse came")
        return decode(bits_of(highs))


def bits_of(highs_us: Sequence[float]) -> bytes:
    """Return the five bytes in the last 40 high pulses; those before are the chip's greeting.

    Raises:
        BadFrame: fewer pulses, or one that is neither a 0 nor a 1.
    """
    if len(highs_us) < 40:
        raise BadFrame(f"DHT22: {len(highs_us)} pulses of 40, edges were lost")
    value = 0
    for width in highs_us[-40:]:
        if not _SHORTEST_US <= width <= _LONGEST_US:
            raise BadFrame(f"DHT22: a pulse of {width:.0f} µs is neither 0 (27) nor 1 (70)")
        value = value << 1 | (width > _THRESHOLD_US)
    return value.to_bytes(5, "big")


def decode(frame: bytes) -> dict[str, float]:
    """Return temperature [°C] and humidity [%] of five bytes.

    Raises:
        SensorError: as in :meth:`Dht22Pin.read`.
    """
    if len(frame) != 5:
        raise BadFrame(f"DHT22 sent {len(frame)} bytes, not 5")
    if sum(frame[:4]) & 0xFF != frame[4]:
        raise BadFrame(f"DHT22: bad checksum in {frame.hex(' ')}")
    if not any(frame):
        raise BadFrame("DHT22: only zeros, the line is held low")
    size = int.from_bytes(frame[2:4], "big") & 0x7FFF
    temperature = -size / 10.0 if frame[2] & 0x80 else size / 10.0
    return checked(temperature, int.from_bytes(frame[:2], "big") / 10.0)


def checked(temperature: float, humidity: float) -> dict[str, float]:
    """Return both where the chip can measure them: -40 to 80 °C, 0 to 100 %.

    Raises:
        Implausible: it can't.
    """
    if not -40.0 <= temperature <= 80.0:
        raise Implausible(f"DHT22 temperature {temperature:.1f} °C is outside -40 to 80")
    if not 0.0 <= humidity <= 100.0:
        raise Implausible(f"DHT22 humidity {humidity:.1f} % is outside 0 to 100")
    return {"temperature_c": temperature, "humidity_pct": humidity}
