"""Composition of what ``cityops housing`` needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import Db, OneConnection
from ops_api.queries.town import town_now
from rules.catalogue.law_files import load_law
from rules.core.legal_clock import Law, WorkingDays


@dataclass(frozen=True, slots=True)
class HousingDoor:
    """Homes for a housing officer at a terminal: rows, law, the wall's time and the town's."""

    db: Db
    law: Law
    days: WorkingDays
    now: datetime
    town: datetime


@asynccontextmanager
async def housing_of(settings: Settings) -> AsyncIterator[HousingDoor]:
    """Lend what the commands need, on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database, or with a law that can't be read.
        TransientError: it does not answer.
    """
    law, days = load_law()
    name = "cityops-housing"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        db, now = Db(OneConnection(conn)), SystemClock().now()
        yield HousingDoor(db, law, days, now, await town_now(db, now))
