"""Composition of what works on the catalogues and overrides that are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.store import PostgresCatalogueStore


@asynccontextmanager
async def catalogues_of(settings: Settings) -> AsyncIterator[CatalogueStore]:
    """Lend the catalogues of the settings' database, or of the embedded one that runs.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-catalogue") as conn:
        yield PostgresCatalogueStore(OneConnection(conn))
