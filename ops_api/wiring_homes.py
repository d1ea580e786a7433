"""Composition of what ``cityops homes`` needs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.backup.again import gone_book
from ops_api.cli_db import database
from ops_api.households.people import People
from ops_api.queries import Db, OneConnection


@asynccontextmanager
async def homes_of(settings: Settings) -> AsyncIterator[tuple[Db, People]]:
    """Lend rows and people of homes on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-homes", autocommit=False) as conn:
        db = Db(OneConnection(conn))
        yield db, People(db, gone_book(settings))
