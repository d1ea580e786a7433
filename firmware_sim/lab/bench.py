"""A bench: simulated chips on one board, made in code or from a file of ``firmware_sim/lab/benches``.

::

    title = "A kitchen: frog with a probe on the wall"

    [[chips]]
    chip = "sht4x"
    bus = 1
    address = 0x44
    noise = 3
    temperature_c = 21.0
    humidity_pct = 62.0
    fault = "bad_crc"        # optional, for ever
"""

from __future__ import annotations

import errno
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from devices.drivers.bus import I2cBus, KernelFiles, Pins, SerialPort
from firmware_sim.lab.chips.a02yyuw import SimA02yyuw
from firmware_sim.lab.chips.bme280 import SimBme280
from firmware_sim.lab.chips.chip import Chip, I2cChip, SerialChip
from firmware_sim.lab.chips.dht22 import SimDht22
from firmware_sim.lab.chips.ds18b20 import SimDs18b20
from firmware_sim.lab.chips.gps import SimGps
from firmware_sim.lab.chips.hcsr04 import SimHcSr04
from firmware_sim.lab.chips.mlx90614 import SimMlx90614
from firmware_sim.lab.chips.sht3x import SimSht3x
from firmware_sim.lab.chips.sht4x import SimSht4x
from firmware_sim.lab.chips.vl53l1x import SimVl53l1x
from firmware_sim.lab.wires import BenchFiles, BenchI2c, BenchPins, BenchPort, Line

CHIPS: Mapping[str, type[Chip]] = {
    c.name: c
    for c in (SimA02yyuw, SimBme280, SimDht22, SimDs18b20, SimGps, SimHcSr04, SimMlx90614, SimSht3x, SimSht4x)
} | {SimVl53l1x.name: SimVl53l1x}
BENCHES = Path(__file__).parent / "benches"


class Bench:
    """The wires of one simulated machine; implements :class:`devices.drivers.bus.Board`.

    Args:
        clock, sleep: real time, or :class:`firmware_sim.lab.chips.chip.Clock`'s.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.clock = clock
        self.sleep = sleep
        self.chips: list[Chip] = []
        self.reopened = 0
        self._buses: dict[int, list[I2cChip]] = {}
        self._lines: dict[str, Line] = {}

    def add(self, chip: Chip, bus: int = 1) -> None:
        """Put a chip on the board; an I²C chip on ``bus``."""
        self.chips.append(chip)
        if isinstance(chip, I2cChip):
            self._buses.setdefault(bus, []).append(chip)
        if isinstance(chip, SerialChip):
            self._lines[chip.port] = Line(chip, self.clock, self.sleep)

    def i2c(self, number: int) -> I2cBus:
        """Return bus ``number``; ConfigurationError where the bench has none."""
        if number not in self._buses:
            raise ConfigurationError(f"I²C bus {number}: the bench has {sorted(self._buses) or 'none'}")
        return BenchI2c(self._buses[number], self._count)

    def serial(self, path: str, baud: int) -> SerialPort:
        """Return a serial line, which need not be there."""
        return BenchPort(lambda: self._line(path), baud, self._count)

    def _line(self, path: str) -> Line:
        if path not in self._lines:
            raise OSError(errno.ENOENT, "No such file or directory")
        return self._lines[path]

    def _count(self) -> None:
        self.reopened += 1

    def files(self) -> KernelFiles:
        """Return the simulated kernel's files."""
        return BenchFiles(self.chips)

    def pins(self) -> Pins:
        """Return the GPIO pins."""
        return BenchPins(self.chips, self.sleep)


def load_bench(
    name: str, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Bench:
    """Return the bench in a file, or by the name of one in ``firmware_sim/lab/benches``.

    Raises:
        ConfigurationError: no such file, or one that does not fit; it names what is wrong and what there is.
    """
    path = Path(name) if name.endswith(".toml") else BENCHES / f"{name}.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        known = ", ".join(sorted(p.stem for p in BENCHES.glob("*.toml")))
        raise ConfigurationError(f"no bench {name!r}: a .toml file, or one of {known}") from e
    except tomllib.TOMLDecodeError as e:
        raise ConfigurationError(f"{path} is no TOML: {e}") from e
    bench = Bench(clock, sleep)
    for number, entry in enumerate(raw.get("chips", [])):
        try:
            bench.add(_chip_of(entry, clock), int(entry.get("bus", 1)))
        except (TypeError, ValueError) as e:
            raise ConfigurationError(f"{path}: chips[{number}]: {e}") from e
    return bench


def _chip_of(entry: Mapping[str, Any], clock: Callable[[], float]) -> Chip:
    name = entry.get("chip", "")
    if name not in CHIPS:
        raise ValueError(f"chip {name!r} is not known; there are {', '.join(CHIPS)}")
    rest = {key: value for key, value in entry.items() if key not in ("chip", "bus", "fault")}
    chip = CHIPS[name](clock, **rest)
    if "fault" in entry:
        chip.fail(entry["fault"])
    return chip
