"""The settings of the whole product: one frozen tree, built once, passed down.

Sources, the first wins: arguments, environment (``CITYOPS_`` + path joined by ``__``), files in
``/run/secrets`` (or where ``CITYOPS_SECRETS_DIR`` or systemd says) of the same names, the TOML file named by ``CITYOPS_CONFIG``, defaults. Thresholds of
rules are no settings: they are versioned in ``rules/catalogue``.

Only a composition root calls :func:`load_settings`; everyone else is given the group that it needs.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from cityops.errors import ConfigurationError
from cityops.paths import default_data_dir
from cityops.settings_api import ApiSettings as ApiSettings
from cityops.settings_backup import BackupSettings
from cityops.settings_bin_days import BinDaysSettings
from cityops.settings_check import (
    CONFIG_VARIABLE,
    ENV_PREFIX,
    NESTED,
    SECRETS_VARIABLE,
    describe,
    refuse_unknown_variables,
    secrets_folder,
)
from cityops.settings_crew import CrewSettings
from cityops.settings_grafana import GrafanaSettings
from cityops.settings_group import LAST_PORT, Group, HomePath, Port
from cityops.settings_housing import HousingSettings
from cityops.settings_identity import IdentitySettings
from cityops.settings_lorawan import LorawanSettings
from cityops.settings_notify import NotifySettings as NotifySettings
from cityops.settings_open import OpenSettings
from cityops.settings_ops import OpsSettings
from cityops.settings_retention import RetentionSettings
from cityops.settings_rounds import RoundsSettings
from cityops.settings_sta import StaSettings
from cityops.settings_tracing import TracingSettings
from cityops.settings_winter import WinterSettings

RECEIVE_MAXIMUM_LIMIT = 65535
"""Largest Receive Maximum of MQTT 5 (section 3.1.2.11.3)."""


class MqttSettings(Group):
    """The broker that devices and services meet at."""

    host: str = "127.0.0.1"
    """Host name or address of the broker."""
    port: Port = 1883
    """TCP port of the broker (8883 is usual with TLS)."""
    username: str | None = None
    """User name; none connects anonymously."""
    password: SecretStr | None = None
    """Password of that user."""
    tls_ca: HomePath | None = None
    """PEM file of the authority that signed the broker's certificate; given, TLS is used."""
    keepalive_s: int = Field(default=30, ge=5, le=65535)
    """Keep-alive interval in seconds."""

    @model_validator(mode="after")
    def _password_needs_user(self) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("mqtt.password is given without mqtt.username; give both or neither")
        return self


class DbSettings(Group):
    """The PostgreSQL or TimescaleDB database."""

    dsn: str = Field(default="", repr=False)
    """Connection string (`postgresql://user:password@host:port/name`); empty starts the embedded
    PostgreSQL where the command allows it."""
    pool_min: int = Field(default=1, ge=0)
    """Connections that a service keeps open."""
    pool_max: int = Field(default=4, ge=1)
    """Connections that a service may open at most."""
    connect_timeout_s: float = Field(default=10.0, gt=0)
    """Seconds to wait for the database when a service starts."""

    @model_validator(mode="after")
    def _pool_order(self) -> Self:
        if self.pool_min > self.pool_max:
            raise ValueError(f"db.pool_min ({self.pool_min}) must not exceed db.pool_max ({self.pool_max})")
        return self


