"""Builds what the commands about road networks need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cityops.db.pool import connect
from cityops.settings import Settings
from ingest.networks.ports import RoadNetworks
from ingest.networks.store import PgRoadNetworks
from ops_api.wiring import needs_dsn


@asynccontextmanager
async def road_networks(settings: Settings) -> AsyncIterator[RoadNetworks]:
    """Yield the road networks of this installation's database.

    Raises:
        ConfigurationError: no database is set.
    """
    async with await connect(needs_dsn(settings), application_name="cityops network") as conn:
        yield PgRoadNetworks(conn)
