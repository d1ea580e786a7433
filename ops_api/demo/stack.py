"""What the demo stands on: a private database and broker, upgraded and filled with a town."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import make_conninfo

from cityops.db.migrate import upgrade
from cityops.db.pool import connect
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_files import Access, ServiceUser
from cityops.embedded.postgres import EmbeddedPostgres
from cityops.runtime.stop import in_thread
from cityops.settings import Settings
from devices.contract.access import (
    ANYBODY_RIGHTS,
    DEVICE_RIGHTS,
    FLEET_RIGHTS,
    INGEST_RIGHTS,
    LORAWAN_RIGHTS,
    STA_RIGHTS,
)
from devices.registry import Registry
from ingest.registry_store import store_registry
from ops_api.web_login import make_web_login
from ops_api.wiring import kinds_of, reading_tables

INGEST_USER, STA_USER, LORAWAN_USER, FLEET_USER = "ingest", "sta", "lorawan", "fleet"
WEB_LOGIN = "cityops_web"


@dataclass
class Stack:
    """The running servers and their credentials.

    Attributes:
        credentials: broker password by device.
        environment: settings of services on this stack.
        lorawan_password: of the simulated LoRaWAN server at the broker.
    """

    postgres: EmbeddedPostgres
    mosquitto: EmbeddedMosquitto
    credentials: dict[str, str]
    environment: dict[str, str] = field(default_factory=dict)
    lorawan_password: str = field(default="", repr=False)

    @property
    def dsn(self) -> str:
        """Connection string of the database."""
        return self.postgres.dsn

    async def keep(self, say: Callable[[str], None]) -> None:
        """Start the broker again where it ended by itself, and say so."""
        if await in_thread(self.mosquitto.revive):
            say("  the broker had ended by itself and runs again")

    async def stop(self) -> None:
        """Stop both servers."""
        await asyncio.gather(asyncio.to_thread(self.mosquitto.stop), asyncio.to_thread(self.postgres.stop))


def clear(folder: Path) -> None:
    """Forget an earlier demo's readings and messages; the database programs stay.

    Only folders that the demo itself made are removed.
    """
    for name in ("postgres-18/data", "broker", "devices", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for spool in folder.glob("lorawan-spool.sqlite*"):  # of sources that this database does not have
        spool.unlink(missing_ok=True)


async def start_stack(
    folder: Path, registry: Registry, settings: Settings, *,
    database: EmbeddedPostgres | None = None, at_first: Registry | None = None,
) -> Stack:  # fmt: skip
    """Start database and broker in ``folder`` and put ``registry`` into the database.

    Each device gets a random password and may use its own topics only. ``database`` is a server
    with other options than the usual ones, in the same folder; ``at_first`` what is put into it for
    now, where that is less than all.
    """
    credentials = {device.name: secrets.token_urlsafe(16) for device in registry.devices}
    ingest_password, sta_password, lorawan_password, fleet_password = (
        secrets.token_urlsafe(24) for _ in range(4)
    )
    access = Access(
        devices=credentials,
        device_rights=DEVICE_RIGHTS,
        services={
            INGEST_USER: ServiceUser(ingest_password, INGEST_RIGHTS),
            STA_USER: ServiceUser(sta_password, STA_RIGHTS),
            LORAWAN_USER: ServiceUser(lorawan_password, LORAWAN_RIGHTS),
            FLEET_USER: ServiceUser(fleet_password, FLEET_RIGHTS),
        },
        anybody_rights=ANYBODY_RIGHTS,
    )
    broker = EmbeddedMosquitto(folder, access=access, anybody_port=settings.sta.mqtt_port)
    stack = Stack(
        database or EmbeddedPostgres(folder), broker, credentials, lorawan_password=lorawan_password
    )
    try:
        await _start_both(stack)
        web = make_conninfo(stack.dsn, user=WEB_LOGIN, password=secrets.token_urlsafe(24))
        await _fill(stack.dsn, at_first or registry, settings, web)
    except BaseException:
        await stack.stop()
        raise
    stack.environment = {
        "CITYOPS_DB__DSN": stack.dsn,
        "CITYOPS_API__DSN": web,
        "CITYOPS_MQTT__HOST": stack.mosquitto.host,
        "CITYOPS_MQTT__PORT": str(stack.mosquitto.service_port),
        "CITYOPS_PROVISIONING__HOST": stack.mosquitto.host,  # where a device that is claimed by hand connects
        "CITYOPS_PROVISIONING__PORT": str(stack.mosquitto.port),
        "CITYOPS_MQTT__USERNAME": INGEST_USER,
        "CITYOPS_MQTT__PASSWORD": ingest_password,
        "CITYOPS_STA__MQTT_USERNAME": STA_USER,
        "CITYOPS_STA__MQTT_PASSWORD": sta_password,
        "CITYOPS_FLEET__MQTT_USERNAME": FLEET_USER,
        "CITYOPS_FLEET__MQTT_PASSWORD": fleet_password,
        "CITYOPS_DATA_DIR": str(folder),
    }
    if settings.sta.mqtt_port:
        stack.environment["CITYOPS_STA__MQTT_URL"] = f"mqtt://{stack.mosquitto.host}:{settings.sta.mqtt_port}"
    return stack


async def _start_both(stack: Stack) -> None:
    """Start both servers; where one fails, the other has come to rest before the error is raised."""
    ended = await asyncio.gather(
        in_thread(stack.postgres.start, interrupt=stack.postgres.stop),
        in_thread(stack.mosquitto.start),
        return_exceptions=True,
    )
    for failure in ended:
        if failure is not None:
            raise failure


async def _fill(dsn: str, registry: Registry, settings: Settings, web: str) -> None:
    async with await connect(dsn, application_name="cityops demo") as conn:
        await upgrade(conn, reading_tables(kinds_of(settings)))
        await make_web_login(conn, web)
        await store_registry(conn, registry)
