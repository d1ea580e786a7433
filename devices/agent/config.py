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

Every driver and its settings: :mod:`devices.agent.sensor_sections`. A frog's page, button and eyes: :mod:`devices.agent.frog_config`. The household's Home Assistant: ``[home_assistant]``
with ``host``, and what their broker asks for (docs/open-data.md). Updates over the air: :mod:`devices.agent.update.section`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from cityops.errors import ConfigurationError
from devices.agent.broker import BrokerAddress, is_this_machine
from devices.agent.config_faults import faults, listed
from devices.agent.credential import PasswordFiles
from devices.agent.frog_config import ButtonSection, EyesSection, PageSection, frog_faults
from devices.agent.sensor_check import sensor_faults
from devices.agent.sensor_sections import AnySection, Section
from devices.agent.update.section import UpdateSection, update_faults
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
    """Where it connects. ``username`` is the device's name where it is left out.

    ``plain`` allows another machine to be spoken to without TLS: for a bench, not for a home.
    """

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    username: str | None = None
    password_file: str | None = None
    tls_ca: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    keepalive_s: Annotated[int, msgspec.Meta(ge=5, le=65_535)] = 60
    plain: bool = False


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

    ``rotate_days`` is the age at which the credential is made anew by itself; 0: a password never, a certificate
    before its end only.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/]+$")]
    ca: str | None = None
    rotate_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 180


class AgentConfig(_Strict, frozen=True):
    """The whole file."""

    device: DeviceSection
    broker: BrokerSection
    sensors: tuple[AnySection, ...]
    page: PageSection | None = None
    button: ButtonSection | None = None
    eyes: EyesSection | None = None
    home_assistant: HomeAssistantSection | None = None
    server: ServerSection | None = None
    update: UpdateSection | None = None

    @property
    def shard(self) -> int:
        """The device's shard."""
        return self.device.shard if self.device.shard is not None else shard_of(self.device.name)

    @property
    def is_frog(self) -> bool:
        """Whether it has a page, a button or eyes."""
        serves = self.page is not None and self.page.enabled
        return serves or self.button is not None or self.eyes is not None

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
            plain=b.plain,
        )


def load_config(path: Path) -> AgentConfig:
    """Return the configuration in ``path``.

    Raises:
        ConfigurationError: naming each field that is wrong, its value and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{path} is no TOML: {e}") from e
    return config_of(text, path)


def config_of(text: str, path: Path) -> AgentConfig:
    """Return the configuration that ``text`` is, which is in ``path`` or is to be; raises as :func:`load_config`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigurationError(f"{path} is no TOML: {e}") from e
    found = [*faults(raw, AgentConfig), *_semantic(_sound(raw))]
    if found:
        raise ConfigurationError(listed(str(path), found))
    return _convert(raw, AgentConfig, path)


def _convert(raw: dict[str, Any], to: type[T], path: Path) -> T:
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError as e:
        raise ConfigurationError(f"{path}: {e}") from e


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sound:
    """What of a file is right by its types, each by itself; None where it is not, or is not there."""

    name: str | None
    kind: str | None
    broker: BrokerSection | None
    sensors: tuple[Section | None, ...] | None
    page: PageSection | None
    button: ButtonSection | None
    eyes: EyesSection | None
    home_assistant: HomeAssistantSection | None
    update: UpdateSection | None


def _sound(raw: Mapping[str, Any]) -> _Sound:
    device = _right(raw.get("device"), dict[str, object]) or {}
    sensors = _right(raw.get("sensors"), list[object])
    return _Sound(
        name=_right(device.get("name"), str),
        kind=_right(device.get("kind"), str),
        broker=_right(raw.get("broker"), BrokerSection),
        sensors=None if sensors is None else tuple(_right(sensor, AnySection) for sensor in sensors),
        page=_right(raw.get("page"), PageSection),
        button=_right(raw.get("button"), ButtonSection),
        eyes=_right(raw.get("eyes"), EyesSection),
        home_assistant=_right(raw.get("home_assistant"), HomeAssistantSection),
        update=_right(raw.get("update"), UpdateSection),
    )


def _right(raw: object, to: Any) -> Any:
    """Return ``raw`` as a value of the type ``to``, None where it is none."""
    try:
        return msgspec.convert(raw, to)
    except msgspec.ValidationError:
        return None


def _semantic(sound: _Sound) -> Iterator[str]:
    """Yield what types can't say."""
    kinds = discover()
    kind = kinds.get(sound.kind or "")
    if sound.kind is not None and kind is None:
        yield f"device.kind {sound.kind!r} does not exist; there are {', '.join(kinds)}"
    if sound.name is not None and not is_device_name(sound.name):
        yield f"device.name {sound.name!r}: lower case letters, digits and hyphens, at most 63"
    if sound.broker is not None:
        yield from _broker_faults(sound.broker)
    if sound.sensors == ():
        yield "no sensors; add at least one [[sensors]]"
    elif sound.sensors is not None and kind is not None:
        pins = {"button.pin": sound.button, "eyes.pin": sound.eyes}
        taken = {section.pin: name for name, section in pins.items() if section is not None}
        yield from sensor_faults(sound.sensors, kind, taken)
    home = sound.home_assistant
    if home is not None and not is_prefix(home.prefix):
        yield f"home_assistant.prefix {home.prefix!r}: letters, digits, _ and -, with / between"
    yield from frog_faults(sound.kind, sound.page, sound.button, sound.eyes)
    yield from update_faults(sound.update)


def _broker_faults(broker: BrokerSection) -> Iterator[str]:
    if broker.tls_ca is None and not broker.plain and not is_this_machine(broker.host):
        yield (
            f"broker.host {broker.host!r} is another machine and broker.tls_ca is missing: the password would go in"
            " the clear; give the authority's file, or on a bench plain = true"
        )
    if broker.tls_cert is not None and broker.tls_ca is None:
        yield "broker.tls_cert without broker.tls_ca: a certificate is shown over TLS alone"


def _secret(path: str, section: str = "broker") -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as e:
        raise ConfigurationError(f"{section}.password_file {path} can't be read: {e.strerror}") from e
