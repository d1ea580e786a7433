"""Composition of provisioning: from settings to who takes claims, the device manager's desk, and who keeps the broker's logins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry

from cityops.db.notify import listen
from cityops.db.pool import connect
from cityops.embedded.mosquitto import PID_FILE
from cityops.errors import ConfigurationError
from cityops.runtime.health import HealthServer
from cityops.runtime.supervisor import Service
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.provisioning.brokers.dynamic_security import DynamicSecurity
from ops_api.provisioning.brokers.password_file import (
    WATCHED_WITHIN_S,
    PasswordFile,
    RevocationFile,
    reload_by_pid,
    reload_by_watcher,
)
from ops_api.provisioning.brokers.service_login import ServiceLogin, take_over
from ops_api.provisioning.claiming import Claiming, Meeting
from ops_api.provisioning.desk import DeviceDesk
from ops_api.provisioning.door import DeviceDoor, Safety
from ops_api.provisioning.keeping import Keeper
from ops_api.provisioning.ports import BrokerAccess
from ops_api.provisioning.signing import DeviceAuthority
from ops_api.queries import Db, OneConnection, Pool
from ops_api.queries.as_role import RoleDb
from ops_api.wiring import kinds_of

CHANNEL = "cityops_devices"
PRIVATE_BROKER = "broker"
"""Folder of the private broker in the data folder (cityops/embedded/mosquitto.py)."""


def device_door(settings: Settings, pool: Pool) -> DeviceDoor:
    """Return what the website's routes about devices' identities are given, on the accounts' role.

    Raises:
        ConfigurationError: a file that the settings name can't be read.
    """
    db = RoleDb(Db(pool), "cityops_identity")
    given = settings.provisioning
    return DeviceDoor(
        desk=device_desk(settings, db),
        claiming=Claiming(db, meeting(settings), _authority(settings)),
        safety=Safety(given.contact, given.support_until),
    )


def device_desk(settings: Settings, db: Db) -> DeviceDesk:
    """Return the device manager's desk."""
    return DeviceDesk(db, dict(kinds_of(settings)), timedelta(days=settings.provisioning.label_days))


def meeting(settings: Settings) -> Meeting:
    """Return where devices are told to connect."""
    given = settings.provisioning
    if given.broker_ca is None:
        return Meeting(given.host or settings.mqtt.host, given.port)
    return Meeting(given.host or settings.mqtt.host, given.port, _text(given.broker_ca, "broker_ca"))


def broker_access(settings: Settings) -> BrokerAccess | None:
    """Return who changes the broker's logins; None where nobody of ours does.

    Raises:
        ConfigurationError: what the settings name does not fit together.
    """
    given = settings.provisioning
    path, pid = _files(settings)
    if path is None:
        if given.dynamic_security:
            raise ConfigurationError(
                "provisioning.dynamic_security needs provisioning.login_file: passwords are in that file, as hashes"
            )
        return None
    login = _service_login(settings)
    authority = _authority(settings)
    file = PasswordFile(
        path,
        _watched(waits=login is not None) if pid is None else reload_by_pid(pid),
        None if login is None else lambda device: take_over(login, device),
        None
        if authority is None or given.revocations is None
        else RevocationFile(given.revocations, authority),
    )
    if not given.dynamic_security:
        return file
    if login is None:
        raise ConfigurationError("provisioning.dynamic_security needs provisioning.password")
    return DynamicSecurity(file, login)


def _watched(*, waits: bool) -> Callable[[], None]:
    """Return what leaves the reload to the watcher; who ends sessions then waits for it."""
    return partial(reload_by_watcher, WATCHED_WITHIN_S if waits else 0.0)


def _files(settings: Settings) -> tuple[Path | None, Path | None]:
    given = settings.provisioning
    if given.login_file is not None:
        return given.login_file, given.broker_pid
    private = settings.data_dir / PRIVATE_BROKER
    if (private / "passwords").exists() and (private / PID_FILE).exists():
        return private / "passwords", private / PID_FILE
    return None, None


def _service_login(settings: Settings) -> ServiceLogin | None:
    given = settings.provisioning
    if given.password is None:
        return None
    return ServiceLogin(
        host=settings.mqtt.host,
        port=settings.mqtt.port,
        username=given.username,
        password=given.password.get_secret_value(),
        tls_ca=settings.mqtt.tls_ca,
    )


def _authority(settings: Settings) -> DeviceAuthority | None:
    given = settings.provisioning
    if given.ca_cert is None or given.ca_key is None:
        return None
    return DeviceAuthority(given.ca_cert, given.ca_key)


def _text(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"provisioning.{name} {path} can't be read: {e}") from e


def device_keeper(settings: Settings, dsn: str, changed: Callable[[], None]) -> Keeper:
    """Return the service that keeps the broker's logins and looks for copied identities; ``changed``: see :class:`Keeper`.

    Raises:
        ConfigurationError: what the settings name does not fit together.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[Db, DeviceDesk]]:
        async with await connect(dsn, application_name="cityops-device-keeper", autocommit=False) as conn:
            db = Db(OneConnection(conn))
            yield db, device_desk(settings, db)

    return Keeper(
        opened, broker_access(settings), lambda: listen(dsn, CHANNEL), changed, adopt=adopts(settings)
    )


def adopts(settings: Settings) -> bool:
    """Whether logins that only the broker knows are taken over: where it is the council's own, and not a private one."""
    return settings.provisioning.login_file is not None


def keeper_alone(settings: Settings) -> dict[str, Service]:
    """Return the services of `cityops devices keep`: the keeper, and its health pages where a port is set.

    Raises:
        ConfigurationError: no database, or no logins to keep.
    """
    if broker_access(settings) is None:
        raise ConfigurationError("set CITYOPS_PROVISIONING__LOGIN_FILE to the broker's password file")
    keeper = device_keeper(settings, database(settings), lambda: None)
    services: dict[str, Service] = {"device keeper": keeper}
    port = settings.provisioning.health_port
    if port != 0:
        services["device keeper health"] = HealthServer(
            port, keeper.ready, CollectorRegistry(), settings.health_host
        )
    return services


@dataclass(frozen=True, slots=True)
class DeviceCommands:
    """What ``cityops devices`` is given."""

    db: Db
    desk: DeviceDesk
    access: BrokerAccess | None
    settings: Settings


@asynccontextmanager
async def devices_of(settings: Settings) -> AsyncIterator[DeviceCommands]:
    """Lend the desk on the settings' database (or the embedded one that runs), and the broker's logins.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    dsn = database(settings)
    async with await connect(dsn, application_name="cityops-devices", autocommit=False) as conn:
        db = Db(OneConnection(conn))
        yield DeviceCommands(db, device_desk(settings, db), broker_access(settings), settings)
