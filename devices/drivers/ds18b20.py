"""Maxim DS18B20: a temperature probe on the 1-wire bus, for the coldest wall.

The kernel's ``w1_therm`` reads it; the file ``w1_slave`` has the nine bytes of the
scratchpad twice, the verdict on its checksum after the first, and the temperature after
the second. The checksum is checked here again: a bus held low reads as zeros, whose
checksum is zero as well. Data sheet 19-7487, table 1 (values), figures 4 and 9 (power-on, scratchpad).
"""

from __future__ import annotations

from collections.abc import Mapping

from devices.drivers.base import BadFrame, Implausible, NoAnswer
from devices.drivers.bus import KernelFiles, why
from devices.drivers.crc8 import maxim
from devices.drivers.kernel_files import LocalFiles

W1_DEVICES = "/sys/bus/w1/devices"
_POWER_ON_RAW = 0x0550
"""+85 °C: what the register holds before the first conversion (data sheet, figure 4)."""


class Ds18b20:
    """One probe; implements :class:`devices.drivers.base.Sensor`.

    Args:
        rom: its name on the bus, ``28-`` and twelve hex digits.
        field: what the value is called, e.g. ``wall_temperature_c``.
        files: where the kernel shows the bus.
    """

    def __init__(self, rom: str, field: str = "wall_temperature_c", files: KernelFiles | None = None) -> None:
        self._files = files or LocalFiles()
        self._path = f"{W1_DEVICES}/{rom}/w1_slave"
        self._rom = rom
        self._field = field

    def read(self) -> Mapping[str, float]:
        """Return the temperature [°C]; blocks for the conversion, 0.75 s.

        Raises:
            SensorError: no answer, a bad checksum, or the power-on value.
        """
        try:
            text = self._files.read(self._path)
        except OSError as e:
            raise NoAnswer(f"DS18B20 {self._rom} does not answer: {why(e)}") from e
        if not text.strip():
            raise NoAnswer(f"DS18B20 {self._rom} does not answer: the kernel's file is empty")
        try:
            scratchpad = bytes.fromhex(text[:26])
        except ValueError as e:
            raise BadFrame(f"DS18B20 {self._rom}: unreadable answer {text[:26]!r}") from e
        return {self._field: decode(scratchpad, self._rom)}


def decode(scratchpad: bytes, rom: str = "") -> float:
    """Return the temperature [°C] in a scratchpad of nine bytes.

    Raises:
        SensorError: as in :meth:`Ds18b20.read`.
    """
    if len(scratchpad) != 9:
        raise BadFrame(f"DS18B20 {rom}: {len(scratchpad)} bytes, not 9")
    if not any(scratchpad):
        raise BadFrame(f"DS18B20 {rom}: only zeros, the bus is held low")
    if maxim(scratchpad[:8]) != scratchpad[8]:
        raise BadFrame(f"DS18B20 {rom}: bad checksum in {scratchpad.hex(' ')}")
    raw = int.from_bytes(scratchpad[:2], "little", signed=True)
    if raw == _POWER_ON_RAW:
        raise BadFrame(f"DS18B20 {rom}: power-on value, no conversion was made")
    if not -55.0 <= raw / 16.0 <= 125.0:
        raise Implausible(f"DS18B20 {rom}: {raw / 16.0:g} °C is outside -55 to 125")
    return raw / 16.0
