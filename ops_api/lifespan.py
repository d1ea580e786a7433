"""What runs for as long as the application does: the publishers of its streams, and the hub of live state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from cityops.clock import Clock
from ops_api.queries import Db
from ops_api.routers.context import Context
from ops_api.stream import Hints, Hub


def hub_of(db: Db, clock: Clock, hints: Hints | None, *, poll_s: float, pace_s: float) -> Hub:
    """Return the hub of live state, which looks for changes by these versions; see :func:`ops_api.app.create_app`."""

    async def state_version() -> object:
        return await db.one("version")

    async def alarms_version() -> object:
        return await db.one("alarm_log_version")

    async def notifications_version() -> object:
        return await db.one("notify_version", now=clock.now())

    async def incidents_version() -> object:
        return await db.one("incidents_version")

    versions = {
        "alarms": alarms_version,
        "notifications": notifications_version,
        "incidents": incidents_version,
    }
    return Hub(state_version, hints, versions=versions, poll_s=poll_s, pace_s=pace_s)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Publish until the application ends."""
    context: Context = app.state.context
    publishers = [
        asyncio.create_task(context.hub.run(), name="sse-hub"),
        asyncio.create_task(context.feed.run(), name="sse-alarms"),
        *([asyncio.create_task(context.readings.run(), name="sse-readings")] if context.readings else ()),
    ]
    try:
        yield
    finally:
        context.hub.close()
        context.feed.close()
        if context.readings is not None:
            context.readings.close()
        context.missing.close()
        context.database.close()
        context.wall.close()
        for publisher in publishers:
            publisher.cancel()
        for publisher in publishers:
            with suppress(asyncio.CancelledError):
                await publisher
