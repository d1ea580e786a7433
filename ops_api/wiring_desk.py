"""Composition of what looks at alarms and works on them without the web: rows, the desk, the town's time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.settings import Settings
from devices.contract.kind import Kind
from ops_api.cli_db import database
from ops_api.queries import Db, OneConnection
from ops_api.queries.town import town_now
from ops_api.wiring import kinds_of
from rules.catalogue.escalations import LiveEscalations
from rules.catalogue.store import PostgresCatalogueStore
from rules.desk.ports import AlarmDesk
from rules.desk.store import PostgresDesk


@dataclass(frozen=True, slots=True)
class DeskDoor:
    """The desk for a command: rows, commands, the town's time, its zone, and the kinds of device."""

    db: Db
    desk: AlarmDesk
    now: datetime
    zone: ZoneInfo
    kinds: Mapping[str, Kind]


@asynccontextmanager
async def desk_of(settings: Settings) -> AsyncIterator[DeskDoor]:
    """Lend the alarm desk on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-alarms"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        one, clock = OneConnection(conn), SystemClock()
        db = Db(one)
        yield DeskDoor(
            db=db,
            desk=PostgresDesk(one, LiveEscalations(PostgresCatalogueStore(one), clock)),
            now=await town_now(db, clock.now()),
            zone=ZoneInfo(settings.api.time_zone),
            kinds=kinds_of(settings),
        )
