"""Composition of incidents: the service beside the rules, the desk of pages and REST, the door of ``cityops incidents``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.db.transaction import Lender
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.housing.team_door import TeamDoor
from ops_api.incident_desk import IncidentDesk
from ops_api.queries import OneConnection
from rules.catalogue.incidents import LiveGrouping
from rules.catalogue.ports import CatalogueStore
from rules.incidents.handing import PostgresShift
from rules.incidents.service import IncidentMetrics, IncidentService
from rules.incidents.store import PostgresIncidents


def incident_service(
    pool: Lender, catalogues: CatalogueStore, registry: CollectorRegistry
) -> IncidentService:
    """Return what proposes incidents and keeps them up to date."""
    clock = SystemClock()
    return IncidentService(
        PostgresIncidents(pool), clock, LiveGrouping(catalogues, clock), metrics=IncidentMetrics(registry)
    )


def incident_desk(settings: Settings, pool: Lender) -> IncidentDesk:
    """Return what pages and REST are given."""
    password = settings.ops.password
    door = None if password is None else TeamDoor(password.get_secret_value(), "ops")
    return IncidentDesk(PostgresIncidents(pool), PostgresShift(pool), ZoneInfo(settings.api.time_zone), door)


@asynccontextmanager
async def incidents_of(settings: Settings) -> AsyncIterator[tuple[IncidentDesk, float]]:
    """Lend the desk on the settings' database (or the embedded one that runs), and the town's time.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-incidents"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        desk = incident_desk(settings, OneConnection(conn))
        yield desk, await PostgresIncidents(OneConnection(conn)).town_now_s(SystemClock().now().timestamp())
