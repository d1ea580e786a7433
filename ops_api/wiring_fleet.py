"""Composition of the fleet service, and of the desk at which settings of devices are changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import open_pool
from cityops.db.transaction import Lender
from cityops.runtime.health import HealthServer
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import Service, run_services
from cityops.settings import Settings
from devices.contract.kind import Kind
from ingest.fleet.asks import Asks, Job
from ingest.fleet.desk import FleetDesk
from ingest.fleet.mqtt import FleetAddress, connected
from ingest.fleet.service import FleetParts, FleetService
from ingest.fleet.store import PgFleet
from ingest.fleet.turn import one_at_a_time
from ingest.fleet.updates.desk import UpdatesDesk
from ingest.fleet.updates.store import PgUpdates
from ops_api.queries import Db
from ops_api.wiring import kinds_of, needs_dsn
from ops_api.wiring_notify import pool_of

HINTS = "cityops_fleet"
DEADLINE_S = 8.0


def fleet_desk(pool: Lender, kinds: Mapping[str, Kind], *, may_move: bool = False) -> FleetDesk:
    """Return the desk; ``may_move``: it may set which broker devices connect to."""
    return FleetDesk(PgFleet(pool), kinds, may_move)


def address_of(settings: Settings) -> FleetAddress:
    """Return where the service connects, and as whom."""
    own, mqtt = settings.fleet, settings.mqtt
    username, password = (
        (own.mqtt_username, own.mqtt_password) if own.mqtt_username else (mqtt.username or "", mqtt.password)
    )
    return FleetAddress(
        host=mqtt.host,
        port=mqtt.port,
        username=username,
        password="" if password is None else password.get_secret_value(),
        tls_ca=None if mqtt.tls_ca is None else str(mqtt.tls_ca),
        keepalive_s=mqtt.keepalive_s,
    )


def joined(pool: Lender, settings: Settings) -> tuple[Asks, tuple[Job, ...]]:
    """Return who answers what devices ask, and what is done at every look: other parts of the platform join here."""
    asks, updates = Asks(), UpdatesDesk(PgUpdates(pool), SystemClock())
    updates.join(asks)
    return asks, (updates.look,)


async def run_fleet(settings: Settings, stop: Stop) -> None:
    """Run the fleet service until ``stop``.

    Raises:
        ConfigurationError: no database is set, or the broker's authority can't be read.
        TransientError: the database does not answer at the start.
    """
    dsn, own = needs_dsn(settings), settings.fleet
    address, clock = address_of(settings), SystemClock()
    pool = await open_pool(settings.db, application_name="cityops-fleet")
    try:
        asks, jobs = joined(pool, settings)
        service = FleetService(
            FleetParts(
                book=PgFleet(pool),
                connect=lambda: connected(address),
                turn=lambda: one_at_a_time(dsn),
                kinds=kinds_of(settings),
                clock=clock,
                asks=asks,
                jobs=jobs,
                hints=lambda: listen(dsn, HINTS),
                per_s=own.per_s,
                poll_s=own.poll_s,
                confirm_within_s=own.confirm_within_s,
            )
        )
        services: dict[str, Service] = {"fleet": service}
        if own.health_port != 0:
            services["fleet health"] = HealthServer(
                own.health_port, service.ready, service.metrics.registry, settings.health_host
            )
        await run_services(services, stop, DEADLINE_S)
    finally:
        await pool.close()


@dataclass(frozen=True, slots=True)
class FleetDoor:
    """What commands about settings use: the desk, and where it is written down what they did."""

    desk: FleetDesk
    db: Db
    kinds: Mapping[str, Kind]


@asynccontextmanager
async def fleet_of(settings: Settings) -> AsyncIterator[FleetDoor]:
    """Lend the desk on the settings' database, or the embedded one that runs."""
    kinds = kinds_of(settings)
    async with pool_of(settings, "cityops-fleet-desk") as (pool, _):
        yield FleetDoor(fleet_desk(pool, kinds, may_move=True), Db(pool), kinds)