class IngestSettings(Group):
    """Broker to database."""

    batch_rows: int = Field(default=2000, ge=1)
    """Messages in a batch at most."""
    batch_age_s: float = Field(default=0.1, gt=0)
    """Seconds after which a batch is stored even if it is not full."""
    batches_in_flight: int = Field(default=2, ge=1)
    """Batches a session may hold unacknowledged: the only buffer there is."""
    shards: str = "0-15"
    """Shards to serve: numbers and ranges, e.g. `0-7,12`. Workers with the same list share them evenly,
    on however many hosts; lists that differ should not overlap."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that `cityops ingest` starts and keeps running."""
    lease_s: float = Field(default=10.0, ge=1, le=600)
    """Seconds of silence towards the database after which a worker's shards go to the others."""
    client_prefix: str = Field(default="ing", pattern=r"^[a-z0-9][a-z0-9-]*$")
    """Start of the MQTT client ids; the shard's two hex digits follow."""
    health_port: Port = 0
    """Port of /healthz, /readyz and /metrics; 0 serves none. With several workers it answers for all, and
    the ports that follow for one each."""
    dead_letters_per_hour: int = Field(default=60, ge=1)
    """Dead letters that are kept of one device, hour after hour. What is over is not kept, but counted by
    device, reason and hour. At 60 a device that reports once a minute is never limited."""
    dead_letters_burst: int = Field(default=500, ge=1)
    """Dead letters that are kept of one device at once: a bad backlog."""
    dead_letter_kib_per_hour: int = Field(default=128, ge=1)
    """KiB of payload that are kept of one device's dead letters, hour after hour."""
    dead_letter_kib_burst: int = Field(default=2048, ge=64)
    """KiB of payload that are kept of one device's dead letters at once."""
    dead_letter_strangers: int = Field(default=10, ge=1)
    """All unregistered names of a shard share one allowance: so many times that of a device."""
    dead_letter_days: int = Field(default=90, ge=1)
    """Days after which dead letters go, and the counts of those not kept: some are a household's."""

    @property
    def receive_maximum(self) -> int:
        """Receive Maximum that each session announces to the broker [messages]."""
        return self.batch_rows * self.batches_in_flight

    @property
    def shard_numbers(self) -> tuple[int, ...]:
        """The shards as sorted numbers."""
        return parse_shards(self.shards)

    @field_validator("shards")
    @classmethod
    def _shards_readable(cls, value: str) -> str:
        parse_shards(value)
        return value

    @model_validator(mode="after")
    def _fits_mqtt(self) -> Self:
        if self.receive_maximum > RECEIVE_MAXIMUM_LIMIT:
            raise ValueError(
                f"ingest.batch_rows x ingest.batches_in_flight is {self.receive_maximum}; MQTT 5 allows "
                f"at most {RECEIVE_MAXIMUM_LIMIT} messages in flight"
            )
        return self

    @model_validator(mode="after")
    def _ports_suffice(self) -> Self:
        if self.workers > 1 and self.health_port != 0 and self.health_port + self.workers > LAST_PORT:
            raise ValueError(
                f"ingest.health_port {self.health_port} leaves no {self.workers} ports after it for "
                f"ingest.workers; it must be at most {LAST_PORT - self.workers}"
            )
        return self


class RulesSettings(Group):
    """Readings to decisions."""

    poll_s: float = Field(default=1.0, gt=0)
    """Seconds between looks for new batches when no notification came."""
    batch_limit: int = Field(default=200, ge=1)
    """Batches taken in one step at most."""
    lateness_s: float = Field(default=60.0, ge=0)
    """Seconds that a reading waits for those measured before it and still on their way: within
    them the order of arrival decides nothing. Fire in a bin does not wait."""
    health_port: Port = 0
    """Port of /healthz, /readyz and /metrics; 0 serves none."""
    road_forecast: bool = True
    """Whether road forecasts are made in this process. Where none ever was, decisions are by the sensors' own trend."""
    weather_most_km: float = Field(default=50.0, gt=0)
    """A weather forecast for a place farther from the middle of the roads is not used [km]."""
    weather_sources: str = "*,open-meteo"
    """Whose weather forecasts are used first: names of sources in their order, with commas; * is all others."""


class SimSettings(Group):
    """The simulated town."""

    scenario: str = "frost_night"
    """Name of a file in firmware_sim/scenarios, or a path to one."""
    seed: int = 1
    """Seed of everything random in the simulation."""
    speed: float = Field(default=1.0, gt=0)
    """Simulated seconds per second, until the simulated clock has caught up with the wall clock."""
    homes: int = Field(default=300, ge=0)
    """Frog boxes."""
    road_sensors: int = Field(default=60, ge=0)
    """Road sensors."""
    weather_stations: int = Field(default=4, ge=0)
    """Weather stations."""
    bins: int = Field(default=400, ge=0)
    """Bin sensors."""
    gritters: int = Field(default=6, ge=0)
    """Gritting lorries."""
    lorries: int = Field(default=3, ge=0)
    """Lorries that empty bins; without any, bins are emptied in an instant."""


