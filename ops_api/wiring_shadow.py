"""Builds what runs a shadow beside the rules, and what commands need of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from cityops.clock import SystemClock
from cityops.db.pool import connect, open_pool
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import Db, OneConnection
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.store import PostgresCatalogueStore
from rules.shadow.choice import PostgresShadowChoice
from rules.shadow.metrics import ShadowMetrics
from rules.shadow.ports import ShadowChoice
from rules.shadow.service import ShadowService
from rules.shadow.tables import PostgresShadowTables


@dataclass(frozen=True, slots=True)
class ShadowParts:
    """What commands need: which catalogue is in shadow, the stored ones, and queries."""

    choice: ShadowChoice
    catalogues: CatalogueStore
    db: Db


def beside_the_rules(
    settings: Settings, registry: CollectorRegistry, hint: Callable[[], None]
) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Return what runs the shadow until it is stopped, on one connection of its own; ``hint`` is the rules'."""

    async def run(stop: asyncio.Event) -> None:
        # Opened without waiting: a database that is away is the shadow's retry, not the rules' end.
        alone = settings.db.model_copy(update={"pool_min": 0, "pool_max": 1})
        pool = await open_pool(alone, application_name="cityops-shadow")
        try:
            service = ShadowService(
                PostgresShadowChoice(pool),
                PostgresShadowTables(pool),
                PostgresCatalogueStore(pool),
                SystemClock(),
                lateness_s=settings.rules.lateness_s,
                metrics=ShadowMetrics(registry),
                hint=hint,
                forecasts_expected=settings.rules.road_forecast,
            )
            await service.run(stop)
        finally:
            await pool.close()

    return run


@asynccontextmanager
async def shadow_of(settings: Settings) -> AsyncIterator[ShadowParts]:
    """Lend the shadow of the settings' database, or of the embedded one that runs.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    async with await connect(database(settings), application_name="cityops-shadow") as conn:
        lender = OneConnection(conn)
        yield ShadowParts(PostgresShadowChoice(lender), PostgresCatalogueStore(lender), Db(lender))
