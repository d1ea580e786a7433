"""The configuration of a real device: one TOML file.

::

    [device]
    name = "frog-0001"          # user name and client id at the broker
    kind = "frog"
    cadence_s = 300
    data_dir = "/var/lib/cityops-agent"

    [broker]
    host = "mqtt.council.example"
    port = 8883
    password_file = "/etc/cityops-agent/password"
    tls_ca = "/etc/cityops-agent/ca.pem"

    [[sensors]]
    driver = "sht4x"

    [[sensors]]
    driver = "ds18b20"
    rom = "28-0316a2798fff"
    field = "wall_temperature_c"

A frog's page, button and eyes: :mod:`devices.agent.frog_config`. The household's Home Assistant: ``[home_assistant]``
with ``host``, and what their broker asks for (docs/open-data.md).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from cityops.errors import ConfigurationError
from devices.agent.broker import BrokerAddress
from devices.agent.credential import PasswordFiles
from devices.agent.frog_config import ButtonSection, EyesSection, PageSection, check_frog
from devices.contract.home_assistant import PREFIX, is_prefix
from devices.contract.kind import discover
from devices.contract.topics import SHARDS, is_device_name, shard_of

T = TypeVar("T")


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that is not known is an error, not silence."""


class DeviceSection(_Strict, frozen=True):
    """Who the device is. ``shard`` is the one given at registration, else by the name."""

    name: str
    kind: str
    data_dir: str
    cadence_s: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | None = None
    shard: Annotated[int, msgspec.Meta(ge=0, lt=SHARDS)] | None = None


class BrokerSection(_Strict, frozen=True):
    """Where it connects. ``username`` is the device's name where it is left out."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    username: str | None = None
    password_file: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    keepalive_s: Annotated[int, msgspec.Meta(ge=5, le=65_535)] = 60


class Sht4xSection(_Strict, frozen=True, tag_field="driver", tag="sht4x"):
    """An SHT4x on I²C bus ``bus``."""

    bus: int = 1
    address: Annotated[int, msgspec.Meta(ge=0x08, le=0x77)] = 0x44


class Ds18b20Section(_Strict, frozen=True, tag_field="driver", tag="ds18b20"):
    """A DS18B20 probe."""

    rom: Annotated[str, msgspec.Meta(pattern=r"^28-[0-9a-f]{12}$")]
    field: str = "wall_temperature_c"


class HomeAssistantSection(_Strict, frozen=True):
    """The household's own broker; ``enabled = false`` takes the device out of their Home Assistant again."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    username: str | None = None
    password_file: str | None = None
    tls_ca: str | None = None
    name: str = ""
    prefix: str = PREFIX
    enabled: bool = True

    def address(self) -> BrokerAddress:
        """Return where and as whom to connect; ConfigurationError without the password file."""
        return BrokerAddress(
            host=self.host,
            port=self.port,
            username=self.username,
            password=_secret(self.password_file, "home_assistant") if self.password_file else None,
            tls_ca=Path(self.tls_ca) if self.tls_ca else None,
            will_delay_s=10,
        )


class ServerSection(_Strict, frozen=True):
    """Where the device rotates its credential; written by ``cityops-agent claim``.

    ``rotate_days`` is the age at which a password is made anew by itself; 0: never.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/]+$")]
    ca: str | None = None
    rotate_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 180


class AgentConfig(_Strict, frozen=True):
    """The whole file."""

    device: DeviceSection
    broker: BrokerSection
    sensors: tuple[Sht4xSection | Ds18b20Section, ...]
    page: PageSection | None = None
    button: ButtonSection | None = None
    eyes: EyesSection | None = None
    home_assistant: HomeAssistantSection | None = None
    server: ServerSection | None = None

    @property
    def shard(self) -> int:
        """The device's shard."""
        return self.device.shard if self.device.shard is not None else shard_of(self.device.name)

    def address(self) -> BrokerAddress:
        """Return where and as whom to connect; ConfigurationError without the password file."""
        b = self.broker
        return BrokerAddress(
            host=b.host,
            port=b.port,
            username=b.username or (self.device.name if b.password_file else None),
            password=_secret(b.password_file) if b.password_file else None,
            credential=PasswordFiles(Path(b.password_file)) if b.password_file else None,
            tls_ca=Path(b.tls_ca) if b.tls_ca else None,
            tls_cert=Path(b.tls_cert) if b.tls_cert else None,
            tls_key=Path(b.tls_key) if b.tls_key else None,
            keepalive_s=b.keepalive_s,
        )


def load_config(path: Path) -> AgentConfig:
    """Return the configuration in ``path``.

    Raises:
        ConfigurationError: naming the field, its value and what is allowed.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"{path} is no TOML: {e}") from e
    config = _convert(raw, AgentConfig, path)
    _check(config, path)
    return config


def _convert(raw: dict[str, Any], to: type[T], path: Path) -> T:
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError as e:
        raise ConfigurationError(f"{path}: {e}") from e


def _check(config: AgentConfig, path: Path) -> None:
    kinds = discover()
    if config.device.kind not in kinds:
        raise ConfigurationError(
            f"{path}: device.kind {config.device.kind!r} does not exist; there are {', '.join(kinds)}"
        )
    if not is_device_name(config.device.name):
        raise ConfigurationError(
            f"{path}: device.name {config.device.name!r}: lower case letters, digits and hyphens, at most 63"
        )
    if not config.sensors:
        raise ConfigurationError(f"{path}: no sensors; add at least one [[sensors]]")
    fields = kinds[config.device.kind].by_name
    for sensor in config.sensors:
        if isinstance(sensor, Ds18b20Section) and sensor.field not in fields:
            raise ConfigurationError(
                f"{path}: sensors.field {sensor.field!r} is no field of kind {config.device.kind}; "
                f"there are {', '.join(fields)}"
            )
    home = config.home_assistant
    if home is not None and not is_prefix(home.prefix):
        raise ConfigurationError(
            f"{path}: home_assistant.prefix {home.prefix!r}: letters, digits, _ and -, with / between"
        )
    try:
        check_frog(config.device.kind, config.page, config.button, config.eyes)
    except ConfigurationError as e:
        raise ConfigurationError(f"{path}: {e}") from e


def _secret(path: str, section: str = "broker") -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as e:
        raise ConfigurationError(f"{section}.password_file {path} can't be read: {e.strerror}") from e
