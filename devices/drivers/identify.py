"""Which chip answers at an I²C address: by its id register where it has one.

A chip that does not know a command either ignores it or does not acknowledge it: the recipes write one or two
bytes that set a register's pointer or are no command of the other chips known at that address (INA219 and TMP102
at 0x44..0x46; MS5611 and BMP180 at 0x76 and 0x77; TCS34725 and VL53L0X at 0x29).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from devices.drivers.base import BadFrame, NoAnswer, SensorError
from devices.drivers.bme280 import CHIP_ID, OTHERS
from devices.drivers.bus import I2cBus
from devices.drivers.mlx90614 import EMISSIVITY
from devices.drivers.mlx90614 import decode as mlx_word
from devices.drivers.sht3x import Sht3x
from devices.drivers.sht4x import Sht4x
from devices.drivers.vl53l1x import MODEL

Identity = tuple[str, str]
"""The driver's name, empty where we have none, and words."""


def identify(bus: I2cBus, address: int) -> Identity | None:
    """Return what answers at ``address``; None where nothing does or no recipe is known.

    Raises:
        OSError: the bus itself does not work (ETIMEDOUT).
    """
    damaged = ""
    for recipe in RECIPES.get(address, ()):
        try:
            found = recipe(bus, address)
        except BadFrame as e:
            damaged = damaged or str(e)
            continue
        except NoAnswer as e:
            if isinstance(e.__cause__, TimeoutError):
                raise e.__cause__ from None
            continue
        except TimeoutError:
            raise
        except (OSError, SensorError):
            continue
        if found is not None:
            return found
    return ("", f"something answers, but not as it should: {damaged}") if damaged else None


def _sht4x(bus: I2cBus, address: int) -> Identity | None:
    return "sht4x", f"SHT4x, serial number {Sht4x(bus, address).serial():08x}"


def _sht3x(bus: I2cBus, address: int) -> Identity | None:
    return "sht3x", f"SHT3x, status {Sht3x(bus, address).status():04x}"


def _bosch(bus: I2cBus, address: int) -> Identity | None:
    found = bus.write_read(address, b"\xd0", 1)[0]
    if found == CHIP_ID:
        return "bme280", "BME280"
    if found in OTHERS:
        return "", f"{OTHERS[found]}, id 0x{found:02x}: no BME280, so there is no driver for it"
    return None


def _mlx90614(bus: I2cBus, address: int) -> Identity | None:
    word = mlx_word(bus.write_read(address, bytes([EMISSIVITY]), 3), address, EMISSIVITY)
    return "mlx90614", f"MLX90614, emissivity set to {word / 65535:.2f}"


def _vl53(bus: I2cBus, address: int) -> Identity | None:
    # First the older chip's id: to it the two bytes below would be a register and its new value.
    if bus.write_read(address, b"\xc0", 1) == b"\xee":
        return "", "VL53L0X: no VL53L1X, so there is no driver for it"
    return ("vl53l1x", "VL53L1X") if bus.write_read(address, b"\x01\x0f", 2) == MODEL else None


RECIPES: Mapping[int, tuple[Callable[[I2cBus, int], Identity | None], ...]] = {
    0x29: (_vl53,),
    0x44: (_sht4x, _sht3x),
    0x45: (_sht4x, _sht3x),
    0x46: (_sht4x,),
    0x5A: (_mlx90614,),
    0x76: (_bosch,),
    0x77: (_bosch,),
}
