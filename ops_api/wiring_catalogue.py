"""Composition of what works on the catalogues and overrides that are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cityops.db.pool import connect
from cityops.db.queries import load_queries
from cityops.settings import Settings
from devices.registry import parse
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from ops_api.rules_replay import Town
from ops_api.wiring import kinds_of
from rules.catalogue.loader import load
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.rulebook import readable
from rules.catalogue.store import PostgresCatalogueStore
from rules.replay.reader import PostgresReadings


@asynccontextmanager
async def catalogues_of(settings: Settings) -> AsyncIterator[CatalogueStore]:
    """Lend the catalogues of the settings' database, or of the embedded one that runs.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-catalogue") as conn:
        yield PostgresCatalogueStore(OneConnection(conn))


async def town_of(settings: Settings) -> Town:
    """Return what a replay needs of the database beside readings.

    Raises:
        ConfigurationError: without a database, or where its live catalogue can't be read.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-replay") as conn:
        store = PostgresCatalogueStore(OneConnection(conn))
        live, overrides = await store.live(), await store.overrides()
        row = await (await conn.execute(load_queries("rules")["registry"])).fetchone()
    assert row is not None
    return Town(
        parse(row[0].encode()),
        load() if live is None else readable(live),
        tuple(o.override for o in overrides if o.is_taken),
        settings.rules.road_forecast,
    )


def readings_of(settings: Settings) -> PostgresReadings:
    """Return the stored readings of the settings' database.

    Raises:
        ConfigurationError: without a database.
    """
    return PostgresReadings(database(settings), tuple(kinds_of(settings)))