class LogSettings(Group):
    """What is logged to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level that is written."""
    format: Literal["auto", "human", "json"] = "auto"
    """`auto` is human on a terminal and JSON otherwise."""


class Settings(BaseSettings):
    """Everything that an installation may set."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter=NESTED,
        env_ignore_empty=True,
        secrets_dir="/run/secrets",
        secrets_dir_missing="ok",
        secrets_nested_delimiter=NESTED,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    mqtt: MqttSettings = MqttSettings()
    db: DbSettings = DbSettings()
    ingest: IngestSettings = IngestSettings()
    rules: RulesSettings = RulesSettings()
    api: ApiSettings = ApiSettings()
    housing: HousingSettings = HousingSettings()
    winter: WinterSettings = WinterSettings()
    bin_days: BinDaysSettings = BinDaysSettings()
    rounds: RoundsSettings = RoundsSettings()
    crew: CrewSettings = CrewSettings()
    grafana: GrafanaSettings = GrafanaSettings()
    ops: OpsSettings = OpsSettings()
    identity: IdentitySettings = IdentitySettings()
    sta: StaSettings = StaSettings()
    open: OpenSettings = OpenSettings()
    lorawan: LorawanSettings = LorawanSettings()
    sim: SimSettings = SimSettings()
    log: LogSettings = LogSettings()
    notify: NotifySettings = NotifySettings()
    retention: RetentionSettings = RetentionSettings()
    backup: BackupSettings = BackupSettings()
    tracing: TracingSettings = TracingSettings()
    data_dir: HomePath = Field(default_factory=default_data_dir)
    """Folder of the embedded database, broker and simulated devices; by default
    `~/.local/share/cityops`, for root `/var/lib/cityops`."""
    health_host: str = "127.0.0.1"
    """Address that `/healthz`, `/readyz` and `/metrics` of ingester, rules and notifier listen on, where their `health_port` is set;
    `0.0.0.0` in a container, where probes and Prometheus come from outside. They have no password."""
    kinds_dir: HomePath | None = None
    """Folder with further kinds of device, one Python file each."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence (no ``.env`` file: it surprises)."""
        config = os.environ.get(CONFIG_VARIABLE)
        return (
            init_settings,
            env_settings,
            NestedSecretsSettingsSource(file_secret_settings, secrets_dir=secrets_folder(os.environ)),
            TomlConfigSettingsSource(settings_cls, Path(config) if config else None),
        )


def parse_shards(text: str) -> tuple[int, ...]:
    """Return the shards of ``0-7,12`` as sorted numbers 0..255.

    Raises:
        ValueError: where the text is not such a list or names none.
    """
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or not (last if dash else first).isdecimal():
            raise ValueError(f"shards {text!r}: use numbers and ranges such as 0-7,12")
        numbers.update(range(int(first), int(last or first) + 1))
    if not numbers or max(numbers) > 255:
        raise ValueError(f"shards {text!r}: at least one shard, each from 0 to 255")
    return tuple(sorted(numbers))


def load_settings(**overrides: Any) -> Settings:
    """Return the effective settings.

    Args:
        overrides: values that win over every source, nested as the tree is:
            ``load_settings(db={"dsn": "..."}, data_dir="/srv/cityops")``.

    Raises:
        ConfigurationError: naming each setting that is wrong, its source and what is allowed.
    """
    config = os.environ.get(CONFIG_VARIABLE)
    folder = os.environ.get(SECRETS_VARIABLE)
    if folder and not Path(folder).is_dir():
        raise ConfigurationError(f"{SECRETS_VARIABLE}={folder}: no such folder")
    if config and not Path(config).is_file():
        raise ConfigurationError(f"{CONFIG_VARIABLE}={config}: no such file")
    refuse_unknown_variables(Settings, os.environ)
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError(describe(error, os.environ)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{CONFIG_VARIABLE}={config} is no TOML file: {error}") from error
    except (SettingsError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"settings: {error}") from error
