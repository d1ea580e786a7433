"""The ``[[sensors]]`` of a configuration: one section per driver (docs/drivers.md). Checks: ``sensor_check``.

Each section says by ``GIVES`` what its driver measures, and which of a kind's fields that is where the
configuration does not say: the first one that the kind has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from devices.drivers.serial_port import SPEEDS

Address = Annotated[int, msgspec.Meta(ge=0x08, le=0x77)]
Pin = Annotated[int, msgspec.Meta(ge=0, le=27)]
_AIR = ("temperature_c", "air_temperature_c")


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every sensor has.

    ``bus``: an I²C bus of this machine, or ``unix:PATH``, simulated chips behind a socket. ``fields``: which field
    of the kind each value is; ``""`` leaves one out. ``gain``, ``offset``: its own error, by the driver's names.
    ``attempts``: tries for one reading, 3; 2 where each takes seconds. ``stuck_after``: so many identical reads are a fault; 0 never.
    ``check_steps``: whether a step that is too large for the time is refused.
    """

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    STUCK_AFTER: ClassVar[int] = 0
    ATTEMPTS: ClassVar[int] = 3
    REST_S: ClassVar[float] = 0.0

    bus: int | str = 1
    fields: dict[str, str] = {}
    gain: dict[str, float] = {}
    offset: dict[str, float] = {}
    attempts: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    stuck_after: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    check_steps: bool = True

    @property
    def driver(self) -> str:
        """The driver's name."""
        return str(self.__struct_config__.tag)

    @property
    def place(self) -> str:
        """Where the sensor is, for a person."""
        return ""

    @property
    def stuck_limit(self) -> int:
        """How many identical reads are a fault."""
        return self.STUCK_AFTER if self.stuck_after is None else self.stuck_after

    @property
    def tries(self) -> int:
        """How often to try for one reading."""
        return self.ATTEMPTS if self.attempts is None else self.attempts


class AirSection(Section, frozen=True):
    """What a sensor of a room's air has besides: the warmth of its own box [K]."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "temperature_c": _AIR,
        "humidity_pct": ("humidity_pct",),
    }

    self_heating_k: Annotated[float, msgspec.Meta(ge=0.0, le=15.0)] = 0.0
    self_heating_full_load_k: Annotated[float, msgspec.Meta(ge=0.0, le=25.0)] | None = None


class ShtSection(AirSection, frozen=True):
    """What Sensirion's chips have: a heater. ``dry_after_h``: hours near 100 % before it dries the chip."""

    STUCK_AFTER: ClassVar[int] = 20

    address: Address = 0x44
    dry_after_h: Annotated[float, msgspec.Meta(ge=1.0, le=168.0)] | None = None

    @property
    def place(self) -> str:
        """Its address."""
        return f"0x{self.address:02x}"


class Sht4xSection(ShtSection, frozen=True, tag_field="driver", tag="sht4x"):
    """An SHT40, SHT41 or SHT45."""


class Sht3xSection(ShtSection, frozen=True, tag_field="driver", tag="sht3x"):
    """An SHT30, SHT31 or SHT35."""


class Bme280Section(AirSection, frozen=True, tag_field="driver", tag="bme280"):
    """A BME280."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {**AirSection.GIVES, "pressure_hpa": ("pressure_hpa",)}
    STUCK_AFTER: ClassVar[int] = 20

    address: Address = 0x76

    @property
    def place(self) -> str:
        """Its address."""
        return f"0x{self.address:02x}"


class Dht22Section(AirSection, frozen=True, tag_field="driver", tag="dht22"):
    """A DHT22: read by the kernel as ``device``, or timed from Python on ``pin``. It rests 2 s between readings."""

    ATTEMPTS: ClassVar[int] = 2
    REST_S: ClassVar[float] = 2.0

    device: Annotated[str, msgspec.Meta(pattern=r"^iio:device[0-9]{1,3}$")] = "iio:device0"
    pin: Pin | None = None

    @property
    def place(self) -> str:
        """Its pin, or its name in the kernel."""
        return self.device if self.pin is None else f"GPIO {self.pin}"


class Ds18b20Section(Section, frozen=True, tag_field="driver", tag="ds18b20"):
    """A DS18B20 probe; its one value is ``field``."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {"temperature_c": ()}

    rom: Annotated[str, msgspec.Meta(pattern=r"^28-[0-9a-f]{12}$")]
    field: str = "wall_temperature_c"

    @property
    def place(self) -> str:
        """Its name on the bus."""
        return self.rom


class Mlx90614Section(Section, frozen=True, tag_field="driver", tag="mlx90614"):
    """An MLX90614 that looks at a surface of ``emissivity``; without it the chip's own setting counts."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "object_temperature_c": ("surface_temperature_c", "wall_temperature_c"),
        "ambient_temperature_c": (),
    }
    STUCK_AFTER: ClassVar[int] = 30

    address: Address = 0x5A
    emissivity: Annotated[float, msgspec.Meta(ge=0.1, le=1.0)] | None = None

    @property
    def place(self) -> str:
        """Its address."""
        return f"0x{self.address:02x}"


class Vl53l1xSection(Section, frozen=True, tag_field="driver", tag="vl53l1x"):
    """A VL53L1X."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {"distance_mm": ("distance_mm",)}
    STUCK_AFTER: ClassVar[int] = 60

    address: Address = 0x29

    @property
    def place(self) -> str:
        """Its address."""
        return f"0x{self.address:02x}"


class Hcsr04Section(Section, frozen=True, tag_field="driver", tag="hcsr04"):
    """An HC-SR04. The speed of sound is that at ``air_from``, another sensor's field, else at ``air_temperature_c``."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {"distance_mm": ("distance_mm",)}

    trigger: Pin
    echo: Pin
    samples: Annotated[int, msgspec.Meta(ge=1, le=15)] = 5
    air_temperature_c: Annotated[float, msgspec.Meta(ge=-40.0, le=80.0)] = 10.0
    air_from: str | None = None

    @property
    def place(self) -> str:
        """Its pins."""
        return f"GPIO {self.trigger}/{self.echo}"


class SerialSection(Section, frozen=True):
    """What sensors on a serial line have. Each try waits for seconds, so there are fewer."""

    ATTEMPTS: ClassVar[int] = 2

    port: Annotated[str, msgspec.Meta(pattern=r"^/dev/[A-Za-z0-9/_.:+-]+$")]
    baud: int = 9600

    @property
    def place(self) -> str:
        """Its line."""
        return self.port


class A02yyuwSection(SerialSection, frozen=True, tag_field="driver", tag="a02yyuw"):
    """An A02YYUW."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {"distance_mm": ("distance_mm",)}

    samples: Annotated[int, msgspec.Meta(ge=1, le=15)] = 3


class GpsSection(SerialSection, frozen=True, tag_field="driver", tag="gps"):
    """A GPS receiver; a fix with a larger HDOP than ``hdop_limit`` is refused."""

    GIVES: ClassVar[Mapping[str, tuple[str, ...]]] = {
        name: (name,) for name in ("latitude_deg", "longitude_deg", "speed_m_s")
    }

    hdop_limit: Annotated[float, msgspec.Meta(gt=0.0, le=50.0)] = 5.0


AnySection = (
    Sht3xSection | Sht4xSection | Bme280Section | Dht22Section | Ds18b20Section | Mlx90614Section
    | Vl53l1xSection | Hcsr04Section | A02yyuwSection | GpsSection
)  # fmt: skip
DRIVERS: Mapping[str, type[Section]] = {
    str(section.__struct_config__.tag): section for section in AnySection.__args__
}
BAUDS = SPEEDS
