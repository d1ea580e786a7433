"""The wires of this machine. Libraries are imported when the first sensor needs them."""

from __future__ import annotations

from pathlib import Path

from cityops.errors import ConfigurationError
from devices.drivers.bus import I2cBus, KernelFiles, Pins, SerialPort
from devices.drivers.kernel_files import LocalFiles


class PiBoard:
    """A Raspberry Pi or another Linux machine; implements :class:`devices.drivers.bus.Board`.

    Args:
        root: below which the kernel's files are.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._files = LocalFiles(root)
        self._buses: dict[int, I2cBus] = {}
        self._pins: Pins | None = None

    def i2c(self, number: int) -> I2cBus:
        """Return bus ``number``."""
        if number not in self._buses:
            self._buses[number] = _open_i2c(number)
        return self._buses[number]

    def serial(self, path: str, baud: int) -> SerialPort:
        """Return a serial line."""
        from devices.drivers.serial_port import TermiosPort

        return TermiosPort(path, baud)

    def files(self) -> KernelFiles:
        """Return the kernel's files."""
        return self._files

    def pins(self) -> Pins:
        """Return the GPIO pins."""
        if self._pins is None:
            self._pins = _open_pins()
        return self._pins


def _open_i2c(number: int) -> I2cBus:
    try:
        from devices.drivers.i2c import SmbusI2c

        return SmbusI2c(number)
    except ImportError as e:
        raise ConfigurationError(
            "an I²C sensor needs the package smbus2: pip install '.[pi]' in the checkout (install.sh did)"
        ) from e
    except OSError as e:
        raise ConfigurationError(
            f"I²C bus {number}: {e.strerror or e}; switch it on with raspi-config, Interface Options"
        ) from e


def _open_pins() -> Pins:
    try:
        from devices.drivers.pins import LgpioPins

        return LgpioPins()
    except ImportError as e:
        raise ConfigurationError(
            "a sensor on a GPIO pin needs the package lgpio: pip install '.[pi]' in the checkout (install.sh did), or apt install python3-lgpio"
        ) from e
    except OSError as e:
        raise ConfigurationError(
            f"the GPIO pins can't be used: {e.strerror or e}; is the user in the group gpio?"
        ) from e
