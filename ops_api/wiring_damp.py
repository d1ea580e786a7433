"""Composition of the damp analyst: beside the rules, and for the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import Db, OneConnection
from ops_api.queries.town import town_now
from rules.catalogue.loader import load
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.rulebook import readable
from rules.catalogue.store import PostgresCatalogueStore
from rules.core.analyst.rules import DampRules
from rules.core.overrides import prepare
from rules.damp.metrics import DampMetrics
from rules.damp.ports import DampStore, Surroundings
from rules.damp.service import DampAnalyst
from rules.damp.store import PostgresDamp


def damp_analyst(
    pool: AsyncConnectionPool[Any], catalogues: CatalogueStore, metrics: DampMetrics
) -> DampAnalyst:
    """Return the analyst on a pool of connections."""
    return DampAnalyst(PostgresDamp(pool), surroundings_of(catalogues), SystemClock(), metrics=metrics)


def surroundings_of(catalogues: CatalogueStore) -> Surroundings:
    """Return what reads the live catalogue with its overrides; before the rules first ran, the shipped one."""

    async def surroundings() -> DampRules:
        live, overrides = await catalogues.live(), await catalogues.overrides()
        catalogue = load() if live is None else readable(live)
        taken = [o.override for o in overrides if o.is_taken]
        zone = ZoneInfo(catalogue.gritting.parameters.time_zone)
        return DampRules(catalogue, zone, prepare(catalogue, taken))

    return surroundings


@dataclass(frozen=True, slots=True)
class DampDoor:
    """Damp for a command: rows, the analyst's store and rules, the analyst, the town's time."""

    db: Db
    store: DampStore
    rules: DampRules
    analyst: DampAnalyst
    now: datetime


@asynccontextmanager
async def damp_of(settings: Settings) -> AsyncIterator[DampDoor]:
    """Lend what commands need, on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database, or where its live catalogue can't be read.
        TransientError: it does not answer.
    """
    name = "cityops-damp"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        one, clock = OneConnection(conn), SystemClock()
        db, store = Db(one), PostgresDamp(one)
        surroundings = surroundings_of(PostgresCatalogueStore(one))
        yield DampDoor(
            db=db,
            store=store,
            rules=await surroundings(),
            analyst=DampAnalyst(store, surroundings, clock, share=1.0),
            now=await town_now(db, clock.now()),
        )
