"""``cityops-agent sensors scan|read``: what hangs on the wires, and what it says."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cityops.errors import CityopsError, ConfigurationError
from devices.agent.config import load_config
from devices.agent.reading_words import read_one, say
from devices.agent.sensor_build import build_sensors
from devices.agent.sensor_paste import section_of, toml_of
from devices.agent.sensor_sections import Section
from devices.contract.kind import Kind, discover
from devices.drivers.boards import Boards
from devices.drivers.bus import Board, why
from devices.drivers.lent_board import FAKE, board_named
from devices.drivers.pi import PiBoard
from devices.drivers.scan import Found, names, scan_i2c, scan_iio, scan_serial, scan_w1

DEFAULT_CONFIG = Path("/etc/cityops-agent/agent.toml")
_LISTEN_S = 2.5

_HELP = """
--bus says which wires: a number (I2C bus of this machine, 1 where left out), unix:PATH (simulated chips that
python -m firmware_sim.lab.bus_server lends), or fake:NAME (the same, started for this command: kitchen, road, bins,
gritter, faulty). It takes the place of every bus that the configuration names.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows ``sensors``."""
    parser.epilog = _HELP
    parser.add_argument(
        "action", choices=["scan", "read"], help="list what is there; read what is configured"
    )
    parser.add_argument(
        "--config",
        type=Path,
        help=f"read: the device's file (default {DEFAULT_CONFIG}, else what a scan finds)",
    )
    parser.add_argument("--bus", help="a number, unix:PATH or fake:NAME")
    parser.add_argument("--count", type=int, default=1, help="read: how many times (default 1)")
    parser.add_argument("--every", type=float, default=2.0, help="read: seconds between two (default 2)")
    parser.add_argument(
        "--kind", default="frog", help="scan: for which kind to write the sections (default frog)"
    )
    parser.add_argument(
        "--listen",
        action="store_true",
        help="scan: listen on serial lines, at 9600 baud; stop their reader first",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return 0, 1 where a sensor failed, 2 where the configuration is wrong, 130 at Ctrl-C."""
    try:
        if options.count < 1 or options.every < 0.0:
            raise ConfigurationError("--count must be at least 1, --every at least 0")
        with board_named(options.bus) as board:
            return _scan(options, board) if options.action == "scan" else _read(options, board)
    except CityopsError as e:
        sys.stderr.write(f"cityops-agent: {e}\n")
        return e.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads the output has seen enough (``| head``): what is left of it goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _scan(options: argparse.Namespace, board: Board | None) -> int:
    kinds = discover()
    if options.kind not in kinds:
        raise ConfigurationError(f"--kind {options.kind!r} does not exist; there are {', '.join(kinds)}")
    found, troubles = find(
        board or PiBoard(), _number(options.bus), listen=options.listen or _is_fake(options.bus)
    )
    for line in names(found) or ["nothing was found"]:
        say(line)
    for trouble in troubles:
        say(f"not scanned: {trouble}")
    say(
        "Sensors on GPIO pins (HC-SR04, DHT22 without the kernel's driver) can't be found; see docs/drivers.md."
    )
    paste = toml_of(found, kinds[options.kind], options.bus if _is_socket(options.bus) else None)
    if paste:
        say(f"\n# for a device of kind {options.kind}\n\n{paste}")
    return 1 if troubles and not found else 0


def find(board: Board, number: int, *, listen: bool) -> tuple[list[Found], list[str]]:
    """Return what is on a board's wires, and why a part of them could not be looked at."""
    found: list[Found] = []
    troubles: list[str] = []
    looks: Sequence[tuple[str, Callable[[], list[Found]]]] = (
        (f"I²C bus {number}", lambda: scan_i2c(board.i2c(number), number)),
        ("1-wire", lambda: scan_w1(board.files())),
        ("kernel", lambda: scan_iio(board.files())),
        ("serial lines", lambda: scan_serial(board, listen_s=_LISTEN_S if listen else 0.0)),
    )
    for name, look in looks:
        try:
            found += look()
        except ConfigurationError as e:
            troubles.append(str(e))
        except OSError as e:
            troubles.append(f"{name}: {why(e)}")
    return found, troubles


def _read(options: argparse.Namespace, board: Board | None) -> int:
    sections, kind = _configured(options, board)
    if not sections:
        raise ConfigurationError("no sensor was found; cityops-agent sensors scan says more")
    sensors = build_sensors(sections, kind, Boards(board))
    failed = 0
    for number in range(options.count):
        if number:
            time.sleep(options.every)
        failed += sum(not read_one(sensor, kind) for sensor in sensors)
    return 1 if failed else 0


def _configured(options: argparse.Namespace, board: Board | None) -> tuple[Sequence[Section], Kind | None]:
    if options.config is not None or (board is None and DEFAULT_CONFIG.exists()):
        config = load_config(options.config or DEFAULT_CONFIG)
        return config.sensors, discover()[config.device.kind]
    found, troubles = find(board or PiBoard(), _number(options.bus), listen=_is_fake(options.bus))
    for trouble in troubles:
        say(f"not scanned: {trouble}")
    for line in names([item for item in found if not item.driver]):
        say(f"not read: {line}")
    return [section_of(item) for item in found if item.driver], None


def _number(bus: str | None) -> int:
    return int(bus) if bus is not None and bus.isdecimal() else 1


def _is_fake(bus: str | None) -> bool:
    return bus is not None and bus.startswith(FAKE)


def _is_socket(bus: str | None) -> bool:
    return bus is not None and bus.startswith("unix:")
