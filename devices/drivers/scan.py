"""What hangs on a machine's wires: I²C addresses, 1-wire probes, the kernel's own sensors, serial lines."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from devices.drivers.a02yyuw import split
from devices.drivers.base import SensorError
from devices.drivers.bus import Board, I2cBus, KernelFiles, why
from devices.drivers.dht22 import IIO_DEVICES
from devices.drivers.ds18b20 import W1_DEVICES
from devices.drivers.identify import RECIPES, identify
from devices.drivers.nmea import sentence_of

FIRST, LAST = 0x08, 0x77
LEFT_ALONE: Mapping[int, str] = {0x69: "a clock chip there may lock the bus when it is read (i2cdetect(8))"}
OFTEN: Mapping[int, str] = {
    0x20: "a PCF8574 or MCP23017 (pins)", 0x23: "a BH1750 (light)", 0x27: "a PCF8574 (display)", 0x38: "an AHT20",
    0x3C: "an SSD1306 (display)", 0x40: "an INA219, HTU21 or SHT2x", 0x48: "an ADS1115 or TMP102",
    0x50: "the memory of a HAT", 0x57: "an AT24C32 (memory)", 0x62: "an SCD4x (CO2)", 0x68: "a DS3231 (clock)",
}  # fmt: skip
"""What such an address often is; these have no id to ask for."""
_SERIAL_NAMES = ("serial[0-9]", "ttyACM*", "ttyUSB*", "ttyAMA*")


@dataclass(frozen=True, slots=True)
class Found:
    """Something on a wire: where, what in words, and the settings of its section where there is a driver."""

    where: str
    what: str
    driver: str = ""
    settings: Mapping[str, str | int] = field(default_factory=dict)


def scan_i2c(bus: I2cBus, number: int) -> list[Found]:
    """Return the chips on a bus, by address.

    Known addresses are asked for their chip's id. At the others one byte is read and nothing is written:
    a write could change an unknown chip.

    Raises:
        OSError: the bus is held low.
    """
    found = []
    for address in range(FIRST, LAST + 1):
        where = f"I²C bus {number}, 0x{address:02x}"
        identity = identify(bus, address)
        if identity is not None:
            driver, words = identity
            settings = {"bus": number, "address": address} if driver else {}
            found.append(Found(where, words, driver, settings))
        elif address not in LEFT_ALONE and _answers(bus, address):
            found.append(Found(where, _guess(address)))
    return found


def scan_w1(files: KernelFiles) -> list[Found]:
    """Return the temperature probes on the 1-wire bus."""
    roms = [name for name in files.names(W1_DEVICES) if name.startswith("28-")]
    return [Found(f"1-wire, {rom}", "DS18B20", "ds18b20", {"rom": rom}) for rom in roms]


def scan_iio(files: KernelFiles) -> list[Found]:
    """Return the sensors that the kernel reads itself; it calls a DHT22 ``dht11`` as well."""
    found = []
    for device in files.names(IIO_DEVICES):
        try:
            name = files.read(f"{IIO_DEVICES}/{device}/name").strip()
        except OSError:
            continue
        known = name.startswith(("dht11", "dht22"))
        settings = {"device": device} if known else {}
        what = "DHT22 or DHT11" if known else f"{name}, for which there is no driver"
        found.append(Found(f"kernel, {device}", what, "dht22" if known else "", settings))
    return found


def scan_serial(board: Board, *, listen_s: float = 0.0) -> list[Found]:
    """Return the serial lines, and what talks on them at 9600 baud where it may listen for ``listen_s`` [s].

    Listening takes bytes away from whoever else reads the line, so it is not done unasked.
    """
    found = []
    for name in board.files().names("/dev"):
        if any(fnmatch.fnmatch(name, pattern) for pattern in _SERIAL_NAMES):
            path = f"/dev/{name}"
            what, driver = ("a serial line", "")
            if listen_s > 0.0:
                what, driver = _heard(board, path, listen_s)
            found.append(Found(f"serial, {path}", what, driver, {"port": path} if driver else {}))
    return found


def _guess(address: int) -> str:
    if address in RECIPES:
        return "an unknown chip; those that are known at this address did not say who they are"
    often = f"; often {OFTEN[address]}" if address in OFTEN else ""
    return f"an unknown chip{often}, for which there is no driver"


def _answers(bus: I2cBus, address: int) -> bool:
    try:
        bus.read(address, 1)
    except TimeoutError:
        raise
    except OSError:
        return False
    return True


def _heard(board: Board, path: str, listen_s: float) -> tuple[str, str]:
    port = board.serial(path, 9600)
    heard = b""
    try:
        for _ in range(8):
            heard += port.read(1024, listen_s / 4.0)
            port_said = who(heard)
            if port_said is not None:
                return port_said
    except OSError as e:
        return f"a serial line that can't be read: {why(e)}", ""
    finally:
        port.reopen()
    return ("a serial line with something else on it" if heard else "a serial line, silent"), ""


def who(heard: bytes) -> tuple[str, str] | None:
    """Return what talks like this, in words and as a driver's name; None: not known (yet)."""
    for line in heard.decode("ascii", errors="replace").split("\n")[:-1]:
        try:
            sentence_of(line[max(0, line.find("$")) :])
        except SensorError:
            continue
        return "GPS receiver", "gps"
    frames, _ = split(heard)
    if any(sum(frame[:3]) & 0xFF == frame[3] for frame in frames) and len(frames) >= 2:
        return "A02YYUW", "a02yyuw"
    return None


def names(found: Sequence[Found]) -> list[str]:
    """Return one line for each thing found."""
    return [f"{item.where}: {item.what}" for item in found]
